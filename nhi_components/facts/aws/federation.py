"""Whom a trust in an OpenID Connect provider admits: which conditions on subject and audience pin it.

Sources: IAM user guide, 'Creating a role for web identity or OIDC federation' and 'Available keys for AWS OIDC
federation'; the OIDC pages of GitHub, GitLab, HCP Terraform and Amazon EKS for the form of their subjects.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Final, NamedTuple

from nhi_components.facts.aws.model import Condition, Principal, Statement
from nhi_components.facts.aws.patterns import has_wildcard, is_nameless
from nhi_components.facts.values import Unknown

_COMPARING = frozenset({"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"})
_AUDIENCE_KEYS = ("aud", "azp", "oaud", "app_id", "client_id")
_ONLY_AUDIENCE = frozenset(
    {"cognito-identity.amazonaws.com", "accounts.google.com", "www.amazon.com", "graph.facebook.com"}
)
"""Providers that authenticate an application's visitors, whom no subject can name beforehand."""

_CHOSEN = "oaud"
"""The audience of Google's tokens where `aud` stands for the application: whoever asks for a token chooses it."""

_OTHER_PINS: Final[Mapping[str, tuple[str, ...]]] = {
    "token.actions.githubusercontent.com": ("repository", "repository_id", "job_workflow_ref"),
}
_GITHUB_REPOSITORY = re.compile(r"[^:/*?\s]+/[^:/*?\s]+")
_GITHUB_PINNING = ("repo", "repository", "job_workflow_ref")


class Gap(NamedTuple):
    """What a trust in a provider leaves open.

    Attributes:
        what: `subject` or `audience`.
        got: what the conditions say of it.
        path: where in the statement that stands.
    """

    what: str
    got: str
    path: str


def oidc_providers(statement: Statement) -> Iterator[tuple[Principal, str]]:
    """Yield the OIDC providers that a statement trusts, each with its host and path in lower case."""
    for principal in statement.principals:
        if principal.kind == "Federated" and ":saml-provider/" not in principal.text:
            yield principal, principal.text.rpartition("oidc-provider/")[2].lower()


def gaps(statement: Statement, provider: str) -> Iterator[Gap]:
    """Yield what the conditions of a statement leave open for a provider; nothing when it is pinned."""
    place = f"{statement.path}.Condition"
    audiences = [value for name in _AUDIENCE_KEYS for value in _values(statement.conditions, provider, name)]
    if not audiences:
        yield Gap("audience", f"no condition on {provider}:aud", place)
    elif any(isinstance(value, str) and is_nameless(value) for value in audiences):
        yield Gap("audience", "any audience", place)
    chosen = list(_values(statement.conditions, provider, _CHOSEN))
    if provider in _ONLY_AUDIENCE and not (chosen and chosen == audiences):
        return
    subjects = list(_values(statement.conditions, provider, "sub"))
    if any(list(_values(statement.conditions, provider, name)) for name in _OTHER_PINS.get(provider, ())):
        return
    if not subjects:
        yield Gap("subject", f"no condition on {provider}:sub", place)
    pins = _pins_of(provider)
    for subject in subjects:
        if isinstance(subject, str) and not pins(subject):
            yield Gap("subject", subject, place)


def _values(conditions: Iterable[Condition], provider: str, claim: str) -> Iterator[str | Unknown]:
    for condition in conditions:
        if not condition.key:
            yield Unknown.UNKNOWN
        elif _is_about(condition.key, provider, claim) and condition.operator in _COMPARING:
            yield from () if condition.if_exists or condition.qualifier == "forallvalues" else condition.values


def _is_about(key: str, provider: str, claim: str) -> bool:
    """Tell whether a key is a provider's claim; GitHub puts an enterprise's name behind the host."""
    return key == f"{provider}:{claim}" or (key.startswith(f"{provider}/") and key.endswith(f":{claim}"))


def _pins_of(provider: str) -> Callable[[str], bool]:
    if "githubusercontent.com" in provider or "/_services/token" in provider:
        return _pins_github
    if "gitlab" in provider:
        return lambda subject: _names(subject, "project_path", least_segments=2)
    if "terraform.io" in provider or "scalr" in provider:
        return lambda subject: _names(subject, "organization") and _names(subject, "workspace")
    if "oidc.eks." in provider or subject_of_kubernetes(provider):
        return _pins_service_account
    return _pins_anything


def subject_of_kubernetes(provider: str) -> bool:
    """Tell whether a provider issues tokens of Kubernetes service accounts, as far as its address tells."""
    return "container.googleapis.com" in provider or ".oic.prod-aks.azure.com" in provider


def _pins_github(subject: str) -> bool:
    claim, _, rest = subject.partition(":")
    if claim == "repository_id":
        return rest.partition(":")[0].isdigit()
    if claim not in _GITHUB_PINNING:
        return False
    repository, colon, _ = rest.partition(":")
    if claim == "repo":
        return bool(colon) and _GITHUB_REPOSITORY.fullmatch(repository) is not None
    named = "/".join(rest.partition(":")[0].split("/")[:2])
    return _GITHUB_REPOSITORY.fullmatch(named) is not None


def _names(subject: str, claim: str, least_segments: int = 1) -> bool:
    parts = subject.split(":")
    if claim not in parts[:-1]:
        return False
    value = parts[parts.index(claim) + 1]
    segments = value.split("/")
    return len(segments) >= least_segments and not any(is_nameless(part) or not part for part in segments)


def _pins_service_account(subject: str) -> bool:
    parts = subject.split(":")
    if parts[:2] != ["system", "serviceaccount"] or len(parts) != len(("system", "serviceaccount", "space", "name")):
        return False
    return not any(is_nameless(part) for part in parts)


def _pins_anything(subject: str) -> bool:
    if not subject or has_wildcard(subject[0]):
        return False
    parts = _SEPARATORS.split(subject)
    return not any(is_nameless(part) and before in _PINNING for before, part in pairwise(parts))


_SEPARATORS = re.compile("[:/]")
_PINNING = frozenset(
    {
        "namespace",
        "org",
        "organization",
        "pipeline",
        "project",
        "repo",
        "repository",
        "serviceaccount",
        "space",
        "stack",
    }
)
"""Segments of a subject behind which the name stands that pins it, at CircleCI, Buildkite and others."""
