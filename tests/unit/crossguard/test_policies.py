"""The bridge to Pulumi's policies: unknown values, levels, errors, and what is judged at the stack's end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from pulumi_policy import EnforcementLevel
from pulumi_policy.proxy import UNKNOWN_OBJECT_VALUE, UNKNOWN_STRING_VALUE, unknown_checking_proxy

from nhi_components.core.findings import Finding
from nhi_components.crossguard import ADVISED, EXCEPTIONS, REQUIRED, REQUIRED_OF_STACK, judgement, policies
from nhi_components.crossguard.values import known, plain
from nhi_components.facts import UNKNOWN, Facts, Ownership, Platform
from nhi_components.rules import JudgeConfig, Mode, rules
from nhi_components.rules.registry import subjects
from tests.unit.crossguard.pack import (
    COMPONENT,
    NOTHING,
    ROLE,
    ROLE_POLICY,
    VAULT_POLICY,
    WILDCARD,
    Pack,
    exception,
    rules_of,
)

SECRET = "hunter2-in-no-output"


def test_what_must_hold_is_mandatory_and_the_rest_advisory() -> None:
    levels = {policy.name: policy.enforcement_level for policy in policies()}
    assert levels == {
        REQUIRED: EnforcementLevel.MANDATORY,
        ADVISED: EnforcementLevel.ADVISORY,
        REQUIRED_OF_STACK: EnforcementLevel.MANDATORY,
        EXCEPTIONS: EnforcementLevel.ADVISORY,
    }


def test_unknown_values_become_a_mark_without_an_error() -> None:
    given = {
        "a": [UNKNOWN_STRING_VALUE, {"b": UNKNOWN_OBJECT_VALUE, "c": [1.0, None, True]}],
        "d": UNKNOWN_OBJECT_VALUE,
        "e": "text",
    }
    expected = {"a": [UNKNOWN, {"b": UNKNOWN, "c": [1.0, None, True]}], "d": UNKNOWN, "e": "text"}
    assert plain(unknown_checking_proxy(given)) == expected
    assert plain(given) == expected


def test_an_unknown_value_elsewhere_does_not_soften_what_is_mandatory() -> None:
    found = Pack().analyze(ROLE_POLICY, {"role": UNKNOWN_STRING_VALUE, "policy": WILDCARD})
    assert "aws.wildcard-action" in rules_of(found[REQUIRED])


def test_an_unknown_part_of_the_document_does_not_soften_the_other_parts() -> None:
    policy = {"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": UNKNOWN_STRING_VALUE}]}
    found = Pack().analyze(ROLE_POLICY, {"policy": policy})
    assert "aws.wildcard-action" in rules_of(found[REQUIRED])
    assert rules_of(found[ADVISED]) == ["document.not-yet-known"]


def test_an_unknown_document_warns_in_the_baseline_and_blocks_in_strict() -> None:
    inputs = {"policy": UNKNOWN_STRING_VALUE}
    assert rules_of(Pack().analyze(ROLE_POLICY, inputs)[ADVISED]) == ["document.not-yet-known"]
    for pack in (Pack(JudgeConfig(mode=Mode.STRICT)), Pack(config={"mode": "strict"})):
        found = pack.analyze(ROLE_POLICY, inputs)
        assert rules_of(found[REQUIRED]) == ["document.not-yet-known"]
        assert found[ADVISED] == []


def test_a_component_seen_before_covers_what_it_encloses() -> None:
    pack = Pack(JudgeConfig(mode=Mode.STRICT))
    inputs = {
        "identity": {"owner": {"email": "a@example.com"}, "expires": {"after_days": 30.0}},
        "grants": [{"actions": ["sqs:SendMessage"], "targets": [UNKNOWN_STRING_VALUE]}],
    }
    assert pack.analyze(COMPONENT, inputs, "component") == NOTHING
    assert pack.analyze(ROLE_POLICY, {"policy": UNKNOWN_STRING_VALUE}, "child", "component")[REQUIRED] == []
    assert pack.analyze(ROLE_POLICY, {"policy": UNKNOWN_STRING_VALUE}, "stranger")[REQUIRED]


def test_a_violation_tells_rule_place_finding_expectation_and_fix() -> None:
    found = Pack().analyze(ROLE_POLICY, {"policy": WILDCARD})[REQUIRED]
    rule = rules()["aws.wildcard-action"]
    (message,) = [text for text in found if text.startswith("[aws.wildcard-action]")]
    title, place, got, expected, fix = message.splitlines()
    assert title == f"[aws.wildcard-action] {rule.title}."
    assert place == "  at:       policy.Statement.Action"
    assert got.startswith("  got:      ")
    assert "sqs:*" in got
    assert expected.startswith("  expected: ")
    assert fix == f"  fix:      {rule.fix}"


def test_the_rule_of_a_finding_lies_in_the_folder_that_its_id_names() -> None:
    for rule in rules().values():
        folder = rule.id.partition(".")[0]
        assert folder in subjects()
        assert f".rules.{folder}." in rule.check.__module__


@pytest.mark.parametrize("level", ["advisory", "disabled"])
def test_what_raises_blocks_its_resource_whatever_the_levels_and_the_next_one_is_judged(
    monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    read = judgement.read_pulumi_resource

    def broken(resource: Any) -> Any:
        if resource.urn == "broken":
            raise KeyError(SECRET)
        return read(resource)

    monkeypatch.setattr(judgement, "read_pulumi_resource", broken)
    pack = Pack(config={"levels": {"document.unjudged": level}})
    (message,) = pack.analyze(ROLE_POLICY, {"policy": WILDCARD}, "broken")[REQUIRED]
    assert message.startswith("[document.unjudged]")
    assert re.search(r"got: +KeyError at \S+test_policies:\d+, while judging broken\n", message)
    assert SECRET not in message
    assert "aws.wildcard-action" in rules_of(pack.analyze(ROLE_POLICY, {"policy": WILDCARD}, "next")[REQUIRED])


def test_an_exception_lets_pass_what_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(judgement, "read_pulumi_resource", broken)
    pack = Pack(config={"exceptions": [exception(rule="document.unjudged")]})
    assert pack.analyze(ROLE_POLICY, {"policy": WILDCARD}) == NOTHING
    assert pack.analyze(ROLE_POLICY, {"policy": WILDCARD}, "another")[REQUIRED]


def test_a_malformed_document_blocks_and_is_not_quoted() -> None:
    found = Pack().analyze(ROLE_POLICY, {"policy": '{"Statement": "' + SECRET})
    assert rules_of(found[REQUIRED]) == ["document.unjudged"]
    found = Pack().analyze(VAULT_POLICY, {"policy": f'path "{SECRET}'})
    assert "document.unjudged" in rules_of(found[REQUIRED])
    assert SECRET not in str(found)


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (ROLE_POLICY, {"policy": ["sqs:SendMessage"]}),
        ("azure-native:authorization:RoleDefinition", {"permissions": "all"}),
        ("gcp:projects/iAMBinding:IAMBinding", {"role": "roles/viewer", "members": {"all": True}}),
        ("github:index/actionsOrganizationSecret:ActionsOrganizationSecret", {"visibility": ["all"]}),
        ("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", {"rules": "all"}),
        (VAULT_POLICY, {"policy": {"path": 3}}),
    ],
)
def test_what_a_reader_can_t_understand_blocks_on_every_system(token: str, inputs: dict[str, Any]) -> None:
    assert "document.unjudged" in rules_of(Pack().analyze(token, inputs)[REQUIRED])


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        ("aws:iam/userLoginProfile:UserLoginProfile", {"password": SECRET, "user": "ci"}),
        ("azuread:index/applicationPassword:ApplicationPassword", {"value": SECRET, "applicationId": "ci"}),
        ("gcp:serviceaccount/key:Key", {"privateKeyData": SECRET, "serviceAccountId": "ci"}),
        ("github:index/actionsSecret:ActionsSecret", {"plaintextValue": SECRET, "secretName": "TOKEN"}),
        ("kubernetes:core/v1:Secret", {"stringData": {"token": SECRET}, "type": "kubernetes.io/service-account-token"}),
        ("vault:appRole/authBackendRoleSecretId:AuthBackendRoleSecretId", {"secretId": SECRET, "roleName": "ci"}),
    ],
)
def test_no_message_shows_a_credential(token: str, inputs: dict[str, Any]) -> None:
    for config in (None, {"mode": "strict", "governed": [token]}):
        found = Pack(config=config).analyze(token, inputs)
        assert SECRET not in str(found)
    assert found[REQUIRED]


def test_a_value_of_no_plain_type_blocks_where_a_document_belongs() -> None:
    found = Pack().analyze(ROLE_POLICY, {"policy": object()})
    assert rules_of(found[REQUIRED]) == ["document.unjudged"]


@pytest.mark.parametrize(("level", "policy"), [("advisory", ADVISED), ("disabled", None), ("mandatory", REQUIRED)])
def test_the_level_of_a_rule_is_configuration(level: str, policy: str | None) -> None:
    found = Pack(config={"levels": {"aws.wildcard-action": level}}).analyze(ROLE_POLICY, {"policy": WILDCARD})
    reporting = {name for name, messages in found.items() if "aws.wildcard-action" in rules_of(messages)}
    assert reporting == ({policy} if policy else set())


def one_owner_each(facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Stands for what judges resources together: roles of one owner."""
    rule = rules()["identity.owner-missing"]
    first, *others = [ownership for ownership in facts.of(Ownership) if ownership.resource.type == ROLE]
    yield from (rule.finding(other.resource, "tags", f"as {first.resource.name}", "another") for other in others)


