"""azure.vault-access-wildcard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import VaultAccess
from nhi_components.rules.azure.grants import listed
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_ALL = frozenset({"all", "*"})


@rule(
    id="azure.vault-access-wildcard",
    rule_class=RuleClass.ACTION_WILDCARD,
    severity=Severity.HIGH,
    about=(VaultAccess,),
    title="Access policies of key vaults name their permissions",
    why="`all` reads, replaces and deletes every secret, key or certificate of the vault, and purges its backups.",
    fix="list the permissions that the workload uses, such as `get`; or use Azure RBAC on single secrets",
    bad=Example(
        '{"objectId": "11111111-1111-1111-1111-111111111111", "permissions": {"secrets": ["all"]}}',
        DocumentKind.RESOURCE_POLICY,
        Platform.AZURE,
    ),
    good=Example(
        '{"objectId": "11111111-1111-1111-1111-111111111111", "permissions": {"secrets": ["get"]}}',
        DocumentKind.RESOURCE_POLICY,
        Platform.AZURE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Azure Key Vault documentation, 'Assign a Key Vault access policy (legacy)'",),
)
def vault_access_wildcard(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find access policies with `all`."""
    for access in facts.of(VaultAccess):
        wild = [permission for permission in access.permissions if permission.text.rpartition("/")[2] in _ALL]
        if wild:
            got = listed(permission.text for permission in wild)
            yield this.finding(access.resource, wild[0].path, got, "permissions by name, such as `get`")
