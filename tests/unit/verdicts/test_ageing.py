"""What time does: what is told as unused, expired, endless or old, and what is just not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nhi_components.core.inventory.records import (
    FoundCredential,
    Record,
    Use,
)
from nhi_components.lifecycle.verdicts import ageing
from nhi_components.lifecycle.verdicts.estate import Estate
from nhi_components.lifecycle.verdicts.settings import STANDARD
from tests.unit.verdicts.conftest import Find
from tests.unit.verdicts.planting import NOW, arn, before, role


def unused(estate: Estate) -> Any:
    return ageing.unused(estate, STANDARD, NOW)


def expired(estate: Estate) -> Any:
    return ageing.expired(estate, STANDARD, NOW)


def quiet(name: str, days: float, **fields: Any) -> Record:
    return role(name, use=Use(before(days), before(400)), **fields)


def test_what_nothing_uses_is_unused_by_steps(find: Find) -> None:
    told = find(unused, [quiet("q29", 29.9), quiet("q30", 30), quiet("q89", 89), quiet("q90", 90.5)])
    assert {name: [(degree, points) for degree, _, points in rows] for name, rows in told.items()} == {
        "q30": [("30", 5)],
        "q89": [("60", 10)],
        "q90": [("90", 20)],
    }
    assert told["q90"][0][1] == "last used on 2026-09-01, 90 days ago"


def test_what_was_never_used_counts_from_when_uses_would_be_known(find: Find) -> None:
    told = find(
        unused,
        [
            role("old", use=Use(None, before(400))),
            role("new", use=Use(None, before(400)), created_at=before(20)),
            role("watched-lately", use=Use(None, before(20))),
            role("unwatched", use=Use()),
            role("undated", use=Use(None, before(100)), created_at=None),
            role("undated-with-old-key", use=Use(None, before(100)), created_at=None),
            FoundCredential(arn("undated-with-old-key"), "access-key", "AKIA", before(70)),
        ],
    )
    assert {name: rows[0][0] for name, rows in told.items()} == {"old": "90", "undated-with-old-key": "60"}
    assert told["old"][0][1] == "never seen in use since 2025-10-26, 400 days ago"


def test_a_use_of_a_credential_is_a_use_of_its_identity(find: Find) -> None:
    key = FoundCredential(arn("x"), "access-key", "AKIA", before(500), use=Use(before(1), before(400)))
    other = replace(key, identity=arn("y"), disabled=True)
    assert set(find(unused, [quiet("x", 100), key, quiet("y", 100), other])) == {"y"}


def test_uses_that_are_told_late_make_nothing_unused(find: Find) -> None:
    late = Use(before(34), before(400), as_of=before(14))
    assert find(unused, [role("x", use=late)]) == {}


def test_past_its_end_and_still_there_is_expired(find: Find) -> None:
    told = find(
        expired,
        [
            role("past", marks={"nhi:lease": "a", "nhi:ends": "2026-11-30"}),
            role("last-day", marks={"nhi:lease": "a", "nhi:ends": "2026-12-01"}),
            role("odd", marks={"nhi:ends": "soon"}),
            role("key"),
            FoundCredential(arn("key"), "access-key", "1", before(90), expires_at=before(2)),
            FoundCredential(arn("key"), "access-key", "2", before(90), expires_at=before(-2)),
        ],
    )
    assert told == {
        "past": [("identity", "its end was 2026-11-30", STANDARD.weights.expired)],
        "key": [
            (
                "credential",
                "1 of its credentials have ended and are still there, the first on 2026-11-28",
                STANDARD.weights.expired_credential,
            )
        ],
    }


def test_a_usable_credential_without_end_is_endless(find: Find) -> None:
    told = find(
        lambda estate: ageing.endless(estate, STANDARD),
        [
            role("x"),
            FoundCredential(arn("x"), "access-key", "1"),
            role("y"),
            FoundCredential(arn("y"), "access-key", "2", disabled=True),
            FoundCredential(arn("y"), "password", "3", expires_at=before(-9)),
        ],
    )
    assert told == {"x": [("", "1 of its credentials never end, such as: access-key", STANDARD.weights.endless)]}


def test_an_old_usable_credential_is_told_with_its_id(find: Find) -> None:
    told = find(
        lambda estate: ageing.old_credential(estate, STANDARD, NOW),
        [
            role("x"),
            FoundCredential(arn("x"), "access-key", "AKIAOLD", before(200)),
            FoundCredential(arn("x"), "access-key", "AKIANEW", before(3)),
            role("young"),
            FoundCredential(arn("young"), "access-key", "AKIA89", before(89.9)),
            role("off"),
            FoundCredential(arn("off"), "access-key", "AKIAOFF", before(700), disabled=True),
            FoundCredential(arn("off"), "certificate", "ended", before(700), expires_at=before(1)),
        ],
    )
    assert told == {"x": [("180", "access-key AKIAOLD is 200 days old", 15)]}
