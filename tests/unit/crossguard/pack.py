"""A pack as the analyzer runs it, without a process: each resource through every policy, in order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pulumi_policy import (
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import unknown_checking_proxy

from nhi_components.crossguard import ADVISED, REQUIRED, StackCheck, policies
from nhi_components.crossguard.systems import SYSTEMS
from nhi_components.facts import Platform
from nhi_components.rules import JudgeConfig

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
ENDS = "2026-02-01"
ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
VAULT_POLICY = "vault:index/policy:Policy"
COMPONENT = "nhi:aws:WorkloadIdentity"
WILDCARD = json.dumps({"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:::orders"}})
NOTHING: dict[str, list[str]] = {REQUIRED: [], ADVISED: []}

_NO_TIMEOUTS = PolicyCustomTimeouts(0, 0, 0)


class Pack:
    """A pack and its run.

    Args:
        defaults: of the pack.
        config: what the team gives under `nhi-required`.
        systems: whose resources it judges.
        across: its checks of the whole stack.
    """

    def __init__(
        self,
        defaults: JudgeConfig | None = None,
        config: Mapping[str, Any] | None = None,
        systems: Iterable[Platform] = tuple(SYSTEMS),
        across: Sequence[StackCheck] = (),
    ) -> None:
        self.policies = policies(defaults, systems=systems, across=across, clock=lambda: NOW)
        self.config = config
        self._seen: list[PolicyResource] = []

    def analyze(
        self,
        type_token: str,
        inputs: dict[str, Any],
        urn: str = "urn",
        parent: str = "",
        references: Mapping[str, Sequence[str]] | None = None,
    ) -> dict[str, list[str]]:
        """What each policy for resources reports, by its name; the stack's are told from where its inputs come."""
        found: dict[str, list[str]] = {}
        for policy in self.policies:
            if isinstance(policy, ResourceValidationPolicy):
                messages = found.setdefault(policy.name, [])
                config = self.config if policy.name == REQUIRED else None
                props = unknown_checking_proxy(inputs)
                args = ResourceValidationArgs(type_token, props, urn, "name", _options(parent), None, config)
                policy.validate(args, lambda message, _, told=messages: told.append(message))
        by_urn = {seen.urn: seen for seen in self._seen}
        known = {name: [by_urn[each] for each in urns] for name, urns in (references or {}).items()}
        self._seen.append(PolicyResource(type_token, {}, urn, "name", _options(parent), None, None, [], known))
        return found

    def end(self) -> dict[str, list[tuple[str | None, str]]]:
        """What each policy for the stack reports, by its name: URN and message."""
        found: dict[str, list[tuple[str | None, str]]] = {}
        for policy in self.policies:
            if isinstance(policy, StackValidationPolicy):
                messages = found.setdefault(policy.name, [])
                policy.validate(
                    StackValidationArgs(self._seen), lambda message, urn, told=messages: told.append((urn, message))
                )
        return found


def rules_of(messages: Iterable[str]) -> list[str]:
    """The rule ids at the beginnings of messages."""
    return [message[1 : message.index("]")] for message in messages]


def exception(**changes: str) -> dict[str, Any]:
    """An exception in force, as data."""
    given = {
        "rule": "aws.wildcard-action",
        "resource": "urn",
        "reason": "migration",
        "approver": "ab",
        "ends": ENDS,
    }
    return given | changes


def _options(parent: str) -> PolicyResourceOptions:
    return PolicyResourceOptions(False, [], None, [], _NO_TIMEOUTS, [], parent or None)
