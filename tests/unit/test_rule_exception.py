"""Exceptions to rules: what they permit, and how those that are expired or unused show."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from nhi_components.core.errors import SpecError
from nhi_components.core.findings import Finding, Severity
from nhi_components.core.rule_exception import EXPIRED, UNUSED, RuleException, apply_exceptions, excuse

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
URN = "urn:pulumi:prod::shop::nhi:aws:WorkloadIdentity$aws:iam/rolePolicy:RolePolicy::orders-policy"
GIVEN = {
    "rule": "aws.wildcard-action",
    "resource": "orders-policy",
    "reason": "migration of the queues",
    "approver": "security@example.com",
    "ends": "2026-03-31",
}


def exception(**changes: Any) -> RuleException:
    return RuleException(**{**GIVEN, **changes})


def finding(rule: str = "aws.wildcard-action", resource: str = URN) -> Finding:
    return Finding(rule, Severity.HIGH, resource, "policy", "sqs:*", "names", "name them")


@pytest.mark.parametrize("resource", ["orders-policy", "orders-*", "*policy", URN, "urn:pulumi:prod::*", "o*-p*"])
def test_it_permits_its_rule_on_its_resources(resource: str) -> None:
    assert apply_exceptions([finding()], [exception(resource=resource)], NOW) == []


@pytest.mark.parametrize("changes", [{"rule": "aws.not-action"}, {"resource": "orders"}, {"resource": "Orders-policy"}])
def test_it_permits_nothing_else_and_is_reported_as_unused(changes: dict[str, Any]) -> None:
    left = apply_exceptions([finding()], [exception(**changes)], NOW)
    assert [found.rule for found in left] == ["aws.wildcard-action", UNUSED]


@pytest.mark.parametrize(("ends", "rules"), [("2026-01-16", []), ("2026-01-15", ["aws.wildcard-action", EXPIRED])])
def test_it_ends_at_the_start_of_its_day(ends: str, rules: list[str]) -> None:
    assert [found.rule for found in apply_exceptions([finding()], [exception(ends=ends)], NOW)] == rules


def test_the_day_is_that_of_utc() -> None:
    late_in_new_york = datetime.fromisoformat("2026-03-30T21:00:00-04:00")
    assert exception().is_expired(late_in_new_york)


def test_a_stale_exception_names_reason_and_approver() -> None:
    (stale,) = apply_exceptions([], [exception()], NOW)
    assert "security@example.com: migration of the queues" in stale.got
    assert stale.resource == "orders-policy"


def test_two_exceptions_for_one_finding_are_both_used() -> None:
    outcome = excuse([finding()], [exception(), exception(resource="orders-*")], NOW)
    assert len(outcome.used) == 2
    assert outcome.findings == ()
    assert outcome.excused == (finding(),)


def test_an_exception_for_two_findings_is_used_once() -> None:
    assert excuse([finding(), finding()], [exception()], NOW).used == (exception(),)


def test_brackets_in_a_resource_are_themselves() -> None:
    address = "module.queues[0].aws_iam_role.orders"
    assert apply_exceptions([finding(resource=address)], [exception(resource=address)], NOW) == []


@pytest.mark.parametrize("rule", ["*", "aws.*", "aws", "aws.wildcard-?", "", "aws.wildcard-action "])
def test_a_pattern_of_rules_is_refused(rule: str) -> None:
    with pytest.raises(SpecError, match="never for a pattern of rules"):
        exception(rule=rule)


@pytest.mark.parametrize("resource", ["*", "**", "", "::*"])
def test_a_resource_that_names_nothing_is_refused(resource: str) -> None:
    with pytest.raises(SpecError, match="a pattern that names some"):
        exception(resource=resource)


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        RuleException.parse({"rule": "aws.*", "reason": "short", "who": "me"})
    assert [problem.path for problem in caught.value.problems] == [
        "rule",
        "resource",
        "reason",
        "approver",
        "ends",
        "who",
    ]
