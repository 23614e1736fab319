"""The bridge to Pulumi's policies: unknown values, levels, configuration and exceptions; no engine needed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyCustomTimeouts,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UNKNOWN_OBJECT_VALUE, UNKNOWN_STRING_VALUE, unknown_checking_proxy

from nhi_components.crossguard import ADVISED, EXCEPTIONS, REQUIRED, plain, policies
from nhi_components.facts import UNKNOWN
from nhi_components.rules import JudgeConfig, Mode

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
WILDCARD = json.dumps({"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:::orders"}})
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
COMPONENT = "nhi:aws:WorkloadIdentity"


class Pack:
    """A pack as the analyzer runs it: each resource through every policy, in order."""

    def __init__(self, defaults: JudgeConfig | None = None, config: Mapping[str, Any] | None = None) -> None:
        self.policies: list[Policy] = policies(defaults, lambda: NOW)
        self.config = config

    def analyze(
        self, type_token: str, inputs: dict[str, Any], urn: str = "urn", parent: str = ""
    ) -> dict[str, list[str]]:
        options = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [], parent or None)
        found: dict[str, list[str]] = {}
        for policy in self.policies:
            if isinstance(policy, ResourceValidationPolicy):
                config = self.config if policy.name == REQUIRED else None
                props = unknown_checking_proxy(inputs)
                args = ResourceValidationArgs(type_token, props, urn, "name", options, None, config)
                messages = found.setdefault(policy.name, [])
                policy.validate(args, lambda message, _, told=messages: told.append(message))
        return found

    def end(self) -> list[str]:
        (policy,) = [policy for policy in self.policies if isinstance(policy, StackValidationPolicy)]
        messages: list[str] = []
        policy.validate(StackValidationArgs([]), lambda message, _: messages.append(message))
        return messages


def rules_of(messages: list[str]) -> list[str]:
    return [message[1 : message.index("]")] for message in messages]


def exception(**changes: str) -> dict[str, Any]:
    given = {
        "rule": "aws.wildcard-action",
        "resource": "urn",
        "reason": "migration",
        "approver": "ab",
        "ends": "2026-02-01",
    }
    return {"exceptions": [given | changes]}


def test_what_must_hold_is_mandatory_and_the_rest_advisory() -> None:
    levels = {policy.name: policy.enforcement_level for policy in policies()}
    assert levels == {
        REQUIRED: EnforcementLevel.MANDATORY,
        ADVISED: EnforcementLevel.ADVISORY,
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


def test_an_unknown_value_elsewhere_does_not_soften_what_is_mandatory() -> None:
    found = Pack().analyze(ROLE_POLICY, {"role": UNKNOWN_STRING_VALUE, "policy": WILDCARD})
    assert rules_of(found[REQUIRED]) == ["aws.wildcard-action"]


def test_an_unknown_part_of_the_document_does_not_soften_the_other_parts() -> None:
    policy = {"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": UNKNOWN_STRING_VALUE}]}
    found = Pack().analyze(ROLE_POLICY, {"policy": policy})
    assert rules_of(found[REQUIRED]) == ["aws.wildcard-action"]
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
    assert pack.analyze(COMPONENT, inputs, "component") == {REQUIRED: [], ADVISED: []}
    assert pack.analyze(ROLE_POLICY, {"policy": UNKNOWN_STRING_VALUE}, "child", "component")[REQUIRED] == []
    assert pack.analyze(ROLE_POLICY, {"policy": UNKNOWN_STRING_VALUE}, "stranger")[REQUIRED]


def test_a_violation_tells_rule_place_finding_expectation_and_fix() -> None:
    (message,) = Pack().analyze(ROLE_POLICY, {"policy": WILDCARD})[REQUIRED]
    assert message.splitlines() == [
        "[aws.wildcard-action] Every action that a policy allows is named in full.",
        "  at:       policy.Statement.Action",
        "  got:      sqs:*",
        "  expected: actions named in full, such as `sqs:SendMessage`",
        "  fix:      list the actions that the workload calls",
    ]


@pytest.mark.parametrize(("level", "policy"), [("advisory", ADVISED), ("disabled", None), ("mandatory", REQUIRED)])
def test_the_level_of_a_rule_is_configuration(level: str, policy: str | None) -> None:
    found = Pack(config={"levels": {"aws.wildcard-action": level}}).analyze(ROLE_POLICY, {"policy": WILDCARD})
    assert {name for name, messages in found.items() if messages} == ({policy} if policy else set())


def test_an_exception_lets_a_resource_pass_and_is_not_called_unused() -> None:
    pack = Pack(config=exception())
    assert pack.analyze(ROLE_POLICY, {"policy": WILDCARD}) == {REQUIRED: [], ADVISED: []}
    assert pack.analyze(ROLE_POLICY, {"policy": WILDCARD}, "another")[REQUIRED]
    assert pack.end() == []


def test_an_expired_exception_permits_nothing_and_is_told_at_the_end() -> None:
    pack = Pack(config=exception(ends="2026-01-15"))
    assert pack.analyze(ROLE_POLICY, {"policy": WILDCARD})[REQUIRED]
    assert rules_of(pack.end()) == ["exception.expired"]


def test_an_exception_that_nothing_needed_is_told_at_the_end() -> None:
    pack = Pack(config=exception(resource="elsewhere"))
    pack.analyze(ROLE_POLICY, {"policy": WILDCARD})
    (message,) = pack.end()
    assert message.startswith("[exception.unused] elsewhere")


def test_a_bad_configuration_blocks_with_every_problem_and_judges_nothing() -> None:
    pack = Pack(config={"mode": "lax", "exceptions": [{"rule": "aws.*"}], "levls": {}})
    (message,) = pack.analyze(ROLE_POLICY, {"policy": WILDCARD})[REQUIRED]
    for part in ("mode", "exceptions[0].rule", "exceptions[0].ends", "levls", "Nothing is judged"):
        assert part in message
    assert pack.analyze(ROLE_POLICY, {"policy": WILDCARD}, "next") == {REQUIRED: [], ADVISED: []}


def test_the_schema_stands_alone_and_carries_the_defaults() -> None:
    required = policies(JudgeConfig(mode=Mode.STRICT))[0]
    assert required.config_schema is not None
    text = json.dumps(required.config_schema.properties)
    assert "$ref" not in text
    assert required.config_schema.properties["mode"]["default"] == "strict"
    defaults = {name: member["default"] for name, member in required.config_schema.properties.items()}
    assert JudgeConfig.parse(defaults) == JudgeConfig(mode=Mode.STRICT)
