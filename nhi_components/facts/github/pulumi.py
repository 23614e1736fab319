"""Reads Pulumi's GitHub resources.

Source: the input properties of pulumi-github 6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.facts.github.model import OrganizationSecret, SubjectTemplate, WorkflowPermissions
from nhi_components.facts.model import Fact, NotYetKnown, Resource, StandingCredential, Unjudged
from nhi_components.facts.values import UNKNOWN, kind_of

_APP: Final = "let a GitHub App or the workflow's own token do it: they end after an hour"
_KEYS: Final = {
    "RepositoryDeployKey": "a deploy key of a repository",
    "UserSshKey": "an SSH key of a user",
}
_SECRETS: Final = frozenset(
    {
        "ActionsEnvironmentSecret",
        "ActionsOrganizationSecret",
        "ActionsSecret",
        "CodespacesOrganizationSecret",
        "CodespacesSecret",
        "CodespacesUserSecret",
        "DependabotOrganizationSecret",
        "DependabotSecret",
    }
)
_VALUES: Final = ("plaintextValue", "encryptedValue", "value", "valueEncrypted")
_FEDERATE: Final = "let the workflow log in by OpenID Connect, so that no secret is stored"
_FIX: Final = "write it as the provider documents it"


def read_resource(resource: Resource, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield what one resource stores, permits and says about its workflows."""
    name = resource.type.rpartition(":")[2]
    if name in _KEYS:
        yield StandingCredential(resource, "key", _KEYS[name], None, None, _APP)
    elif name in _SECRETS:
        yield from _secret(resource, name, inputs)
    elif name.endswith("WorkflowPermissions") or name == "WorkflowRepositoryPermissions":
        yield from _permissions(resource, inputs)
    elif name.endswith("OidcSubjectClaimCustomizationTemplate"):
        yield from _template(resource, inputs)


def _secret(resource: Resource, name: str, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    place = next((value for value in _VALUES if inputs.get(value) is not None), None)
    if place:
        yield StandingCredential(resource, place, "a secret stored in GitHub", None, None, _FEDERATE)
    visibility = inputs.get("visibility")
    if "Organization" in name and visibility is not None:
        if isinstance(visibility, str):
            yield OrganizationSecret(resource, "visibility", visibility)
        else:
            yield _note(resource, "visibility", visibility, "`all`, `private` or `selected`")


def _permissions(resource: Resource, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    default, approves = inputs.get("defaultWorkflowPermissions"), inputs.get("canApprovePullRequestReviews")
    if default is not None and not isinstance(default, str):
        yield _note(resource, "defaultWorkflowPermissions", default, "`read` or `write`")
    if approves is not None and not isinstance(approves, bool):
        yield _note(resource, "canApprovePullRequestReviews", approves, "a boolean")
    yield WorkflowPermissions(resource, "", writes=default == "write", approves=approves is True)


def _template(resource: Resource, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    claims = inputs.get("includeClaimKeys")
    if inputs.get("useDefault") is True or claims is None:
        return
    if isinstance(claims, list) and all(isinstance(claim, str) for claim in claims):
        yield SubjectTemplate(resource, "includeClaimKeys", tuple(claims))
        return
    for index, claim in enumerate(claims if isinstance(claims, list) else [claims]):
        if not isinstance(claim, str):
            yield _note(resource, f"includeClaimKeys[{index}]", claim, "the name of a claim")


def _note(resource: Resource, path: str, value: object, expected: str) -> Fact:
    if value is UNKNOWN:
        return NotYetKnown(resource, path, "setting of GitHub")
    return Unjudged(resource, path, kind_of(value), expected, _FIX)
