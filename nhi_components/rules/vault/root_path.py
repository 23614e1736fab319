"""vault.root-path."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.vault.model import PathRule, VaultPolicyDocument
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule
from nhi_components.rules.vault.endpoints import WRITES, Power
from nhi_components.rules.vault.reach import enabled, operates


@rule(
    id="vault.root-path",
    rule_class=RuleClass.ESCALATION,
    severity=Severity.CRITICAL,
    about=(VaultPolicyDocument,),
    title="No policy of a workload reaches the paths that decide what others may do",
    why="Whoever writes policies, tokens, auth roles or entities gives himself any policy, `root` included; whoever "
    "reads raw storage or a snapshot has every secret.",
    fix="remove the path; let the pipeline that provisions identities hold it, under an exception with an end date",
    bad=Example('path "sys/policies/acl/*" {\n  capabilities = ["create", "update"]\n}', DocumentKind.VAULT_POLICY),
    good=Example('path "sys/capabilities-self" {\n  capabilities = ["update"]\n}', DocumentKind.VAULT_POLICY),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def root_path(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find path rules by which a token can become more than it is."""
    for document in facts.of(VaultPolicyDocument):
        told = {
            path_rule.path: (path_rule, what)
            for path_rule, what in enabled(document, Power.ESCALATION)
            if not _only_looks_around(path_rule)
        }
        for path_rule in document.granting:
            if operates(path_rule):
                told.setdefault(path_rule.path, (path_rule, "operates Vault"))
        for path_rule, what in told.values():
            got = f"{', '.join(sorted(path_rule.granted))} on {path_rule.pattern}, which {what}"
            yield this.finding(document.resource, path_rule.path, got, "paths of secrets, not of Vault itself")


def _only_looks_around(path_rule: PathRule) -> bool:
    """Tell whether a rule only reads all of `sys/`: raw storage asks for `sudo` too, and a snapshot is encrypted."""
    first, _, rest = path_rule.pattern.partition("/")
    return first in ("sys", "sys*") and not rest.strip("/+*") and not path_rule.granted & WRITES
