"""azure.public-principal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import OpenAccess, RoleAssignment
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EVERYONE = frozenset(
    {
        "*",
        "00000000-0000-0000-0000-000000000000",
        "all users",
        "allauthenticatedusers",
        "allprincipals",
        "allusers",
        "anonymous",
        "anyone",
        "everyone",
        "public",
    }
)
"""How documents write `anyone`; the empty id is that of all principals in deny assignments."""


@rule(
    id="azure.public-principal",
    rule_class=RuleClass.PUBLIC_PRINCIPAL,
    severity=Severity.CRITICAL,
    about=(RoleAssignment, OpenAccess),
    title="Everyone who gets access is named",
    why="A role for all principals, or a container that answers without a sign-in, is open to whoever finds it.",
    fix="name the principal by its object id; turn public access off",
    bad=Example(
        '{"role": "Storage Blob Data Reader", "members": ["*"], '
        '"scope": "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/orders"}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    good=Example(
        '{"role": "Storage Blob Data Reader", "members": ["11111111-1111-1111-1111-111111111111"], '
        '"scope": "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/orders"}',
        DocumentKind.BINDING,
        Platform.AZURE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=(
        "Azure Storage documentation, 'Remediate anonymous read access to blob data'",
        "Azure REST API, 'Deny Assignments', `principals`",
    ),
)
def public_principal(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find roles for everyone, and resources that are open to callers without a sign-in."""
    for assignment in facts.of(RoleAssignment):
        for principal in assignment.principals:
            if _name(principal.text) in _EVERYONE:
                got = f"{assignment.role} for {principal.text}"
                yield this.finding(assignment.resource, principal.path, got, "named principals")
        if _name(assignment.principal_type) == "everyone":
            got = f"{assignment.role} for everyone"
            yield this.finding(assignment.resource, assignment.path, got, "named principals")
    for opened in facts.of(OpenAccess):
        if opened.anyone:
            yield this.finding(opened.resource, opened.path, opened.got, "access for named principals only")


def _name(principal: str) -> str:
    """Give a principal without its type: `user:` and the like."""
    kind, colon, name = principal.strip().lower().partition(":")
    return name if colon and kind in ("user", "group", "serviceprincipal") else principal.strip().lower()
