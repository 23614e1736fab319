"""azure.admin-directory-role."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import ApiPermission, DirectoryRoleAssignment
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_ROLES = frozenset({"global administrator", "privileged role administrator"})
_PERMISSION = "RoleManagement.ReadWrite.Directory"


@rule(
    id="azure.admin-directory-role",
    rule_class=RuleClass.ADMIN,
    severity=Severity.CRITICAL,
    about=(DirectoryRoleAssignment, ApiPermission),
    title="No workload administers the directory",
    why="A Global Administrator may do everything in the directory and make itself owner of every subscription. A "
    "Privileged Role Administrator, and an application that may write directory roles, make themselves that.",
    fix="grant the application permission, or the directory role, that covers the calls it makes",
    bad=Example(
        '{"role": "Global Administrator", "members": ["11111111-1111-1111-1111-111111111111"]}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    good=Example(
        '{"role": "Directory Readers", "members": ["11111111-1111-1111-1111-111111111111"]}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Entra documentation, 'Microsoft Entra built-in roles'",),
)
def admin_directory_role(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find roles and application permissions that make an administrator of the directory."""
    expected = "a role or a permission that covers the calls it makes"
    for assignment in facts.of(DirectoryRoleAssignment):
        if assignment.role in _ROLES:
            yield this.finding(assignment.resource, assignment.path, assignment.role.title(), expected)
    for asked in facts.of(ApiPermission):
        if asked.permission == _PERMISSION:
            yield this.finding(asked.resource, asked.path, asked.permission, expected)
