"""Reads Pulumi's Azure resources: roles and assignments, federated credentials, applications and their secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from nhi_components.facts.azure.credentials import INSTEAD, read_secret
from nhi_components.facts.azure.directory import graph_permission, role_named
from nhi_components.facts.azure.federated_credential import read_federated_credential
from nhi_components.facts.azure.fields import members_of, text_of
from nhi_components.facts.azure.model import (
    ApiPermission,
    DirectoryRoleAssignment,
    OpenAccess,
    RoleDefinition,
    Scope,
    ScopeLevel,
)
from nhi_components.facts.azure.pulumi_types import (
    APP_ROLES,
    APPLICATIONS,
    CONTAINERS,
    COSMOS_DEFINITIONS,
    DELEGATIONS,
    DIRECTORY_ROLES,
    FEDERATED_CREDENTIALS,
    ROLE_ASSIGNMENTS,
    ROLE_DEFINITIONS,
    SECRETS,
    SWITCHES,
    VAULT_ACCESS,
    VAULTS,
    Secret,
)
from nhi_components.facts.azure.role_assignment import read_role_assignment
from nhi_components.facts.azure.role_definition import read_role_definition
from nhi_components.facts.azure.vault_access import read_vault_access
from nhi_components.facts.model import Fact, NotYetKnown, Resource, StandingCredential, Unjudged
from nhi_components.facts.values import UNKNOWN, kind_of

Inputs = Mapping[str, Any]
_Reader = Callable[[Resource, str, Inputs], Iterator[Fact]]

_CACHED = 1024
_PASSWORD = Secret("password of an application", 730)
_FOREIGN_AUDIENCES = frozenset(
    {"azureadmultipleorgs", "azureadandpersonalmicrosoftaccount", "personalmicrosoftaccount"}
)
_CLOSED = frozenset({"", "none", "private"})
_ROLE = "role"


def read_resource(resource: Resource, inputs: Inputs) -> Iterator[Fact]:
    """Yield what one resource says of who may do what, and of credentials that stand."""
    key = _key(resource.type)
    reader = _READERS.get(key)
    if reader is not None:
        yield from reader(resource, key, inputs)


@lru_cache(maxsize=_CACHED)
def _key(token: str) -> str:
    """Give package, module and name of a type token, without versions: `azure-native:storage/v20230101:Account`."""
    package, _, rest = token.partition(":")
    module, _, name = rest.partition(":")
    return f"{package}:{module.partition('/')[0]}:{name}"


def _role_definition(resource: Resource, key: str, inputs: Inputs) -> Iterator[Fact]:
    yield from read_role_definition(resource, "", inputs)


def _cosmos_definition(resource: Resource, key: str, inputs: Inputs) -> Iterator[Fact]:
    """Read a role of one Cosmos DB account, which reaches no further than the account, whether that is known or not."""
    for fact in read_role_definition(resource, "", inputs):
        if isinstance(fact, RoleDefinition) and not fact.scopes:
            fact = replace(fact, scopes=(Scope("", "assignableScopes", ScopeLevel.RESOURCE),))
        yield fact


def _role_assignment(resource: Resource, key: str, inputs: Inputs) -> Iterator[Fact]:
    yield from read_role_assignment(resource, "", inputs)


def _federated_credential(resource: Resource, key: str, inputs: Inputs) -> Iterator[Fact]:
    yield from read_federated_credential(resource, "", inputs)


def _vault(resource: Resource, key: str, inputs: Inputs) -> Iterator[Fact]:
    properties = inputs.get("properties")
    path, fields = ("properties.", properties) if isinstance(properties, Mapping) else ("", inputs)
    policies = fields.get("accessPolicies")
    if policies not in (None, []):
        yield from read_vault_access(resource, f"{path}accessPolicies", policies)


def _vault_access(resource: Resource, key: str, inputs: Inputs) -> Iterator[Fact]:
    policy = inputs.get("policy")
    if policy is None:
        yield from read_vault_access(resource, "", inputs)
    else:
        yield from read_vault_access(resource, "policy", policy)


def _directory_role(resource: Resource, key: str, inputs: Inputs) -> Iterator[Fact]:
    noted: list[Fact] = []
    name = DIRECTORY_ROLES[key]
    role = text_of(resource, name, inputs.get(name), "role", noted, required=True)
    yield from noted
    if role is not None:
        scope = inputs.get("directoryScopeId", inputs.get("directoryScopeObjectId"))
        named = inputs.get("appScopeId") is not None or (isinstance(scope, str) and scope not in ("", "/"))
        yield DirectoryRoleAssignment(resource, role.path, role_named(role.text), named)


def _app_role(resource: Resource, key: str, inputs: Inputs) -> Iterator[Fact]:
    name = APP_ROLES[key]
    noted: list[Fact] = []
    for path, member in members_of(inputs.get(name), name):
        permission = text_of(resource, path, member, "permission", noted)
        if permission is not None:
            yield ApiPermission(resource, path, graph_permission(permission.text))
    yield from noted


def _application(resource: Resource, key: str, inputs: Inputs) -> Iterator[Fact]:
    audience = inputs.get("signInAudience")
    if isinstance(audience, str) and audience.lower() in _FOREIGN_AUDIENCES:
        yield OpenAccess(resource, "signInAudience", f"sign-in from any tenant ({audience})", anyone=False)
    for name in ("password", "passwords"):
        for path, member in members_of(inputs.get(name), name):
            if isinstance(member, Mapping):
                yield from read_secret(resource, f"{path}.", member, _PASSWORD)
    yield from _required_access(resource, inputs)


def _required_access(resource: Resource, inputs: Inputs) -> Iterator[Fact]:
    for path, required in _blocks(resource, "", inputs, ("requiredResourceAccesses", "requiredResourceAccess")):
        if isinstance(required, Mapping):
            for place, access in _blocks(resource, f"{path}.", required, ("resourceAccesses", "resourceAccess")):
                if isinstance(access, Mapping) and str(access.get("type", "")).lower() == _ROLE:
                    permission = access.get("id")
                    if isinstance(permission, str):
                        yield ApiPermission(resource, f"{place}.id", graph_permission(permission))
                    elif permission is UNKNOWN:
                        yield NotYetKnown(resource, f"{place}.id", "permission")
                else:
                    yield from _unless_object(resource, place, access)
        else:
            yield from _unless_object(resource, path, required)


def _blocks(resource: Resource, path: str, inputs: Inputs, names: tuple[str, ...]) -> Iterator[tuple[str, object]]:
    for name in names:
        if inputs.get(name) is not None:
            yield from members_of(inputs[name], f"{path}{name}")


def _unless_object(resource: Resource, path: str, value: object) -> Iterator[Fact]:
    if value is UNKNOWN:
        yield NotYetKnown(resource, path, "permission")
    elif not isinstance(value, Mapping):
        yield Unjudged(resource, path, kind_of(value), "an object", "give the permissions as objects")


def _secret(resource: Resource, key: str, inputs: Inputs) -> Iterator[Fact]:
    nested = inputs.get("password")
    fields = nested if isinstance(nested, Mapping) else inputs
    yield from read_secret(resource, "password." if fields is nested else "", fields, SECRETS[key])


def _switch(resource: Resource, key: str, inputs: Inputs) -> Iterator[Fact]:
    switch = SWITCHES[key]
    properties = inputs.get("properties")
    given = inputs.get(switch.input, properties.get(switch.input) if isinstance(properties, Mapping) else None)
    if given is switch.on:
        yield StandingCredential(resource, switch.input, switch.what, None, None, INSTEAD)


def _container(resource: Resource, key: str, inputs: Inputs) -> Iterator[Fact]:
    name = CONTAINERS[key]
    access = inputs.get(name)
    if access is UNKNOWN:
        yield NotYetKnown(resource, name, "public access")
    elif isinstance(access, str) and access.lower() not in _CLOSED:
        yield OpenAccess(resource, name, f"reads without a sign-in ({access})", anyone=True)


def _delegation(resource: Resource, key: str, inputs: Inputs) -> Iterator[Fact]:
    properties = inputs.get("properties")
    path, fields = ("properties.", properties) if isinstance(properties, Mapping) else ("", inputs)
    name = DELEGATIONS[key]
    yield OpenAccess(resource, f"{path}{name}", "a delegation to another tenant", anyone=False)
    scope = {"scope": inputs.get("scope", "[subscription().id]")}
    for place, member in _blocks(resource, path, fields, ("authorizations", "authorization")):
        yield from read_role_assignment(resource, place, member, scope)


_READERS: dict[str, _Reader] = {
    **dict.fromkeys(ROLE_DEFINITIONS, _role_definition),
    **dict.fromkeys(COSMOS_DEFINITIONS, _cosmos_definition),
    **dict.fromkeys(ROLE_ASSIGNMENTS, _role_assignment),
    **dict.fromkeys(FEDERATED_CREDENTIALS, _federated_credential),
    **dict.fromkeys(VAULTS, _vault),
    **dict.fromkeys(VAULT_ACCESS, _vault_access),
    **dict.fromkeys(DIRECTORY_ROLES, _directory_role),
    **dict.fromkeys(APP_ROLES, _app_role),
    **dict.fromkeys(APPLICATIONS, _application),
    **dict.fromkeys(SECRETS, _secret),
    **dict.fromkeys(SWITCHES, _switch),
    **dict.fromkeys(CONTAINERS, _container),
    **dict.fromkeys(DELEGATIONS, _delegation),
}
