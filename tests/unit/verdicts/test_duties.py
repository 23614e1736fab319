"""Who holds duties that one must not hold both, and who reaches another environment."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundGrant,
    Knowledge,
    Subject,
)
from nhi_components.lifecycle.verdicts import duties
from nhi_components.lifecycle.verdicts.estate import Estate
from nhi_components.lifecycle.verdicts.settings import STANDARD
from tests.unit.verdicts.conftest import Find
from tests.unit.verdicts.planting import arn, role


def test_who_holds_both_duties_is_told_also_through_carriers_and_wildcards(find: Find) -> None:
    policy = "arn:aws:iam::111122223333:policy/audit"
    stop = FoundGrant(policy, "cloudtrail:*", "*")
    told = find(
        lambda estate: duties.mixed_duties(estate, STANDARD),
        [
            role("both"),
            FoundGrant(arn("both"), "iam:PutRolePolicy", "*"),
            FoundCarrier(arn("both"), policy, "managed-policy"),
            stop,
            role("one"),
            FoundGrant(arn("one"), "iam:PutRolePolicy", "*"),
            role("capped"),
            FoundGrant(arn("capped"), "iam:PutRolePolicy", "*"),
            FoundCarrier(arn("capped"), policy, "permissions-boundary"),
            role("denied"),
            FoundGrant(arn("denied"), "iam:PutRolePolicy", "*"),
            FoundGrant(arn("denied"), "cloudtrail:StopLogging", "*", denied=True),
            role("everything"),
            FoundGrant(arn("everything"), "*", "*"),
        ],
    )
    conflict = STANDARD.conflicts["access-and-audit"]
    assert told == {
        "both": [
            (
                "access-and-audit",
                f"may iam:PutRolePolicy and cloudtrail:*: {conflict.why}",
                STANDARD.weights.mixed_duties,
            )
        ]
    }


def test_who_can_become_one_of_another_environment_is_told(find: Find) -> None:
    def environment(name: str, value: str) -> Knowledge:
        return Knowledge(arn(name), Subject.ENVIRONMENT, value, "mark env")

    def across(estate: Estate) -> Any:
        import ibis

        steps = [
            {"source": arn(source), "target": arn(target), "how": "assume", "certain": certain}
            for source, target, certain in (("dev", "prod", True), ("prod", "live", True), ("test", "prod", False))
        ]
        names = [{"node": arn(name), "name": arn(name)} for name in ("dev", "prod", "live", "test")]
        readings = SimpleNamespace(names=ibis.memtable(names), steps=ibis.memtable(steps))
        return duties.mixed_environments(estate, STANDARD, readings)  # type: ignore[arg-type]

    names = {"dev": "dev", "prod": "prod", "live": "Production", "test": "test"}
    found = [record for name, value in names.items() for record in (role(name), environment(name, value))]
    assert find(across, found) == {
        "dev": [
            ("environments", f"is of dev and can become {arn('prod')} of prod", STANDARD.weights.mixed_environments)
        ]
    }
