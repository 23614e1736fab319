"""azure.exfiltration."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import RoleAssignment, RoleDefinition
from nhi_components.rules.azure.conditions import narrows_data
from nhi_components.rules.azure.grants import granted
from nhi_components.rules.azure.operations import EXFILTRATION
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="azure.exfiltration",
    rule_class=RuleClass.EXFILTRATION,
    severity=Severity.HIGH,
    about=(RoleDefinition, RoleAssignment),
    title="No role reads the data of a whole subscription",
    why="A stolen credential of a workload that may read all blobs, all secrets, or copy all disks "
    "of a subscription takes the data of every other workload along.",
    fix="assign the role on the account, the container or the vault that the workload reads",
    bad=Example(
        '{"role": "Storage Blob Data Reader", "members": ["11111111-1111-1111-1111-111111111111"], '
        '"scope": "/subscriptions/22222222-2222-2222-2222-222222222222"}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    good=Example(
        '{"role": "Storage Blob Data Reader", "members": ["11111111-1111-1111-1111-111111111111"], '
        '"scope": "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/orders'
        '/providers/Microsoft.Storage/storageAccounts/orders"}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=(
        "Azure RBAC documentation, 'Azure permissions for Storage' and 'for Security'",
        "MITRE ATT&CK T1530 Data from Cloud Storage",
    ),
)
def exfiltration(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find roles and assignments that read stored data, or the keys to it, of more than something named."""
    for grant in granted(facts):
        if grant.is_unnarrowed and not any(map(narrows_data, grant.conditions)):
            reads = [action for operation, action in grant.effective.granted.items() if operation in EXFILTRATION]
            if reads:
                expected = "reads of data that are narrowed to what the workload needs"
                yield this.finding(grant.fact.resource, grant.place(reads), grant.words(reads), expected)
