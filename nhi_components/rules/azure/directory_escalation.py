"""azure.directory-escalation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import ApiPermission, DirectoryRoleAssignment
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_CREDENTIALS = "adds a secret to applications that hold more"
_PASSWORDS = "resets the passwords of those who hold more"
_GROUPS = "adds itself to groups that hold more"
_ROLES: Final[dict[str, str]] = {
    "global administrator": "may elevate its access to every subscription",
    "privileged role administrator": "assigns itself any directory role",
    "privileged authentication administrator": _PASSWORDS,
    "authentication administrator": _PASSWORDS,
    "password administrator": _PASSWORDS,
    "helpdesk administrator": _PASSWORDS,
    "user administrator": _PASSWORDS,
    "partner tier1 support": _CREDENTIALS,
    "partner tier2 support": "assigns itself any directory role",
    "application administrator": _CREDENTIALS,
    "cloud application administrator": _CREDENTIALS,
    "hybrid identity administrator": _CREDENTIALS,
    "directory synchronization accounts": _CREDENTIALS,
    "groups administrator": _GROUPS,
    "directory writers": _GROUPS,
    "identity governance administrator": "hands itself access packages",
    "intune administrator": _GROUPS,
    "domain name administrator": "federates a domain and signs in as anyone",
    "external identity provider administrator": "federates a domain and signs in as anyone",
}
_PERMISSIONS: Final[dict[str, str]] = {
    "RoleManagement.ReadWrite.Directory": "assigns itself any directory role",
    "AppRoleAssignment.ReadWrite.All": "grants itself any application permission",
    "Application.ReadWrite.All": _CREDENTIALS,
    "Directory.ReadWrite.All": _GROUPS,
    "Group.ReadWrite.All": _GROUPS,
    "GroupMember.ReadWrite.All": _GROUPS,
    "UserAuthenticationMethod.ReadWrite.All": "gives itself a sign-in of any user",
    "User-PasswordProfile.ReadWrite.All": _PASSWORDS,
    "Domain.ReadWrite.All": "federates a domain and signs in as anyone",
    "Policy.ReadWrite.PermissionGrant": "grants itself any application permission",
    "Policy.ReadWrite.AuthenticationMethod": "gives itself a sign-in of any user",
    "RoleAssignmentSchedule.ReadWrite.Directory": "assigns itself any directory role",
    "RoleEligibilitySchedule.ReadWrite.Directory": "assigns itself any directory role",
    "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup": _GROUPS,
    "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup": _GROUPS,
    "EntitlementManagement.ReadWrite.All": "hands itself access packages",
}
_TENANT_WIDE = "a permission that leads to no other"


@rule(
    id="azure.directory-escalation",
    rule_class=RuleClass.ESCALATION,
    severity=Severity.CRITICAL,
    about=(DirectoryRoleAssignment, ApiPermission),
    title="No directory role or Graph permission of a workload leads to more",
    why="Who may add secrets to applications, reset passwords or fill groups acts as the one that holds more: an "
    "application that administers the directory, a person, a group that owns subscriptions.",
    fix="grant a narrower permission, such as Application.ReadWrite.OwnedBy, or a role for an administrative unit",
    bad=Example(
        '{"role": "Application Administrator", "members": ["11111111-1111-1111-1111-111111111111"]}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    good=Example(
        '{"role": "Reports Reader", "members": ["11111111-1111-1111-1111-111111111111"]}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=(
        "Entra documentation, 'Microsoft Entra built-in roles', roles marked privileged",
        "SpecterOps BloodHound documentation, edges `AZMGGrantAppRoles`, `AZMGAddSecret`, `AZMGGrantRole`",
    ),
)
def directory_escalation(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find directory roles and application permissions by which a known method works."""
    for assignment in facts.of(DirectoryRoleAssignment):
        how = _ROLES.get(assignment.role)
        if how is not None and not assignment.named_scope:
            got = f"{assignment.role.title()}: {how}"
            yield this.finding(assignment.resource, assignment.path, got, "a role that leads to no other")
    for asked in facts.of(ApiPermission):
        how = _PERMISSIONS.get(asked.permission)
        if how is not None:
            yield this.finding(asked.resource, asked.path, f"{asked.permission}: {how}", _TENANT_WIDE)
