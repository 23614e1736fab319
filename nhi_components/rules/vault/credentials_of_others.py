"""vault.credentials-of-others."""

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
    id="vault.credentials-of-others",
    rule_class=RuleClass.CREDENTIALS_EXPOSURE,
    severity=Severity.HIGH,
    about=(VaultPolicyDocument,),
    title="No policy returns or makes the credentials of others",
    why=(
        "A pattern in place of the role is every role: the database's administrator among them, every AppRole's "
        "secret id, tokens with any policy that the holder has."
    ),
    fix="name the role whose credentials the workload uses",
    bad=Example(
        'path "database/creds/*" {\n  capabilities = ["read"]\n}',
        DocumentKind.VAULT_POLICY,
    ),
    good=Example(
        'path "database/creds/orders" {\n  capabilities = ["read"]\n}',
        DocumentKind.VAULT_POLICY,
    ),
    references=(Reference.SECRET_LEAKAGE, Reference.ACCESS_MANAGED),
    sources=("Vault documentation, 'Policies'",),
)
def credentials_of_others(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find path rules that return or make credentials of roles that nobody named."""
    for document in facts.of(VaultPolicyDocument):
        for path_rule, what in enabled(document, Power.CREDENTIALS):
            got = f"{', '.join(sorted(path_rule.granted))} on {path_rule.pattern}, which {what}"
            yield this.finding(document.resource, path_rule.path, got, "the path of one role")
