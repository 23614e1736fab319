"""vault.wildcard-path."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.vault.model import VaultPolicyDocument
from nhi_components.facts.vault.paths import names_everything, names_nearly_everything
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="vault.wildcard-path",
    rule_class=RuleClass.RESOURCE_WILDCARD,
    severity=Severity.HIGH,
    about=(VaultPolicyDocument,),
    title="Every path of a policy goes below one mount, to something named",
    why='`path "*"` is everything that Vault holds, and `secret/*` or `secret/data/*` every secret of a mount: those '
    "of other identities, and those that will be written tomorrow.",
    fix="continue the path with the name of the application: `secret/data/orders/*`",
    bad=Example('path "secret/data/*" {\n  capabilities = ["read"]\n}', DocumentKind.VAULT_POLICY),
    good=Example('path "secret/data/orders/*" {\n  capabilities = ["read"]\n}', DocumentKind.VAULT_POLICY),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def wildcard_path(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find path rules that cover a whole mount or more."""
    for document in facts.of(VaultPolicyDocument):
        for path_rule in document.granting:
            if names_nearly_everything(path_rule.pattern):
                got = f"{', '.join(sorted(path_rule.granted))} on {path_rule.pattern}"
                severity = Severity.CRITICAL if names_everything(path_rule.pattern) else Severity.HIGH
                expected = "a path with a name below its mount"
                yield this.finding(document.resource, path_rule.path, got, expected, severity=severity)
