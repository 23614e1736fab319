"""Tells which bounds of a JWT role name a workload, and which let in a whole organisation, or anybody.

Sources: GitHub documentation, 'OpenID Connect reference'; GitLab documentation, 'ID token authentication'; HCP
Terraform documentation, 'Workload identity tokens'; Vault HTTP API, 'JWT/OIDC auth method'.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

_CLAIMS: Final = "bound_claims."

_BROAD: Final = frozenset(
    {
        "actor",
        "actor_id",
        "aud",
        "base_ref",
        "enterprise",
        "environment",
        "event_name",
        "head_ref",
        "iss",
        "namespace_id",
        "namespace_path",
        "ref",
        "ref_protected",
        "ref_type",
        "repository_owner",
        "repository_owner_id",
        "repository_visibility",
        "runner_environment",
        "terraform_organization_id",
        "terraform_organization_name",
        "terraform_run_phase",
        "user_login",
    }
)
"""Claims that many workloads share: an owner, a branch of any repository, the issuer."""

_ORGANISATION_ONLY: Final = re.compile(r"(repo|project_path|organization):[^/:]*(/?\*.*)?")
"""A subject that names at most the organisation: `repo:*`, `repo:org/*`, `organization:org:*`."""

_PARTS_OF_TERRAFORM: Final = re.compile(r"organization:[^:*]+:project:[^:]+:workspace:[^:*]+(:.*)?")
_ONLY_WILDCARDS: Final = re.compile(r"[*?/:+.]*")


def too_broad(bounds: Mapping[str, tuple[str, ...]]) -> str:
    """Say why the bounds of a role let in more than a workload; empty when they name one."""
    claims = {
        name.removeprefix(_CLAIMS).lstrip("/"): values for name, values in bounds.items() if name.startswith(_CLAIMS)
    }
    subjects = bounds.get("bound_subject", ())
    if not subjects and not claims:
        return "neither subject nor claims are bound"
    reasons = [_of_claim(name, values) for name, values in claims.items()]
    if subjects:
        reasons.append(_of_claim("sub", subjects))
    return reasons[0] if all(reasons) else ""


def _of_claim(name: str, values: tuple[str, ...]) -> str:
    if name == "sub":
        return next(filter(None, map(_of_subject, values)), "")
    if name in _BROAD:
        return f"the claim {name} is shared by many workloads"
    for value in values:
        if _ONLY_WILDCARDS.fullmatch(value):
            return f"the claim {name} takes any value"
        if name in ("repository", "project_path", "job_workflow_ref", "workflow_ref") and _names_owner_alone(value):
            return f"the claim {name} takes every repository of an owner"
    return ""


def _names_owner_alone(value: str) -> bool:
    owner, _, repository = value.partition("/")
    return "*" in owner or repository.startswith("*")


@lru_cache(maxsize=4096)
def _of_subject(value: str) -> str:
    if _ONLY_WILDCARDS.fullmatch(value):
        return "the subject is anything"
    if value.startswith("organization:"):
        return "" if _PARTS_OF_TERRAFORM.fullmatch(value) else "the subject names no workspace"
    if _ORGANISATION_ONLY.fullmatch(value):
        return "the subject takes every repository of an owner"
    return ""
