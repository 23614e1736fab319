"""Tells what an AWS policy document is by what it says, where nobody tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nhi_components.facts.documents import DocumentKind


def kind_of_policy(document: Mapping[str, Any]) -> DocumentKind:
    """Tell what a policy document is by its statements: only those on a resource or a role name principals."""
    given = document.get("Statement")
    statements = [each for each in (given if isinstance(given, list) else [given]) if isinstance(each, Mapping)]
    if not any("Principal" in each or "NotPrincipal" in each for each in statements):
        return DocumentKind.POLICY_DOCUMENT
    if all(_assumes_a_role(each.get("Action")) for each in statements):
        return DocumentKind.TRUST_POLICY
    return DocumentKind.RESOURCE_POLICY


def _assumes_a_role(actions: object) -> bool:
    members = actions if isinstance(actions, list) else [actions]
    named = [member.lower() for member in members if isinstance(member, str)]
    return bool(named) and all(
        name.startswith("sts:assumerole") or name in ("sts:tagsession", "sts:setsourceidentity", "sts:setcontext")
        for name in named
    )
