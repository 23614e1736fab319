"""vault.unconstrained-write."""

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

_WRITES: Final = frozenset({"create", "update", "patch", "delete"})
_ALL_MOUNTS: Final = frozenset({"sys/mounts/*", "sys/mounts*"})


@rule(
    id="vault.unconstrained-write",
    rule_class=RuleClass.WRITE_WITHOUT_CONSTRAINT,
    severity=Severity.MEDIUM,
    about=(VaultPolicyDocument,),
    title="No policy writes to a whole mount",
    why="Writes on all of a mount change or destroy what every other application relies on.",
    fix="continue the path with the name of the application",
    bad=Example(
        'path "secret/*" {\n  capabilities = ["create", "update"]\n}',
        DocumentKind.VAULT_POLICY,
    ),
    good=Example(
        'path "secret/data/orders/*" {\n  capabilities = ["create", "update"]\n}',
        DocumentKind.VAULT_POLICY,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Vault documentation, 'Policies'",),
)
def unconstrained_write(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find path rules that write to a mount, or to more."""
    for document in facts.of(VaultPolicyDocument):
        for path_rule in document.granting:
            pattern = path_rule.pattern
            whole = pattern in _ALL_MOUNTS or (pattern.endswith("*") and names_nearly_everything(pattern))
            if whole and path_rule.granted & _WRITES and not path_rule.narrowed:
                got = f"{', '.join(sorted(path_rule.granted & _WRITES))} on {path_rule.pattern}"
                yield this.finding(document.resource, path_rule.path, got, "a path with a name below its mount")
