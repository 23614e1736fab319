"""vault.root-policy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts
from nhi_components.facts.vault.model import VaultPolicyAttachment
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="vault.root-policy",
    rule_class=RuleClass.ADMIN,
    severity=Severity.CRITICAL,
    about=(VaultPolicyAttachment,),
    title="No identity gets the policy root",
    why="A token with the policy `root` may do everything, and it may never expire.",
    fix="name policies that list paths",
    bad=Example(
        '{"type": "vault:appRole/authBackendRole:AuthBackendRole", '
        '"inputs": {"roleName": "orders", "tokenPolicies": ["root"], "secretIdTtl": 3600}}'
    ),
    good=Example(
        '{"type": "vault:appRole/authBackendRole:AuthBackendRole", '
        '"inputs": {"roleName": "orders", "tokenPolicies": ["orders"], "secretIdTtl": 3600}}'
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def root_policy(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find roles, tokens and entities with the policy root."""
    for attachment in facts.of(VaultPolicyAttachment):
        if attachment.policy.strip().lower() == "root":
            yield this.finding(attachment.resource, attachment.path, "root", "policies that list paths")
