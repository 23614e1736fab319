"""vault.sudo-capability."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.vault.model import VaultPolicyDocument
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="vault.sudo-capability",
    rule_class=RuleClass.ESCALATION,
    severity=Severity.HIGH,
    about=(VaultPolicyDocument,),
    title="No policy of a workload has the capability sudo",
    why="`sudo` opens root-protected endpoints: raw storage, audit devices, every lease and token. No workload "
    "operates Vault.",
    fix="remove `sudo`; give an operator's identity of its own to what really operates Vault",
    bad=Example('path "secret/data/orders" {\n  capabilities = ["read", "sudo"]\n}', DocumentKind.VAULT_POLICY),
    good=Example('path "secret/data/orders" {\n  capabilities = ["read"]\n}', DocumentKind.VAULT_POLICY),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def sudo_capability(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find path rules that grant sudo."""
    for document in facts.of(VaultPolicyDocument):
        for path_rule in document.granting:
            if "sudo" in path_rule.granted:
                place = next(capability.path for capability in path_rule.capabilities if capability.text == "sudo")
                yield this.finding(
                    document.resource,
                    place,
                    f"sudo on {path_rule.pattern}",
                    "create, read, update, patch, delete, list",
                )
