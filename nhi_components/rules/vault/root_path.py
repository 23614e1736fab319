"""vault.root-path."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.vault.model import PathRule, VaultPolicyDocument
from nhi_components.facts.vault.paths import overlaps
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_WRITES: Final = frozenset({"create", "update", "patch", "delete", "sudo"})
_READS: Final = frozenset({"read", "list", "sudo"})

_ESCALATING: Final = (
    (_WRITES, "rewrites policies", "sys/policy/+ sys/policies/+/+"),
    (_WRITES, "opens ways to log in or mounts engines", "sys/auth/+ sys/mounts/+ sys/remount"),
    (_WRITES | _READS, "reads Vault's own storage", "sys/raw/* sys/storage/raft/snapshot"),
    (_WRITES, "makes root tokens or keys", "sys/generate-root/attempt sys/rekey/init"),
    (_WRITES, "makes tokens", "auth/token/create auth/token/create/+ auth/token/create-orphan auth/token/roles/+"),
    (
        _WRITES,
        "decides who may log in, and with which policies",
        "auth/+/role/+ auth/+/role/+/policies auth/+/role/+/token-policies auth/+/config auth/+/users/+ "
        "auth/+/groups/+ auth/+/certs/+ auth/+/map/+/+",
    ),
    (_WRITES, "changes identities and their policies", "identity/entity* identity/group* identity/persona*"),
    (_WRITES, "mints identity tokens", "identity/oidc/key/+ identity/oidc/role/+ identity/oidc/client/+"),
)
"""Capabilities, what one can do with them, and the paths.

Source: Vault HTTP API, the pages of `sys`, `auth` and `identity`.
"""

_HARMLESS_WRITES: Final = (
    "sys/capabilities",
    "sys/capabilities-accessor",
    "sys/capabilities-self",
    "sys/control-group/request",
    "sys/leases/lookup",
    "sys/leases/renew",
    "sys/renew",
    "sys/tools/hash",
    "sys/tools/random",
    "sys/wrapping/lookup",
    "sys/wrapping/rewrap",
    "sys/wrapping/unwrap",
    "sys/wrapping/wrap",
)
"""What Vault's own policy `default` lets every token write, and their likes."""


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
        for path_rule in document.rules:
            power = _power(path_rule)
            if power:
                got = f"{', '.join(sorted(path_rule.granted))} on {path_rule.pattern}, which {power}"
                yield this.finding(document.resource, path_rule.path, got, "paths of secrets, not of Vault itself")


def _power(path_rule: PathRule) -> str:
    granted, pattern = path_rule.granted, path_rule.pattern
    for capabilities, power, paths in _ESCALATING:
        if granted & capabilities and any(overlaps(pattern, path) for path in paths.split()):
            return power
    if pattern.startswith("sys/") and granted & _WRITES and pattern not in _HARMLESS_WRITES:
        return "operates Vault"
    return ""
