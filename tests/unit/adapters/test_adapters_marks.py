"""What a cut-off writes on a role can be recognised again, and nothing else is taken for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhi_components.lifecycle.adapters.aws import marks

TIMES = st.datetimes(timezones=st.just(UTC), allow_imaginary=False).filter(lambda time: time.year >= 1000)
AT = datetime(2026, 3, 4, 5, 6, 7, 890, tzinfo=UTC)
WRITERS = [marks.deny_everything, marks.trust_nobody]


def statement(document: str) -> dict[str, Any]:
    (only,) = json.loads(document)["Statement"]
    found: dict[str, Any] = only
    return found


@given(at=TIMES)
@pytest.mark.parametrize("writer", WRITERS)
def test_the_time_is_read_back_to_the_second(writer: Any, at: datetime) -> None:
    assert marks.marked_at(json.loads(writer(at)), writer) == at.replace(microsecond=0)


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize(
    "change", [{"Effect": "Allow"}, {"Sid": "Mine"}, {"Action": "s3:*"}, {"Condition": {"Bool": {"a:b": "true"}}}]
)
def test_a_changed_mark_is_none(writer: Any, change: dict[str, Any]) -> None:
    document = json.loads(writer(AT))
    document["Statement"][0] |= change
    assert marks.marked_at(document, writer) is None


@pytest.mark.parametrize("document", [None, {}, {"Statement": []}, {"Statement": {"Sid": "x", "Effect": "Deny"}}])
def test_no_mark_is_none(document: dict[str, Any] | None) -> None:
    assert marks.marked_at(document, marks.deny_everything) is None


def test_the_deny_spares_nothing_and_nobody() -> None:
    denied = statement(marks.deny_everything(AT))
    assert (denied["Effect"], denied["Action"], denied["Resource"]) == ("Deny", "*", "*")
    assert "Condition" not in denied


def test_nobody_is_trusted_by_any_way_to_assume_a_role() -> None:
    trust = statement(marks.trust_nobody(AT))
    assert (trust["Effect"], trust["Principal"]) == ("Deny", {"AWS": "*"})
    assert set(trust["Action"]) == {"sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"}


def test_the_canary_s_way_in_is_for_one_principal_and_a_few_minutes() -> None:
    trust = statement(marks.trust_canary("arn:aws:sts::111111111111:assumed-role/ci/run", "random", AT))
    assert trust["Principal"] == {"AWS": "arn:aws:sts::111111111111:assumed-role/ci/run"}
    assert trust["Condition"] == {
        "StringEquals": {"sts:ExternalId": "random"},
        "DateLessThan": {"aws:CurrentTime": "2026-03-04T05:16:07Z"},
    }


def test_the_canary_may_read_its_own_role_only() -> None:
    policy = statement(marks.allow_canary("arn:aws:iam::111111111111:role/nhi/orders", AT))
    account = "arn:aws:iam::111111111111:role"
    assert (policy["Action"], policy["Resource"]) == ("iam:GetRole", [f"{account}/nhi/orders", f"{account}/orders"])
    assert policy["Condition"] == {"DateLessThan": {"aws:CurrentTime": "2026-03-04T05:16:07Z"}}


@pytest.mark.parametrize(
    ("trust", "ours"),
    [
        (marks.trust_nobody(AT), True),
        (marks.trust_canary("arn:aws:iam::111111111111:root", "x", AT), True),
        ('{"Statement": [{"Sid": "Ec2", "Effect": "Allow"}]}', False),
        ('{"Statement": {"Effect": "Allow"}}', False),
        ('{"Statement": []}', False),
    ],
)
def test_only_our_trusts_are_put_back(trust: str, ours: bool) -> None:
    assert marks.is_our_trust(json.loads(trust)) is ours


def test_a_trust_that_somebody_added_to_is_not_ours() -> None:
    trust = json.loads(marks.trust_nobody(AT))
    trust["Statement"].append({"Sid": "ByHand", "Effect": "Allow"})
    assert not marks.is_our_trust(trust)


def test_times_of_other_zones_are_written_in_utc() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=9)))
    assert marks.deny_everything(elsewhere) == marks.deny_everything(AT)


@pytest.mark.parametrize(
    ("change", "everything"),
    [
        ({}, True),
        ({"Condition": {}}, True),
        ({"Effect": "Allow"}, False),
        ({"Action": "s3:*"}, False),
        ({"Resource": "arn:aws:s3:::a"}, False),
        ({"Condition": {"DateGreaterThanEquals": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}}, False),
    ],
)
def test_everything_is_denied_only_without_a_condition(change: dict[str, Any], everything: bool) -> None:
    denied = {"Effect": "Deny", "Action": "*", "Resource": "*", **change}
    assert marks.denies_everything({"Statement": [{"Effect": "Allow", "Action": "*"}, denied]}) is everything
    assert marks.denies_everything({"Statement": denied}) is everything
    assert not marks.denies_everything(None)
