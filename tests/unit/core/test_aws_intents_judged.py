"""What intents allow and refuse, as the project's own evaluator reads their policies; and that every one is tried."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import product

import pytest

from nhi_components.aws.documents import grants_document
from nhi_components.core.aws_action import takes_no_resource
from nhi_components.core.aws_intents import INTENTS
from nhi_components.core.findings import Finding, Severity
from nhi_components.core.glob import glob_matches
from nhi_components.core.grant import Grant, aws_grant_problems
from nhi_components.facts import DocumentKind, Facts, read_document
from nhi_components.facts.aws.authorization import Held, Holdings, Target
from nhi_components.facts.aws.circumstances import Situation
from nhi_components.facts.aws.model import Condition, GrantDocument
from nhi_components.rules import JudgeConfig
from nhi_components.rules.engine import Judge
from tests.engine.intents.documentation import DOCUMENT, judged_alone, page
from tests.engine.intents.trial import Case, Trial
from tests.engine.intents.trials import trials_in
from tests.engine.intents.world import IMAGINED

NOW = datetime(2026, 1, 15, tzinfo=UTC)
ENDS = "2999-12-31"
TRIALS = trials_in(IMAGINED)
BAD = {Severity.HIGH, Severity.CRITICAL}


def named(trial: Trial) -> str:
    return trial.name


def policy(grants: Iterable[Grant]) -> str:
    given = tuple(grants)
    return grants_document(given, [list(grant.targets) for grant in given], ENDS, None)


def held_by(grants: Iterable[Grant]) -> Holdings:
    facts = read_document(DocumentKind.POLICY_DOCUMENT, "grants", json.loads(policy(grants)))
    (document,) = [fact for fact in facts if isinstance(fact, GrantDocument)]
    held = [Held(statement, "") for statement in document.statements]
    return Holdings(*(tuple(h for h in held if h.statement.allows is allows) for allows in (True, False)))


def may(holdings: Holdings, case: Case) -> bool:
    _, _, service, _, account, resource = (case.resource if case.resource != "*" else "arn:::::").split(":", 5)
    leave = holdings.leave(case.action.lower(), Target(service, account, resource, ""), Situation(NOW))
    if leave is None:
        return False
    conditions = leave.held.statement.conditions
    assert set(leave.under) == {condition.key for condition in conditions}
    return all(is_met(condition, case.context) for condition in conditions)


def is_met(condition: Condition, context: Mapping[str, str]) -> bool:
    value = {key.lower(): value for key, value in context.items()}.get(condition.key)
    test = {"stringequals": str.__eq__, "stringlike": glob_matches}[condition.operator]
    return value is not None and any(test(str(wanted), value) for wanted in condition.values)


@pytest.mark.parametrize("trial", TRIALS, ids=named)
def test_what_an_intent_allows_and_refuses(trial: Trial) -> None:
    holdings = held_by(trial.grants())
    refused = [str(case) for case in trial.may if not may(holdings, case)]
    allowed = [str(case) for case in trial.may_not if may(holdings, case)]
    assert (refused, allowed) == ([], []), "(wrongly refused, wrongly allowed)"


def test_every_intent_is_tried() -> None:
    assert {trial.intent for trial in TRIALS} == set(INTENTS)


@pytest.mark.parametrize("trial", TRIALS, ids=named)
def test_a_trial_tries_every_granted_action_and_its_neighbours(trial: Trial) -> None:
    granted = {action for grant in trial.grants() for action in grant.actions}
    bound = {action for grant in trial.grants() for action in grant.actions if grant.conditions}
    assert {case.action for case in trial.may} == granted
    refused = {case.action for case in trial.may_not}
    assert {action for action in granted if not takes_no_resource(action)} | bound <= refused
    assert len(refused - granted) >= 3


@pytest.mark.parametrize("trial", TRIALS, ids=named)
def test_a_call_goes_to_the_emulator_or_says_why_not(trial: Trial) -> None:
    cases = (*trial.may, *trial.may_not)
    assert [str(case) for case in cases if bool(case.client) is bool(case.emulator_lacks)] == []


def test_most_calls_go_to_the_emulator() -> None:
    tried = [case for trial in TRIALS for case in (*trial.may, *trial.may_not)]
    assert len(judged_alone()) < len(tried) / 8


def findings(grants: Iterable[Grant]) -> list[Finding]:
    facts = read_document(DocumentKind.POLICY_DOCUMENT, "grants", json.loads(policy(grants)))
    return Judge(JudgeConfig()).find(Facts(facts), NOW)


@pytest.mark.parametrize("trial", TRIALS, ids=named)
def test_the_rules_find_nothing_bad_in_an_intent(trial: Trial) -> None:
    assert aws_grant_problems(trial.grants()) == []
    assert [finding for finding in findings(trial.grants()) if finding.severity in BAD] == []


def test_the_rules_find_nothing_bad_in_any_two_intents_together() -> None:
    for one, other in product(TRIALS, repeat=2):
        found = findings(one.grants() + other.grants())
        assert [finding for finding in found if finding.severity in BAD] == [], (one.name, other.name)


def test_the_documentation_is_the_generated_one() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == page(), "run `python -m tests.engine.intents.documentation`"


def test_the_documentation_names_every_call_that_is_judged_here_alone() -> None:
    _, _, judged = DOCUMENT.read_text(encoding="utf-8").partition("## Judged by the project's evaluator")
    rows = [f"| `{intent}` | `{case.action}` | {case.emulator_lacks} |" for intent, case in judged_alone()]
    assert [row for row in rows if row not in judged] == []
