"""Laws of the verdicts on Google Cloud: more permissions never mean fewer findings; order and spelling mean nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nhi_components.core.gcp_catalogue import all_permissions, predefined_roles
from nhi_components.facts import DocumentKind, Facts, Platform, read_document
from nhi_components.rules import Judge, JudgeConfig

NOW = datetime(2026, 1, 15, tzinfo=UTC)
JUDGE = Judge(JudgeConfig())
ROLES = st.sampled_from(predefined_roles())
PERMISSIONS = st.lists(st.sampled_from(sorted(all_permissions())), min_size=1, max_size=30, unique=True)
MEMBERS = st.sampled_from(
    ["allUsers", "domain:a.example", "user:a@example.com", "serviceAccount:p@appspot.gserviceaccount.com"]
)
SCOPES = st.sampled_from(["project", "folder", "bucket", "service_account", None])


def fired(document: Any, kind: DocumentKind = DocumentKind.BINDING) -> set[str]:
    facts = Facts(read_document(kind, "document", document, {}, Platform.GCP))
    return {finding.rule for finding in JUDGE.find(facts, NOW)}


@settings(deadline=None)
@given(PERMISSIONS, PERMISSIONS)
def test_a_permission_more_removes_no_finding(some: list[str], more: list[str]) -> None:
    role = DocumentKind.ROLE_DEFINITION
    assert fired({"includedPermissions": some}, role) <= fired({"includedPermissions": some + more}, role)
    assert fired({"includedPermissions": some}, role) == fired({"permissions": some[::-1]}, role)


@settings(deadline=None)
@given(ROLES, MEMBERS, SCOPES)
def test_a_single_member_and_a_list_are_the_same(role: str, member: str, scope: str | None) -> None:
    one = fired({"role": role, "member": member, "resource_type": scope})
    assert one == fired({"role": role, "members": [member], "resourceType": scope})
    assert one == fired({"bindings": [{"role": role, "members": [member], "resource_type": scope}]})


@settings(deadline=None)
@given(ROLES, ROLES, MEMBERS, SCOPES)
def test_a_policy_finds_what_its_bindings_find(role: str, other: str, member: str, scope: str | None) -> None:
    one = {"role": role, "members": [member], "resource_type": scope}
    two = {"role": other, "members": ["user:b@example.com"], "resource_type": scope}
    assert fired({"bindings": [one, two]}) == fired(one) | fired(two) == fired({"bindings": [two, one]})


@settings(deadline=None)
@given(ROLES, MEMBERS)
def test_a_wider_scope_removes_no_finding_of_a_narrower_one(role: str, member: str) -> None:
    narrow = fired({"role": role, "member": member, "resource_type": "bucket"})
    assert narrow <= fired({"role": role, "member": member, "resource_type": "project"})