@pytest.mark.parametrize(("level", "policy"), [("mandatory", REQUIRED_OF_STACK), ("advisory", EXCEPTIONS)])
def test_resources_are_judged_together_on_what_was_read_of_each(
    monkeypatch: pytest.MonkeyPatch, level: str, policy: str
) -> None:
    read: list[str] = []
    reader = judgement.read_pulumi_resource

    def counting(resource: Any) -> Any:
        read.append(resource.urn)
        return reader(resource)

    monkeypatch.setattr(judgement, "read_pulumi_resource", counting)
    excepted = exception(rule="identity.owner-missing", resource="third")
    config = {"levels": {"identity.owner-missing": level}, "exceptions": [excepted]}
    pack = Pack(config=config, across=[one_owner_each])
    for name in ("first", "second", "third"):
        assert pack.analyze(ROLE, {}, name) == NOTHING
    told = pack.end()
    assert [(urn, rules_of([text])) for urn, text in told.pop(policy)] == [("second", ["identity.owner-missing"])]
    assert list(told.values()) == [[]]
    assert read == ["first", "second", "third"]


def test_a_check_of_the_stack_that_raises_blocks_it() -> None:
    def broken(*_: object) -> Iterator[Finding]:
        raise ValueError(SECRET)

    pack = Pack(across=[broken])
    pack.analyze(ROLE, {})
    ((_, message),) = pack.end()[REQUIRED_OF_STACK]
    assert "ValueError" in message
    assert "the stack" in message
    assert SECRET not in message


