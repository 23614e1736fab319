"""vault.whole-mount."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.vault.model import VaultPolicyDocument
from nhi_components.facts.vault.paths import names_nearly_everything
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EVERY: Final = frozenset({"read", "update", "delete", "list"})
"""What exists can be read, changed, deleted and found with these; `create` and `patch` are beside `update`."""


@rule(
    id="vault.whole-mount",
    rule_class=RuleClass.SERVICE_WILDCARD,
    severity=Severity.HIGH,
    about=(VaultPolicyDocument,),
    title="No policy gives every capability on a whole mount",
    why=(
        "Whoever may read, write, list and delete all that a mount holds has every application's secrets, and can"
        " destroy them."
    ),
    fix="continue the path with the name of the application, and list the capabilities it uses",
    bad=Example(
        'path "secret/*" {\n  capabilities = ["create", "read", "update", "delete", "list"]\n}',
        DocumentKind.VAULT_POLICY,
    ),
    good=Example(
        'path "secret/data/orders/*" {\n  capabilities = ["create", "read", "update", "delete", "list"]\n}',
        DocumentKind.VAULT_POLICY,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Vault documentation, 'Policies'",),
)
def whole_mount(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find path rules with all capabilities on a mount, or on more."""
    for document in facts.of(VaultPolicyDocument):
        for path_rule in document.granting:
            if path_rule.granted >= _EVERY and names_nearly_everything(path_rule.pattern):
                got = f"every capability on {path_rule.pattern}"
                yield this.finding(document.resource, path_rule.path, got, "a path with a name below its mount")
