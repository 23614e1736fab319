"""Who is meant by a principal in somebody else's policy, and in which other ways a statement singles a role out."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.lifecycle.adapters.aws.delegations.principals import Principals, Standing
from nhi_components.lifecycle.adapters.aws.delegations.statements import paths_in
from nhi_components.lifecycle.ports import Ownership

ACCOUNT, ROLE, UNIQUE_ID = "111111111111", "orders-dev-abc234", "AROAORDERS"
LEASE = "lease-abc234abc234abcd"
OURS = f"arn:aws:iam::{ACCOUNT}:role/nhi/{ROLE}"
QUEUE = "arn:aws:sqs:eu-central-1:111111111111:orders"
KNOWN = frozenset({UNIQUE_ID})


def known(by_name: Ownership | None = Ownership.OURS, *, beyond: bool = False) -> Principals:
    return Principals(LEASE, ACCOUNT, {ROLE: Standing(KNOWN, by_name, UNIQUE_ID)}, beyond)


def named(principals: Principals, entry: Any, sid: str = "ByHand", **elements: Any) -> list[tuple[str | None, str]]:
    statement = {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": entry}, "Action": "sqs:*", **elements}
    found = paths_in(principals, QUEUE, {"Statement": [statement]}, "default")
    return [(sighting.link.unique_id, str(sighting.ownership)) for sighting in found]


@pytest.mark.parametrize(
    "entry",
    [
        OURS,
        [OURS],
        f"arn:aws:iam::{ACCOUNT}:role/{ROLE}",
        f"arn:aws:iam::{ACCOUNT}:role/another/path/{ROLE}",
        f"arn:aws-cn:iam::{ACCOUNT}:role/nhi/{ROLE}",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/workload",
        UNIQUE_ID,
        ["AROAOTHER", OURS, "*"],
    ],
)
def test_the_role_is_known_in_every_form(entry: Any) -> None:
    assert named(known(), entry) == [(UNIQUE_ID, "ours")]


@pytest.mark.parametrize(
    "entry",
    [
        "*",
        ACCOUNT,
        f"arn:aws:iam::{ACCOUNT}:root",
        f"arn:aws:iam::222222222222:role/nhi/{ROLE}",
        f"arn:aws:iam::{ACCOUNT}:role/nhi/x{ROLE}",
        f"arn:aws:iam::{ACCOUNT}:user/{ROLE}",
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}",
        "AROAOTHER",
        [],
    ],
)
def test_others_are_not_taken_for_it(entry: Any) -> None:
    assert named(known(), entry) == []


class TestNamesake:
    def test_the_arn_is_a_later_role_s_and_the_unique_id_is_ours(self) -> None:
        later = known(Ownership.NAMESAKE)
        assert named(later, OURS) == [(UNIQUE_ID, "namesake")]
        assert named(later, UNIQUE_ID) == [(UNIQUE_ID, "ours")]
        assert named(later, [OURS, UNIQUE_ID]) == [(UNIQUE_ID, "ours")]

    def test_another_lease_s_role_is_not_even_told(self) -> None:
        assert named(known(None), OURS) == []


class TestFromTheLeaseIdAlone:
    def test_a_sid_that_bears_the_lease_makes_an_unknown_unique_id_ours(self) -> None:
        alone = Principals(LEASE, ACCOUNT, {}, beyond=True)
        assert named(alone, "AROAGONE", "Nhiabc234abc234abcd7") == [("AROAGONE", "ours")]
        assert named(alone, "AROAGONE", "Nhizzz234abc234abcd7") == []
        assert named(alone, "AROAGONE", "Nhiabc234abc234abcd") == []
        assert named(alone, ["AROAGONE", "AROAOTHER"], "Nhiabc234abc234abcd7") == []

    def test_a_sid_alone_proves_nothing(self) -> None:
        alone = Principals(LEASE, ACCOUNT, {}, beyond=True)
        for entry in ("*", "AIDAUSER", f"arn:aws:iam::{ACCOUNT}:role/nhi/orders-dev-zzzzzz"):
            assert named(alone, entry, "Nhiabc234abc234abcd0") == []

    def test_a_vanished_role_of_our_folder_is_known_by_the_suffix(self) -> None:
        alone = Principals(LEASE, ACCOUNT, {}, beyond=True)
        assert named(alone, OURS) == [(None, "ours")]
        assert named(alone, OURS.replace("/nhi/", "/")) == []
        assert named(Principals(LEASE, ACCOUNT, {}), OURS) == []


class TestMentions:
    @pytest.mark.parametrize(
        "condition",
        [
            {"ArnEquals": {"aws:PrincipalArn": OURS}},
            {"StringLike": {"AWS:principalarn": [f"arn:aws:iam::{ACCOUNT}:role/nhi/orders-*", "x"]}},
            {"StringNotEquals": {"aws:PrincipalArn": OURS}},
            {"StringLike": {"aws:userid": f"{UNIQUE_ID}:*"}},
        ],
    )
    def test_a_condition_that_singles_it_out_is_told_as_somebody_else_s(self, condition: dict[str, Any]) -> None:
        assert named(known(), "*", Condition=condition) == [(UNIQUE_ID, "namesake")]

    @pytest.mark.parametrize(
        "condition",
        [
            {"ArnLike": {"aws:PrincipalArn": "*"}},
            {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/nhi/*"}},
            {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/billing-*"}},
            {"StringEquals": {"aws:SourceArn": OURS}},
            {"StringLike": {"aws:userid": "AROAOTHER:*"}},
        ],
    )
    def test_one_that_fits_every_role_or_none_of_ours_is_not(self, condition: dict[str, Any]) -> None:
        assert named(known(), "*", Condition=condition) == []

    def test_an_exception_is_told(self) -> None:
        statement = {"Effect": "Deny", "NotPrincipal": {"AWS": [OURS, "x"]}, "Action": "*"}
        (sighting,) = paths_in(known(), QUEUE, {"Statement": statement}, "default")
        assert sighting.ownership is Ownership.NAMESAKE
        assert "NotPrincipal" in sighting.detail
