"""What intents on Azure allow and refuse by their grants alone, what the rules find, and that each is tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest

from nhi_components.core.azure_grant import assignments_needed
from nhi_components.core.azure_intents import INTENTS
from nhi_components.core.azure_names import group_scope, operations_digest, role_guid, role_id
from nhi_components.core.azure_operation import planes_of
from nhi_components.core.azure_resource import Target
from nhi_components.core.findings import Finding, Severity
from nhi_components.core.grant import Grant
from nhi_components.facts import DocumentKind, Facts, Platform, read_document
from nhi_components.facts.model import Fact, Unjudged
from nhi_components.rules import JudgeConfig
from nhi_components.rules.engine import Judge
from tests.conformance.azure_intents.documentation import azure_part
from tests.conformance.azure_intents.trial import Call, Trial
from tests.conformance.azure_intents.trials import TRIALS
from tests.conformance.azure_intents.world import GROUP, SUBSCRIPTION, id_of

DOCUMENT = Path(__file__).parents[3] / "docs" / "intents.md"
NOW = datetime(2026, 1, 15, tzinfo=UTC)
LEASE = "lease-abcdefghijklmnop"
SOMEBODY = "3f1c2b7e-0d55-4a57-8f4e-6b1f0a9d2c11"
BAD = {Severity.HIGH, Severity.CRITICAL}
EACH = pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
CALLS = [call for trial in TRIALS for call in trial.calls]


@EACH
def test_what_an_intent_allows_and_refuses(trial: Trial) -> None:
    refused = [str(call) for call in trial.may if not trial.allows(call)]
    allowed = [str(call) for call in trial.may_not if trial.allows(call)]
    assert (refused, allowed) == ([], []), "(wrongly refused, wrongly allowed)"


def test_every_intent_is_tried() -> None:
    assert {trial.intent for trial in TRIALS} == set(INTENTS)


def test_every_operation_of_an_intent_is_tried() -> None:
    for intent in INTENTS.values():
        trials = [trial for trial in TRIALS if trial.intent == intent.id]
        tried = {call.operation.lower() for trial in trials for call in trial.may}
        assert trials[0].granted() <= tried


@EACH
def test_a_trial_tries_neighbours_and_handing_out_access(trial: Trial) -> None:
    refused = {call.operation.lower() for call in trial.may_not}
    assert len(refused - trial.granted()) >= 8
    sharing = ("roleassignments/write", "sqlroleassignments/write")
    assert any(name.endswith(sharing) for name in refused)


@EACH
def test_a_trial_tries_what_is_granted_on_others_beside_it_and_in_another_group(trial: Trial) -> None:
    others = {
        call.scope for call in trial.may_not if call.operation.lower() in trial.granted() and call.scope != trial.target
    }
    ours = f"{group_scope(SUBSCRIPTION, GROUP)}/"
    assert any(not scope.startswith(ours) for scope in others)
    if trial.intent != "storage.list_containers":
        assert any(scope.startswith(ours) for scope in others)


def test_every_operation_that_a_call_takes_is_one_that_azure_documents() -> None:
    assert [str(call) for call in CALLS if not planes_of(call.operation)] == []


def test_a_call_goes_to_the_double_or_says_why_not() -> None:
    assert [str(call) for call in CALLS if bool(call.path) == bool(call.double_lacks)] == []


def test_most_calls_go_to_the_double_and_all_that_is_allowed() -> None:
    assert sum(bool(call.double_lacks) for call in CALLS) < len(CALLS) / 10
    assert [str(call) for trial in TRIALS for call in trial.may if call.double_lacks] == []


def documents(grants: Iterable[Grant]) -> Iterator[Fact]:
    """The custom roles and assignments that a component makes of grants, as the rules read them."""
    for needed in assignments_needed(grants, SUBSCRIPTION, GROUP):
        role, target = needed.role, needed.target
        assert isinstance(target, Target)
        where = group_scope(role.subscription, role.resource_group)
        guid = role.built_in or role_guid(LEASE, where, operations_digest(role.operations))
        told = {
            "roleDefinitionId": role_id(role.subscription, guid),
            "principalId": SOMEBODY,
            "principalType": "ServicePrincipal",
            "scope": target.scope,
        }
        permissions = [{"actions": list(role.actions), "dataActions": list(role.data_actions)}]
        definition = {"roleName": "trial", "assignableScopes": [where], "permissions": permissions}
        context = {} if role.built_in else {"role_definition": definition}
        yield from read_document(DocumentKind.BINDING, target.scope, told, context, Platform.AZURE)
        if not role.built_in:
            yield from read_document(DocumentKind.ROLE_DEFINITION, guid, definition, platform=Platform.AZURE)


def bad_findings(grants: Iterable[Grant]) -> list[Finding]:
    facts = tuple(documents(grants))
    assert [fact for fact in facts if isinstance(fact, Unjudged)] == []
    return [finding for finding in Judge(JudgeConfig()).find(Facts(facts), NOW) if finding.severity in BAD]


@EACH
def test_the_rules_find_nothing_bad_in_an_intent(trial: Trial) -> None:
    assert bad_findings(trial.grants()) == []


def test_the_rules_find_nothing_bad_in_any_two_intents_together() -> None:
    one_of_each = {trial.intent: trial for trial in TRIALS}.values()
    for one, other in combinations(one_of_each, 2):
        assert bad_findings(one.grants() + other.grants()) == [], (one.name, other.name)


def test_the_rules_would_find_what_no_intent_grants() -> None:
    vault, account = id_of("Microsoft.KeyVault/vaults/shop-prod"), id_of("Microsoft.Storage/storageAccounts/shopprod")
    reading = Grant(actions=("Microsoft.KeyVault/vaults/read",), targets=(vault,))
    getting = Grant(actions=("Microsoft.KeyVault/vaults/secrets/getSecret/action",), targets=(f"{vault}/secrets/x",))
    keys = Grant(actions=("Microsoft.Storage/storageAccounts/listKeys/action",), targets=(account,))
    assert [bool(bad_findings([each])) for each in (reading, getting, keys)] == [False, True, True]


def test_the_documentation_is_the_generated_one() -> None:
    _, title, rest = DOCUMENT.read_text(encoding="utf-8").partition("# Intents on Azure\n")
    part, _, _ = rest.partition("\n# Intents on Google Cloud\n")
    assert title + part == azure_part(), "run `python -m tests.engine.intents.documentation`"


def test_the_documentation_tells_how_many_calls_the_double_was_asked() -> None:
    asked = sum(not call.double_lacks for call in CALLS)
    text = " ".join(DOCUMENT.read_text(encoding="utf-8").split())
    assert f"Of {len(CALLS)} calls, {asked} are made as REST calls" in text
    assert f"About the other {len(CALLS) - asked}, of what the double's services don't know" in text


def test_a_call_is_judged_by_operation_plane_and_scope() -> None:
    trial = next(trial for trial in TRIALS if trial.intent == "storage.read_blobs")
    read = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
    control = "Microsoft.Storage/storageAccounts/blobServices/containers/read"
    account = id_of("Microsoft.Storage/storageAccounts/shopprod")
    asked = (
        Call(read.upper(), trial.target),
        Call(read, f"{trial.target}/blobs/x"),
        Call(read, f"{trial.target}-2"),
        Call(read, account),
        Call(control, trial.target),
    )
    assert [trial.allows(call) for call in asked] == [True, True, False, False, False]
