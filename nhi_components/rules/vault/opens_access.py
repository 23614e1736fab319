"""vault.opens-access."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.vault.model import VaultPolicyDocument
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule
from nhi_components.rules.vault.endpoints import Power
from nhi_components.rules.vault.reach import enabled


@rule(
    id="vault.opens-access",
    rule_class=RuleClass.RESOURCE_EXPOSURE,
    severity=Severity.HIGH,
    about=(VaultPolicyDocument,),
    title="No policy of a workload changes who may do what",
    why=("Whoever writes policies, auth methods, their roles, entities or groups decides what others may do."),
    fix="let the pipeline that provisions identities hold it, under an exception with an end date",
    bad=Example(
        'path "sys/policies/acl/*" {\n  capabilities = ["create", "update"]\n}',
        DocumentKind.VAULT_POLICY,
    ),
    good=Example(
        'path "sys/policies/acl/orders" {\n  capabilities = ["read"]\n}',
        DocumentKind.VAULT_POLICY,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Vault documentation, 'Policies'",),
)
def opens_access(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find path rules that change policies, logins or identities."""
    for document in facts.of(VaultPolicyDocument):
        for path_rule, what in enabled(document, Power.ACCESS):
            got = f"{', '.join(sorted(path_rule.granted))} on {path_rule.pattern}, which {what}"
            yield this.finding(document.resource, path_rule.path, got, "no writes of policies, logins and identities")
