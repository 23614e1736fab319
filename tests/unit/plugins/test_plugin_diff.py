"""What of a resource's inputs counts as changed, and what makes a new resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from nhi_components.provider.known import UNKNOWN
from tools.doubles.gcp.double import PROJECT
from tools.plugins.diffing import changed_inputs
from tools.plugins.sdk_types import resource_type

SECRET = "gcp:secretmanager/secret:Secret"
SERVICE = "gcp:cloudrunv2/service:Service"
ACCOUNT = "gcp:serviceaccount/account:Account"
TOPIC = "gcp:pubsub/topic:Topic"
MEMBER = "gcp:projects/iAMMember:IAMMember"
REPLICATION = {"replication": {"auto": {}}}
UNTIL = 'request.time < timestamp("2030-01-01T00:00:00Z")'
FILLED_IN = {"template.containers.ports", "template.serviceAccount", "expireTime"}


@pytest.mark.parametrize(
    ("token", "olds", "news", "changed"),
    [
        (SECRET, REPLICATION, REPLICATION, []),
        (SECRET, {**REPLICATION, "labels": {}}, REPLICATION, []),
        (SECRET, {**REPLICATION, "labels": {"a": "b"}}, REPLICATION, ["labels"]),
        (SECRET, {**REPLICATION, "labels": {"a": "b", "c": "d"}}, {**REPLICATION, "labels": {"a": "b"}}, ["labels"]),
        (SECRET, REPLICATION, {"replication": UNKNOWN}, ["replication"]),
        (SECRET, {**REPLICATION, "expireTime": "2030"}, REPLICATION, []),
        (SECRET, {**REPLICATION, "expireTime": "2030"}, {**REPLICATION, "expireTime": "2031"}, ["expireTime"]),
        (SECRET, REPLICATION, {**REPLICATION, "deletionProtection": False}, []),
        (
            SERVICE,
            {"template": {"containers": [{"image": "a", "ports": {"containerPort": 80}}], "serviceAccount": "x"}},
            {"template": {"containers": [{"image": "a"}]}},
            [],
        ),
        (
            SERVICE,
            {"template": {"containers": [{"image": "a", "args": ["x"]}]}},
            {"template": {"containers": [{"image": "a"}]}},
            ["template"],
        ),
        (
            SERVICE,
            {"template": {"containers": [{"image": "a"}]}},
            {"template": {"containers": [{"image": "a"}, {"image": "b"}]}},
            ["template"],
        ),
    ],
)
def test_what_the_service_fills_in_is_no_change_and_what_is_taken_away_is(
    token: str, olds: Mapping[str, Any], news: Mapping[str, Any], changed: list[str]
) -> None:
    assert changed_inputs(resource_type(token).inputs, olds, news, FILLED_IN) == changed


def test_a_new_condition_makes_a_new_member_before_the_old_one_goes(plugin: Any) -> None:
    bound = {"project": PROJECT, "role": "roles/logging.logWriter", "member": f"serviceAccount:{_operator()}"}
    kept = plugin.create(MEMBER, {**bound, "condition": {"title": "a", "expression": UNTIL}})
    told = plugin.diff(kept, {**bound, "condition": {"title": "b", "expression": UNTIL}})
    assert told.replaces == ["condition"]
    assert not told.delete_before_replace


def test_a_member_in_other_letters_is_the_same(plugin: Any) -> None:
    bound = {"project": PROJECT, "role": "roles/logging.logWriter", "member": f"serviceAccount:{_operator()}"}
    kept = plugin.create(MEMBER, bound)
    assert not plugin.diff(kept, {**bound, "member": f"serviceAccount:{_operator().upper()}"}).changes


def test_what_would_bear_the_same_name_goes_first(plugin: Any) -> None:
    kept = plugin.create(TOPIC, {"name": "orders"})
    told = plugin.diff(kept, {"name": "orders", "project": "another-one"})
    assert told.replaces == ["project"]
    assert told.delete_before_replace


def test_what_was_named_by_the_plugin_keeps_its_name_and_is_renamed_when_replaced(plugin: Any) -> None:
    kept = plugin.create(TOPIC, {})
    assert kept.outputs["name"].startswith("thing-")
    assert not plugin.diff(kept, {}).changes
    told = plugin.diff(kept, {"project": "another-one"})
    assert told.replaces == ["project"]
    assert not told.delete_before_replace


def test_the_id_of_an_account_makes_a_new_one_and_its_description_does_not(plugin: Any) -> None:
    kept = plugin.create(ACCOUNT, {"accountId": "printer-test"})
    assert plugin.diff(kept, {"accountId": "printer-next"}).replaces == ["accountId"]
    told = plugin.diff(kept, {"accountId": "printer-test", "description": "prints"})
    assert (told.diffs, told.replaces) == (["description"], [])


def _operator() -> str:
    return f"operator@{PROJECT}.iam.gserviceaccount.com"
