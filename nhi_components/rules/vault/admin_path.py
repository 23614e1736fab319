"""vault.admin-path."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.vault.model import VaultPolicyDocument
from nhi_components.facts.vault.paths import names_everything
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_WRITES: Final = frozenset({"create", "update", "patch"})
_POWERFUL: Final = _WRITES | {"sudo"}
_SYSTEM: Final = frozenset({"sys/*", "sys*"})
_DECISIVE: Final = frozenset({"sys/*", "auth/*", "identity/*"})
"""Denied all three, even `*` gives no policies, tokens and entities."""


@rule(
    id="vault.admin-path",
    rule_class=RuleClass.ADMIN,
    severity=Severity.CRITICAL,
    about=(VaultPolicyDocument,),
    title="No policy of a workload is as good as root",
    why=(
        "With `sudo` or writes on every path, or with `sudo` on all of `sys/`, a token writes policies and makes "
        "tokens: it is root but for the name."
    ),
    fix="list the paths that the workload uses",
    bad=Example(
        'path "*" {\n  capabilities = ["create", "read", "update", "delete", "list", "sudo"]\n}',
        DocumentKind.VAULT_POLICY,
    ),
    good=Example(
        'path "secret/data/orders" {\n  capabilities = ["read"]\n}',
        DocumentKind.VAULT_POLICY,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Vault documentation, 'Policies'",),
)
def admin_path(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find path rules that take in everything."""
    for document in facts.of(VaultPolicyDocument):
        denied = {path_rule.pattern for path_rule in document.rules if not path_rule.granted}
        for path_rule in document.granting:
            everything = names_everything(path_rule.pattern) and not denied >= _DECISIVE
            system = path_rule.pattern in _SYSTEM and "sudo" in path_rule.granted
            if (everything and path_rule.granted & _POWERFUL) or (system and path_rule.granted & _WRITES):
                got = f"{', '.join(sorted(path_rule.granted))} on {path_rule.pattern}"
                yield this.finding(document.resource, path_rule.path, got, "the paths that the workload uses")
