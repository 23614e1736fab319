"""The arithmetic of the bench of credentials, and that its requests are told apart without naming anybody."""

from __future__ import annotations

import pytest

from bench.credential_fleet import wanted
from bench.credential_ways import Measured
from bench.credentials import HURRY, SCRIPT, SERVICE, Row, ratio, what
from tools.lab.gate import Request


def row(way: str, count: int, seconds: float, milliseconds: float = 40) -> Row:
    return Row(way, milliseconds, {"PutSecretValue": 1, "GetUser": 3}, Measured(count, seconds, 140.0, 4.0))


def test_rates_are_those_of_the_requests_that_are_named() -> None:
    measured = row(SERVICE, 200, 50)
    assert measured.each == pytest.approx(0.25)
    assert measured.per_second() == pytest.approx(16)
    assert measured.per_second("PutSecretValue", "UpdateSecretVersionStage") == pytest.approx(4)


def test_a_ratio_is_by_credential_of_the_whole_fleet_at_the_same_distance() -> None:
    rows = [
        row(SERVICE, 50, 20),
        row(SERVICE, 200, 50),
        row(SCRIPT, 25, 50),
        row(SERVICE, 200, 20, milliseconds=0),
        row(SCRIPT, 25, 10, milliseconds=0),
        row(HURRY, 25, 5),
    ]
    assert ratio(rows, SCRIPT, 40) == pytest.approx(8)
    assert ratio(rows, SCRIPT, 0) == pytest.approx(4)
    assert ratio(rows, HURRY, 40) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/v1/secret/data/nhi/dev/s001/lease-aaaaaaaaaaaaaaaa?version=3", "GET /v1/secret/data"),
        ("GET", "/v1/secret/metadata/nhi/dev/s001/lease-aaaaaaaaaaaaaaaa.claim", "GET /v1/secret/metadata"),
        ("PATCH", "/api/v1/namespaces/bench/secrets/s001-dev-abcdef", "PATCH /api/v1/namespaces/bench"),
        ("GET", "/v1/sys/health?standbyok=true", "GET /v1/sys/health"),
    ],
)
def test_requests_are_told_apart_without_whose_they_are(method: str, path: str, expected: str) -> None:
    assert what(Request(method, path, {}, b"")) == expected


def test_a_request_of_aws_is_named_by_its_operation() -> None:
    assert what(Request("POST", "/", {"x-amz-target": "secretsmanager.PutSecretValue"}, b"")) == "PutSecretValue"


def test_a_fleet_is_the_same_in_every_process_and_no_two_share_a_credential() -> None:
    assert wanted("s", 7) == wanted("s", 7)
    assert len({wanted(fleet, number).lease.lease for fleet in "sh" for number in range(50)}) == 100