def test_a_pack_for_one_system_judges_only_that() -> None:
    vault = {"policy": 'path "*" { capabilities = ["sudo"] }'}
    pack = Pack(systems=[Platform.AWS])
    assert pack.analyze(VAULT_POLICY, vault) == NOTHING
    assert pack.analyze("nhi:vault:WorkloadIdentity", {"grants": "all"}, "of-vault") == NOTHING
    assert pack.analyze(COMPONENT, {"grants": "all"}, "of-aws")[REQUIRED]
    assert pack.analyze(ROLE_POLICY, {"policy": WILDCARD})[REQUIRED]
    assert Pack().analyze(VAULT_POLICY, vault)[REQUIRED]
    assert Pack(systems=[Platform.VAULT]).analyze(VAULT_POLICY, vault)[REQUIRED]


def test_a_pack_for_one_system_knows_what_other_resources_enclose() -> None:
    pack = Pack(JudgeConfig(mode=Mode.STRICT), systems=[Platform.AWS])
    inputs = {"identity": {"owner": {"email": "a@example.com"}, "expires": {"after_days": 30.0}}}
    pack.analyze("nhi:vault:WorkloadIdentity", inputs, "component")
    pack.analyze("team:index:Shell", {}, "shell", "component")
    assert pack.analyze(ROLE, {}, "inside", "shell") == NOTHING
    assert pack.analyze(ROLE, {}, "outside")[REQUIRED]


def test_what_names_a_resource_may_be_unknown() -> None:
    given = unknown_checking_proxy({"arn": "arn:aws:iam::111122223333:role/orders", "id": UNKNOWN_STRING_VALUE})
    assert known(given, ("arn", "id", "name")) == {"arn": "arn:aws:iam::111122223333:role/orders"}
