"""Asking CloudTrail: every page of every region and service, patiently, and no further back than need be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nhi_components.core.connection import AwsConnection
from nhi_components.lifecycle.adapters.aws.trail import LATE, REMEMBERED, CloudTrail
from nhi_components.lifecycle.discovery.ports import Busy, NotSeen
from nhi_components.lifecycle.events.ports import EVERYTHING, Event
from tests.conformance.discovery.aws_world import ENVIRONMENT
from tests.unit.events.samples import trail
from tools.doubles.cloudtrail import CloudTrailDouble

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SINCE = NOW - timedelta(hours=5)
HOME, HERE = "us-east-1", "eu-central-1"


class Asked:
    """A reader of the double, with a clock and a sleep of its own."""

    def __init__(self, url: str) -> None:
        self.waits: list[float] = []
        settings = AwsConnection(regions=(HERE,), endpoint=url)
        self.reader = CloudTrail("default", settings, lambda: NOW, self.waits.append)

    def read(self, cursor: str | None = None, since: datetime = SINCE) -> tuple[list[Event], str | None]:
        batches = list(self.reader.read(cursor, since))
        return [event for batch in batches for event in batch.told.events], batches[-1].cursor


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudTrailDouble]:
    secrets = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "a-secret-of-nobody"}
    for name, value in {**ENVIRONMENT, **secrets}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    with CloudTrailDouble() as made:
        yield made


def records(number: int, **fields: Any) -> list[dict[str, Any]]:
    return [trail("CreateRole", eventID=f"id-{at}", **fields) for at in range(number)]


def test_all_pages_of_the_home_of_iam_and_of_each_region_are_read(double: CloudTrailDouble) -> None:
    double.page = 2
    double.records = {HOME: records(5), HERE: [trail("CreateFunction20150331", "lambda")]}
    asked = Asked(double.url)
    found, cursor = asked.read()
    assert sorted(event.id for event in found) == [
        "id-0",
        "id-1",
        "id-2",
        "id-3",
        "id-4",
        "id-of-CreateFunction20150331",
    ]
    assert cursor == NOW.isoformat()
    # Twice a second is what CloudTrail bears: after each page of the home of IAM that is followed by one.
    assert asked.waits == [0.5, 0.5]
    regions = {(region, body["LookupAttributes"][0]["AttributeValue"]) for region, body in double.lookups}
    everywhere = {(HERE, f"{service}.amazonaws.com") for service in ("iam", "sts", "lambda", "ec2")}
    assert regions == {(HOME, "iam.amazonaws.com"), *everywhere}


@pytest.mark.parametrize(
    ("cursor", "since", "begins"),
    [
        (None, SINCE, SINCE - LATE),
        ((NOW - timedelta(hours=1)).isoformat(), SINCE, NOW - timedelta(hours=1) - LATE),
        ((NOW - timedelta(days=3)).isoformat(), SINCE, SINCE - LATE),
        (None, NOW - timedelta(days=400), NOW - REMEMBERED),
    ],
)
def test_what_was_read_is_read_again_for_a_while(
    double: CloudTrailDouble, cursor: str | None, since: datetime, begins: datetime
) -> None:
    Asked(double.url).read(cursor, since)
    assert {body["StartTime"] for _, body in double.lookups} == {begins.timestamp()}


def test_whoever_asks_too_often_waits_and_one_that_is_busy_for_long_is_told(double: CloudTrailDouble) -> None:
    double.records, double.busy_for = {HOME: records(1)}, 4
    found, _ = Asked(double.url).read()
    assert [event.id for event in found] == ["id-0"]
    double.busy_for = 1000
    with pytest.raises(Busy, match="LookupEvents is throttled"):
        Asked(double.url).read()


def test_without_leave_it_says_which(double: CloudTrailDouble) -> None:
    double.denied = True
    with pytest.raises(NotSeen, match="cloudtrail:LookupEvents"):
        Asked(double.url).read()


def test_a_record_that_is_not_understood_makes_everything_stale(double: CloudTrailDouble) -> None:
    damaged = trail("CreateRole")
    del damaged["eventTime"]
    double.records = {HOME: [damaged]}
    ((event,), _) = Asked(double.url).read()
    assert (event.id, event.place, event.sections) == ("id-of-CreateRole", double.account, EVERYTHING)
