"""Grants on Google Cloud: their problems, the roles they need, and where these have to be bound."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from nhi_components.core.gcp_catalogue import all_permissions, matching, predefined_roles
from nhi_components.core.gcp_grant import (
    MOST_OPERATORS,
    RoleNeeded,
    bindings_needed,
    gcp_grant_problems,
    later_target_problems,
    permissions_in,
)
from nhi_components.core.gcp_resource import LaterTarget, ResourceKind, Target
from nhi_components.core.grant import Grant
from nhi_components.core.rule_exception import RuleException

TOPIC = "projects/shop-dev/topics/orders"
BUCKET = "projects/_/buckets/shop-in"
EXCEPTION = RuleException(
    rule="gcp.permission-wildcard",
    resource="orders",
    reason="all that a topic has",
    approver="ada",
    ends=date(2026, 12, 31),
)


def grant(*actions: str, on: Any = TOPIC, **more: Any) -> Grant:
    return Grant(actions=actions, targets=on if isinstance(on, list) else [on], **more)


def paths(*grants: Grant) -> list[str]:
    return [problem.path for problem in gcp_grant_problems(grants)]


def test_every_documented_permission_and_role_of_one_service_is_taken() -> None:
    assert (
        paths(*(grant(name, on="projects/shop-dev") for name in sorted(all_permissions())[:: len("every tenth")])) == []
    )
    refused = {role for role in predefined_roles() if paths(grant(role, on="projects/shop-dev"))}
    assert refused == {"roles/browser", "roles/editor", "roles/owner", "roles/viewer"}


@pytest.mark.parametrize(
    "action",
    [
        *("publish", "pubsub.publish", "pubsub.topics.publsh", "Pubsub.topics.publish", "pubsub:topics.publish"),
        *("roles/owner", "roles/Owner", "roles/admin", "roles/publisher", "roles/pubsub.publishers", "roles/*"),
        *("projects/shop-dev/roles/own", "organizations/1/roles/own", "*", "pubsub.*", "pubsub.topics.publis?"),
    ],
)
def test_what_is_no_permission_and_no_predefined_role_is_refused(action: str) -> None:
    assert paths(grant(action)) == ["grants[0].actions[0]"]


@pytest.mark.parametrize("action", ["roles/owner", "roles/pubsub.publishers", "projects/p/roles/own", "*", "p*.x.y"])
def test_an_exception_permits_no_role_and_no_wildcard_beyond_a_service(action: str) -> None:
    assert paths(grant(action, exception=EXCEPTION)) == ["grants[0].actions[0]"]


def test_an_exception_permits_a_wildcard_and_what_is_newer_than_the_data() -> None:
    assert paths(grant("pubsub.topics.*", "pubsub.topics.whatIsNew", exception=EXCEPTION)) == []
    permitted = permissions_in(grant("pubsub.topics.*", "pubsub.topics.publish", exception=EXCEPTION))
    assert permitted == tuple(sorted(matching("pubsub.topics.*")))
    assert "pubsub.topics.publish" in permitted


@pytest.mark.parametrize(
    ("action", "target", "expected"),
    [
        ("storage.objects.get", TOPIC, ["grants[0].targets[0]"]),
        ("pubsub.topics.publish", BUCKET, ["grants[0].targets[0]"]),
        ("storage.objects.get", "projects/shop-dev", []),
        ("roles/storage.objectViewer", TOPIC, []),
        ("bigquery.tables.getData", "projects/shop-dev/datasets/orders", []),
    ],
)
def test_permissions_are_those_of_their_targets(action: str, target: str, expected: list[str]) -> None:
    assert paths(grant(action, on=target)) == expected


@pytest.mark.parametrize(
    "target",
    ["orders", "//pubsub.googleapis.com/projects/shop-dev/topics/orders", "projects/shop-dev/topics/*", object()],
)
def test_what_is_no_target_is_refused(target: Any) -> None:
    assert paths(grant("pubsub.topics.publish", on=target)) == ["grants[0].targets[0]"]


def test_conditions_of_aws_are_refused() -> None:
    assert paths(grant("pubsub.topics.publish", conditions={"Bool": {"aws:x": ["true"]}})) == ["grants[0].conditions"]


def test_a_role_stands_alone() -> None:
    assert paths(grant("roles/pubsub.publisher", "pubsub.topics.get")) == ["grants[0].actions"]


@pytest.mark.parametrize(
    ("kind", "name", "project", "wrong"),
    [
        (ResourceKind.TOPIC, TOPIC, None, False),
        (ResourceKind.TOPIC, TOPIC, "shop-dev", False),
        (ResourceKind.TOPIC, TOPIC, "shop-media", True),
        (ResourceKind.SUBSCRIPTION, TOPIC, None, True),
        (ResourceKind.TOPIC, "orders", None, True),
        (ResourceKind.BUCKET, f"{BUCKET}/objects/a/*", "shop-media", False),
    ],
)
def test_a_target_that_becomes_known_is_what_it_was_said_to_be(
    kind: ResourceKind, name: str, project: str | None, wrong: bool
) -> None:
    later = LaterTarget(kind, name, project)
    assert bool(later_target_problems("grants[0].targets[0]", later, name)) is wrong
    action = "roles/storage.objectViewer"
    assert bool(gcp_grant_problems([grant(action, on=later)])) is wrong


def needed(*grants: Grant) -> list[tuple[RoleNeeded, Any, tuple[str, ...]]]:
    return [(each.role, each.target, each.prefixes) for each in bindings_needed(grants, "shop-dev")]


def test_a_role_is_made_for_each_project_and_set_of_permissions() -> None:
    elsewhere = "projects/shop-media/topics/orders"
    found = needed(grant("pubsub.topics.publish", "pubsub.topics.get", on=[TOPIC, elsewhere, BUCKET]))
    permissions = ("pubsub.topics.get", "pubsub.topics.publish")
    assert [role for role, _, _ in found] == [
        RoleNeeded(project="shop-dev", permissions=permissions),
        RoleNeeded(project="shop-media", permissions=permissions),
        RoleNeeded(project="shop-dev", permissions=permissions),
    ]


def test_the_same_role_on_the_same_resource_is_bound_once() -> None:
    one, other = grant("pubsub.topics.publish"), grant("pubsub.topics.publish")
    assert len(needed(one, other)) == 1
    assert len(needed(one, grant("pubsub.topics.get"))) == 2
    assert len(needed(grant("roles/pubsub.publisher"), grant("roles/pubsub.publisher"), one)) == 2


def test_prefixes_of_a_bucket_come_together_and_the_whole_bucket_holds_them_all() -> None:
    read = "storage.objects.get"
    ((_, target, prefixes),) = needed(grant(read, on=[f"{BUCKET}/objects/b*", f"{BUCKET}/objects/a*"]))
    assert isinstance(target, Target)
    assert (target.resource, prefixes) == (BUCKET, ("a", "b"))
    for whole_first in (True, False):
        targets = [BUCKET, f"{BUCKET}/objects/a*"]
        ((_, _, prefixes),) = needed(grant(read, on=targets if whole_first else targets[::-1]))
        assert prefixes == ()
    many = [f"{BUCKET}/objects/{i}/*" for i in range(MOST_OPERATORS + 1)]
    assert paths(grant(read, on=many[:-1])) == []
    assert paths(grant(read, on=many)) == ["grants[0].targets[0]"]


def test_what_is_not_known_is_bound_apart_and_told_apart() -> None:
    one, other = (LaterTarget(ResourceKind.TOPIC, object()) for _ in range(2))
    assert len(needed(grant("pubsub.topics.publish", on=[one, other, TOPIC]))) == 3
    assert paths(grant("pubsub.topics.publish", on=[one, other])) == ["grants[0].targets[1]"]
    assert paths(grant("pubsub.topics.publish", on=one), grant("pubsub.topics.get", on=other)) == []
    named = LaterTarget(ResourceKind.TOPIC, object(), label="orders")
    assert paths(grant("pubsub.topics.publish", on=[one, named])) == []


def test_a_name_that_is_known_although_its_kind_was_given_is_read() -> None:
    ((role, target, _),) = needed(
        grant("storage.objects.get", on=LaterTarget(ResourceKind.BUCKET, BUCKET, "shop-media"))
    )
    assert role.project == "shop-media"
    assert target == Target(ResourceKind.BUCKET, BUCKET, "shop-media")
