"""Whose tokens a provider of a workload identity pool lets in, after its condition."""

from __future__ import annotations

import re
from functools import lru_cache

from nhi_components.facts.gcp.conditions import Comparison
from nhi_components.facts.gcp.model import IdentityProvider
from nhi_components.rules.gcp.claims import CLUSTER_MARKS, NAMES_A_WORKLOAD, PART_OF_A_NAME, SHARED_HOSTS, Issuer

_HOST = re.compile(r"(?:https?://)?([^/:?#]*)(?::\d+)?(/[^?#]*)?", re.IGNORECASE)
_ANY_TENANT = re.compile(r"(?:login\.microsoftonline\.com|sts\.windows\.net)/(?:common|organizations|consumers)\b")
_CLAIM = re.compile(r"assertion\.(\w+)")
_WILDCARDS = "*?"
_SUBJECTS = frozenset({"sub", "subject", "google.subject"})
_REPOSITORIES = frozenset({"repository", "repo"})
_PATHS = frozenset({"job_workflow_ref", "workflow_ref", "project_path", "ci_config_ref_uri"})
_GITHUB_SUBJECTS = ("repo:", "repository:", "repository_id:", "job_workflow_ref:")
_TERRAFORM_PARTS = ("organization:", "project:", "workspace:")
_SEPARATORS = (":", "/", "@", "$")


@lru_cache(4096)
def issuer_of(address: str) -> Issuer:
    """Tell who issues the tokens of an OIDC provider."""
    match = _HOST.match(address.strip())
    host, path = (match[1].lower(), match[2] or "") if match else ("", "")
    if host in SHARED_HOSTS:
        enterprise = SHARED_HOSTS[host] is Issuer.GITHUB and bool(path.strip("/"))
        return Issuer.OTHER if enterprise else SHARED_HOSTS[host]
    if _ANY_TENANT.search(address.lower()):
        return Issuer.ANY_TENANT
    return Issuer.KUBERNETES if any(mark in address.lower() for mark in CLUSTER_MARKS) else Issuer.OTHER


def lets_in_only_named_workloads(provider: IdentityProvider, issuer: Issuer) -> bool:
    """Tell whether a provider's condition admits only workloads that it names, rather than an organisation's."""
    if provider.condition is None:
        return False
    if issuer is Issuer.OTHER:
        return provider.condition.requires(_says_anything)
    return provider.condition.requires(lambda comparison: _names_a_workload(comparison, issuer, provider))


def _says_anything(comparison: Comparison) -> bool:
    return bool(comparison.subject and comparison.operator) and comparison.operator not in ("!=", "has")


def _names_a_workload(comparison: Comparison, issuer: Issuer, provider: IdentityProvider) -> bool:
    claim = claim_of(comparison.subject, provider)
    if claim == PART_OF_A_NAME:
        return comparison.operator in ("==", "in") and all(comparison.values) and bool(comparison.values)
    if claim not in NAMES_A_WORKLOAD or not comparison.values:
        return False
    match comparison.operator:
        case "==" | "in":
            return all(_is_exact(claim, value, issuer) for value in comparison.values)
        case "startsWith":
            return all(_is_narrow_beginning(claim, value, issuer) for value in comparison.values)
        case "matches":
            return all(_is_narrow_pattern(claim, value, issuer) for value in comparison.values)
        case operator:
            return operator == "derived"


def claim_of(subject: str, provider: IdentityProvider) -> str:
    """Give the claim that a comparison is about, also where it goes by an attribute that is mapped from it."""
    kind, _, name = subject.partition(".")
    if kind == "assertion":
        return name
    mapped = provider.mapping.get(subject, "").strip()
    claims = _CLAIM.findall(mapped)
    if claims and mapped == f"assertion.{claims[0]}":
        return str(claims[0])
    if any(claim in NAMES_A_WORKLOAD for claim in claims):
        return PART_OF_A_NAME
    return name if kind == "attribute" else subject


def _is_exact(claim: str, value: str, issuer: Issuer) -> bool:
    """Judge a value that must be equal; people write wildcards into it and mean them."""
    if claim in _SUBJECTS and issuer is Issuer.GITHUB and not value.startswith(_GITHUB_SUBJECTS):
        return False
    if any(mark in value for mark in _WILDCARDS):
        cut = re.split(r"[*?]", value, maxsplit=1)[0]
        return _is_narrow_beginning(claim, cut, issuer)
    return bool(value.strip())


def _is_narrow_beginning(claim: str, value: str, issuer: Issuer) -> bool:
    """Tell whether a beginning goes as far as the whole name of a workload."""
    if claim in _SUBJECTS:
        return _is_narrow_subject(value, issuer)
    if claim in _PATHS:
        return value.count("/") > 1 or (value.count("/") == 1 and value.endswith(_SEPARATORS) and value[-1] != "/")
    return claim not in _REPOSITORIES and "/" in value.strip("/")


def _is_narrow_subject(value: str, issuer: Issuer) -> bool:
    parts = value.split(":")
    match issuer:
        case Issuer.GITHUB:
            owner, _, name = parts[1].partition("/") if len(parts) > 2 else ("", "", "")
            return value.startswith(_GITHUB_SUBJECTS) and bool(owner) and bool(name or parts[0] == "repository_id")
        case Issuer.GITLAB:
            return len(parts) > 2 and parts[0] == "project_path" and "/" in parts[1].strip("/")
        case Issuer.TERRAFORM:
            return all(part in value for part in _TERRAFORM_PARTS) and bool(value.split("workspace:")[1].strip(":"))
        case Issuer.KUBERNETES:
            return value.startswith("system:serviceaccount:") and len(parts) > 3
        case _:
            return len(value) > 1


def _is_narrow_pattern(claim: str, value: str, issuer: Issuer) -> bool:
    """Judge a regular expression by the plain text with which it must begin."""
    if not value.startswith("^"):
        return False
    plain = re.split(r"(?<!\\)[.*+?()\[\]{}|]", value[1:], maxsplit=1)[0].replace("\\", "")
    if plain.endswith("$"):
        return _is_exact(claim, plain[:-1], issuer)
    return _is_narrow_beginning(claim, plain, issuer) or (
        claim in _REPOSITORIES and plain.count("/") == 1 and plain[-1] != "/"
    )
