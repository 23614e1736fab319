"""vault.bulk-read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.vault.model import VaultPolicyDocument
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule
from nhi_components.rules.vault.endpoints import Power
from nhi_components.rules.vault.reach import enabled, holds_every_secret


@rule(
    id="vault.bulk-read",
    rule_class=RuleClass.EXFILTRATION,
    severity=Severity.HIGH,
    about=(VaultPolicyDocument,),
    title="No policy reads all secrets of a mount",
    why=(
        "`read` on `secret/*` or `secret/data/*` is every secret of every application; a snapshot or raw storage "
        "is all that Vault holds."
    ),
    fix="continue the path with the name of the application",
    bad=Example(
        'path "secret/data/*" {\n  capabilities = ["read", "list"]\n}',
        DocumentKind.VAULT_POLICY,
    ),
    good=Example(
        'path "secret/data/orders/*" {\n  capabilities = ["read", "list"]\n}',
        DocumentKind.VAULT_POLICY,
    ),
    references=(Reference.SECRET_LEAKAGE, Reference.ACCESS_MANAGED),
    sources=("Vault documentation, 'Policies'",),
)
def bulk_read(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find path rules that read the secrets of a whole mount, or all that Vault stores."""
    for document in facts.of(VaultPolicyDocument):
        told = {path_rule.path: (path_rule, what) for path_rule, what in enabled(document, Power.DATA)}
        for path_rule in document.granting:
            if "read" in path_rule.granted and holds_every_secret(path_rule.pattern):
                told.setdefault(path_rule.path, (path_rule, "reads every secret"))
        for path_rule, what in told.values():
            got = f"{', '.join(sorted(path_rule.granted))} on {path_rule.pattern}, which {what}"
            yield this.finding(document.resource, path_rule.path, got, "a path with a name below its mount")
