"""What intents on Google Cloud allow and refuse by their grants alone, what the rules find, and that each is tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest

from nhi_components.core.findings import Finding, Severity
from nhi_components.core.gcp_catalogue import all_permissions, permissions_of
from nhi_components.core.gcp_grant import bindings_needed
from nhi_components.core.gcp_intents import INTENTS
from nhi_components.core.gcp_names import role_id, role_name
from nhi_components.core.gcp_resource import Target
from nhi_components.core.grant import Grant
from nhi_components.facts import DocumentKind, Facts, Platform, read_document
from nhi_components.facts.model import Fact
from nhi_components.gcp.documents import condition
from nhi_components.rules import JudgeConfig
from nhi_components.rules.engine import Judge
from tests.conformance.gcp_intents.documentation import gcp_part
from tests.conformance.gcp_intents.trial import Call, Trial
from tests.conformance.gcp_intents.trials import TRIALS
from tests.conformance.gcp_intents.world import PROJECT

DOCUMENT = Path(__file__).parents[3] / "docs" / "intents.md"
NOW = datetime(2026, 1, 15, tzinfo=UTC)
LEASE = "lease-abcdefghijklmnop"
BAD = {Severity.HIGH, Severity.CRITICAL}
EACH = pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
CALLS = [call for trial in TRIALS for call in trial.calls]


def granted(trial: Trial) -> set[str]:
    return {name for action in trial.described.actions for name in permissions_of(action) or {action}}


@EACH
def test_what_an_intent_allows_and_refuses(trial: Trial) -> None:
    refused = [str(call) for call in trial.may if not trial.allows(call)]
    allowed = [str(call) for call in trial.may_not if trial.allows(call)]
    assert (refused, allowed) == ([], []), "(wrongly refused, wrongly allowed)"


def test_every_intent_is_tried() -> None:
    assert {trial.intent for trial in TRIALS} == set(INTENTS)


@EACH
def test_a_trial_tries_every_granted_permission_and_its_neighbours(trial: Trial) -> None:
    of_use = {name for name in granted(trial) if name.partition(".")[0] == trial.described.service}
    tried = {name for call in trial.may for name in (call.permission, *(also for also, _ in call.also))}
    refused = {call.permission for call in trial.may_not}
    assert of_use <= tried
    assert len(refused - granted(trial)) >= 3
    assert any(name.endswith(("setIamPolicy", "setIamPermissions")) for name in refused) or trial.beside


@EACH
def test_a_trial_tries_what_is_granted_on_another_resource_and_in_another_project(trial: Trial) -> None:
    elsewhere = [call for call in trial.may_not if call.permission in granted(trial)]
    assert elsewhere
    if trial.described.kind.value != "bucket":
        assert any(not call.resource.startswith(f"projects/{PROJECT}") for call in elsewhere)


def test_every_permission_that_a_call_asks_for_is_one_that_google_documents() -> None:
    assert {call.permission for call in CALLS} <= all_permissions()


def test_a_call_goes_to_the_double_or_says_why_not() -> None:
    assert [str(call) for call in CALLS if not call.double_lacks and not call.path] == []


def test_nearly_all_calls_go_to_the_double_and_each_intent_is_answered_there() -> None:
    assert sum(bool(call.double_lacks) for call in CALLS) < len(CALLS) / 12
    answered = {trial.intent for trial in TRIALS if any(not call.double_lacks for call in trial.may)}
    assert answered == set(INTENTS)


def documents(grants: Iterable[Grant]) -> Iterator[Fact]:
    """The custom roles and bindings that a component makes of grants, as the rules read them."""
    for needed in bindings_needed(grants, PROJECT):
        target = needed.target
        assert isinstance(target, Target)
        permissions = list(needed.role.permissions)
        role = needed.role.predefined or role_name(PROJECT, role_id("trial", "dev", "abcdefgh", permissions))
        until = condition(
            "2999-12-31", "lease-abcdefghijklmnop", "Try.", needed.prefixes, target.resource, suspended=False
        )
        binding: dict[str, object] = {
            "role": role,
            "members": [f"serviceAccount:trial@{PROJECT}.iam.gserviceaccount.com"],
        }
        binding |= {"condition": until} if target.takes_conditions else {}
        context = {"resource": target.resource, "project": PROJECT, "roles": {role: permissions}}
        yield from read_document(DocumentKind.BINDING, target.resource, binding, context, Platform.GCP)
        if permissions:
            definition = {"title": "trial", "includedPermissions": permissions}
            yield from read_document(DocumentKind.ROLE_DEFINITION, role, definition, platform=Platform.GCP)


def bad_findings(grants: Iterable[Grant]) -> list[Finding]:
    found = Judge(JudgeConfig()).find(Facts(tuple(documents(grants))), NOW)
    return [finding for finding in found if finding.severity in BAD]


@EACH
def test_the_rules_find_nothing_bad_in_an_intent(trial: Trial) -> None:
    assert bad_findings(trial.grants()) == []


def test_the_rules_find_nothing_bad_in_any_two_intents_together() -> None:
    one_of_each = {trial.intent: trial for trial in TRIALS}.values()
    for one, other in combinations(one_of_each, 2):
        assert bad_findings(one.grants() + other.grants()) == [], (one.name, other.name)


def test_the_rules_would_find_what_no_intent_grants() -> None:
    bucket = TRIALS[0].grants()[0].targets
    wide = Grant(actions=("secretmanager.versions.access",), targets=(f"projects/{PROJECT}",))
    impersonating = Grant(actions=("iam.serviceAccounts.getAccessToken",), targets=(f"projects/{PROJECT}",))
    assert bad_findings([Grant(actions=("storage.buckets.get",), targets=bucket)]) == []
    assert bad_findings([wide])
    assert bad_findings([impersonating])


def test_the_documentation_is_the_generated_one() -> None:
    _, title, part = DOCUMENT.read_text(encoding="utf-8").partition("# Intents on Google Cloud\n")
    assert title + part == gcp_part(), "run `python -m tests.engine.intents.documentation`"


def test_the_documentation_tells_how_many_calls_the_double_was_asked() -> None:
    asked = sum(not call.double_lacks for call in CALLS)
    assert f"Of {len(CALLS)} calls, {asked} are made as REST calls" in DOCUMENT.read_text(encoding="utf-8")


def test_a_call_is_judged_by_permission_resource_and_prefix() -> None:
    whole, only_in = (
        next(t for t in TRIALS if t.intent == "storage.read_objects" and t.parameters == given)
        for given in ({}, {"prefix": "in/"})
    )
    bucket = "projects/_/buckets/orders-objects"
    inside, outside, alike = (
        Call("storage.objects.get", f"{bucket}{rest}", "GET", "/")
        for rest in ("/objects/in/1", "/objects/out/1", "-2/objects/in/1")
    )
    assert [whole.allows(call) for call in (inside, outside, alike)] == [True, True, False]
    assert [only_in.allows(call) for call in (inside, outside, alike)] == [True, False, False]
