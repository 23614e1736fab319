"""Who answers for an identity: what is told as shadow, unowned or orphaned, and what is just not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundDependent,
    FoundGrant,
    FoundPerson,
    Guard,
    Knowledge,
    Record,
    Subject,
)
from nhi_components.core.links import System
from nhi_components.lifecycle.verdicts import answering, duties, likeness
from nhi_components.lifecycle.verdicts.estate import Estate
from nhi_components.lifecycle.verdicts.settings import STANDARD
from tests.unit.verdicts.conftest import Find
from tests.unit.verdicts.planting import arn, before, declared, owned, role


def shadow(estate: Estate) -> Any:
    return answering.shadow(estate, STANDARD)


def orphaned(estate: Estate) -> Any:
    return answering.orphaned(estate, STANDARD)


def test_what_no_lease_and_no_declaration_answers_for_is_a_shadow(find: Find) -> None:
    told = find(
        shadow,
        [
            role("shadow"),
            role("leased", marks={"nhi:lease": "orders.prod.abc", "nhi:managed-by": "nhi_components"}),
            role("declared"),
            declared("declared"),
            role("another", unique_id="AROANEW"),
            declared("another", unique_id="AROAOLD"),
            role("of-a-service", guard=Guard.SERVICE_LINKED),
        ],
    )
    assert set(told) == {"shadow", "another"}
    assert told["shadow"] == [
        ("", "bears no lease, and none of the 1 stacks and states that were read has made it", STANDARD.weights.shadow)
    ]


def test_a_shadow_is_told_as_such_where_no_stack_was_read(find: Find) -> None:
    told = find(shadow, [role("x")])
    assert told == {"x": [("", "bears no lease, and no stack or state was read", STANDARD.weights.shadow)]}


@pytest.mark.parametrize(
    ("system", "key", "called"),
    [
        (System.VAULT, "c0ffee/team-a/auth/approle/role/orders", "auth/approle/role/orders"),
        (System.KUBERNETES, "uid-1: kubernetes:shop/orders", "kubernetes:shop/orders"),
        (System.AZURE, "/subscriptions/1/resourcegroups/shop/orders", "/subscriptions/1/resourceGroups/Shop/orders"),
        (
            System.GCP,
            "serviceAccount:orders@shop.iam.gserviceaccount.com",
            "serviceAccount:orders@shop.iam.gserviceaccount.com",
        ),
    ],
)
def test_a_declaration_calls_an_identity_as_its_state_can(find: Find, system: System, key: str, called: str) -> None:
    identity = replace(role("x", system=system), key=key)
    declaration = replace(declared("x", system=system), identity=called)
    assert find(shadow, [identity, declaration]) == {}


def test_a_declaration_of_another_place_answers_for_nothing(find: Find) -> None:
    identity = replace(role("x", system=System.VAULT), key="c0ffee/auth/approle/role/orders")
    declaration = replace(declared("x", system=System.VAULT), identity="auth/approle/role/ders")
    assert set(find(shadow, [identity, declaration])) == {"orders"}


def test_what_nobody_is_said_to_own_is_unowned(find: Find) -> None:
    told = find(
        lambda estate: answering.unowned(estate, STANDARD),
        [role("nobodys"), role("payments"), owned("payments"), Knowledge(arn("nobodys"), Subject.PURPOSE, "x", "mark")],
    )
    assert list(told) == ["nobodys"]


def test_an_owner_who_left_or_whom_nobody_knows_leaves_an_orphan(find: Find) -> None:
    told = find(
        orphaned,
        [
            FoundPerson("1", ("ann@example.com", "ann"), active=True),
            FoundPerson("2", ("bob@example.com",), active=False, since=before(10)),
            *(role(name) for name in ("kept", "left", "unknown", "shared", "unowned")),
            owned("kept", "Ann@example.com"),
            owned("left", "bob@example.com"),
            owned("unknown", "eve@example.com"),
            owned("shared", "bob@example.com"),
            owned("shared", "ann"),
        ],
    )
    weights = STANDARD.weights
    assert told == {
        "left": [("owner-left", "bob@example.com has left on 2026-11-20", weights.owner_left)],
        "unknown": [("owner-unknown", "eve@example.com is in no directory that was read", weights.owner_unknown)],
    }


def test_owners_are_looked_up_as_directories_may_call_them(find: Find) -> None:
    told = find(
        orphaned,
        [
            FoundPerson("1", ("ann@example.com",), active=True),
            FoundPerson("2", ("payments",), active=False),
            *(role(name) for name in ("by-mail", "by-team")),
            owned("by-mail", "Ann Lee <ann@example.com>"),
            owned("by-team", "@shop/payments"),
        ],
    )
    assert told == {"by-team": [("owner-left", "@shop/payments has left", STANDARD.weights.owner_left)]}


def test_whom_a_directory_tells_of_no_longer_has_left(find: Find) -> None:
    scan = [role("x"), owned("x", "bob@example.com"), FoundPerson("1", ("ann@example.com",), active=True)]
    told = find(orphaned, [*scan, FoundPerson("2", ("bob@example.com",), active=True)], scan)
    assert told == {"x": [("owner-left", "bob@example.com has left on 2026-11-29", STANDARD.weights.owner_left)]}


def test_without_a_directory_no_owner_is_said_to_be_gone(find: Find) -> None:
    assert find(orphaned, [role("x"), owned("x", "eve@example.com")]) == {}


def test_what_its_stack_no_longer_declares_is_an_orphan(find: Find) -> None:
    here, moved = role("x"), role("moved")
    told = find(
        orphaned,
        [here, declared("x"), moved, declared("moved"), role("never")],
        [here, moved, declared("moved", address="urn:elsewhere"), role("never")],
    )
    assert told == {
        "x": [
            ("stack-gone", "stack shop/orders/prod has not declared it since 2026-11-29", STANDARD.weights.stack_gone)
        ]
    }


def test_whose_last_dependent_is_gone_is_an_orphan(find: Find) -> None:
    both = [role("x"), role("kept"), FoundDependent(arn("kept"), "function", "a"), role("none")]
    told = find(
        orphaned,
        [*both, FoundDependent(arn("x"), "function", "orders"), FoundDependent(arn("kept"), "function", "b")],
        both,
    )
    assert told == {
        "x": [
            (
                "dependents-gone",
                "the last that depended on it is gone since 2026-11-29",
                STANDARD.weights.dependents_gone,
            )
        ]
    }


def test_one_made_anew_has_lost_no_dependents_of_its_predecessor(find: Find) -> None:
    new = role("x", unique_id="AROANEW", created_at=before(0.1))
    assert find(orphaned, [role("x"), FoundDependent(arn("x"), "function", "orders")], [new]) == {}


def test_one_made_anew_before_its_predecessor_was_missed_has_lost_no_dependents_either(find: Find) -> None:
    new = role("x", unique_id="AROANEW", created_at=before(1.5))
    assert find(orphaned, [role("x"), FoundDependent(arn("x"), "function", "orders")], [new]) == {}


def account(namespace: str, name: str) -> list[Record]:
    """A service account, which is in a group as all of its namespace are."""
    key = f"c1: kubernetes:{namespace}/{name}"
    facts: dict[str, Any] = {"system": System.KUBERNETES, "place": "c1", "kind": "kubernetes-service-account"}
    known = replace(role(name, unique_id=f"uid of {namespace}/{name}"), key=key, **facts)
    return [known, FoundCarrier(key, f"c1: kubernetes group:system:serviceaccounts:{namespace}", "kubernetes-group")]


def bound(namespace: str, name: str, role_name: str) -> list[Record]:
    """A service account with a binding of its own."""
    binding = f"c1: kubernetes rolebinding:{namespace}/{name}"
    role_key = f"c1: kubernetes clusterrole:{role_name}"
    return [
        *account(namespace, name),
        FoundCarrier(f"c1: kubernetes:{namespace}/{name}", binding, "kubernetes-role-binding"),
        FoundCarrier(binding, role_key, "kubernetes-cluster-role"),
        FoundGrant(role_key, "get", "configmaps"),
    ]


def test_accounts_do_the_same_by_bindings_of_their_own_and_not_for_being_in_one_namespace(find: Find) -> None:
    told = find(
        lambda estate: likeness.duplicate(estate, STANDARD),
        [
            *bound("shop", "one", "reads"),
            *bound("shop", "two", "reads"),
            *bound("other", "elsewhere", "reads"),
            *account("shop", "bare-1"),
            *account("shop", "bare-2"),
        ],
    )
    assert set(told) == {"one", "two"}


def test_what_is_denied_or_not_let_through_is_no_duty(find: Find) -> None:
    cap = "arn:aws:iam::111122223333:policy/cap"

    def both(name: str, *more: Record) -> list[Record]:
        held = [FoundGrant(arn(name), each, "*") for each in ("iam:CreateUser", "cloudtrail:StopLogging")]
        return [role(name), *held, *more]

    def denied(name: str, privilege: str, target: str = "*", condition: str = "") -> FoundGrant:
        return FoundGrant(arn(name), privilege, target, denied=True, condition=condition)

    told = find(
        lambda estate: duties.mixed_duties(estate, STANDARD),
        [
            *both("denied", denied("denied", "cloudtrail:*")),
            *both("denied-all", denied("denied-all", "*")),
            *both("denied-rest", denied("denied-rest", "all but iam:* s3:*")),
            *both("denied-others", denied("denied-others", "all but iam:* cloudtrail:*")),
            *both("denied-one", denied("denied-one", "cloudtrail:StopLogging", "arn:aws:cloudtrail:::trail/a")),
            *both("denied-at-times", denied("denied-at-times", "cloudtrail:*", condition="{}")),
            *both("capped", FoundCarrier(arn("capped"), cap, "permissions-boundary")),
            FoundGrant(cap, "iam:*", "*"),
            *both("capped-wide", FoundCarrier(arn("capped-wide"), f"{cap}-wide", "permissions-boundary")),
            FoundGrant(f"{cap}-wide", "*", "*"),
        ],
    )
    assert set(told) == {"denied-others", "denied-one", "denied-at-times", "capped-wide"}
