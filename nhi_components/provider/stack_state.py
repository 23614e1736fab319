"""Reads bundles from an exported Pulumi state, and takes from it what does not belong there; pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from nhi_components.core.credential.places import OURS
from nhi_components.core.credential.sources import SPEC
from nhi_components.core.errors import NhiError, Problem
from nhi_components.core.kubernetes_links import object_name
from nhi_components.core.ledger import link_from_state
from nhi_components.core.links import Link, LinkKind
from nhi_components.provider.gcp_places import MEMBER_TYPES, binding_name, reserved_name
from nhi_components.provider.lease import LeaseInputs, ledger_of
from nhi_components.provider.schema import readable
from nhi_components.provider.seal import admitted_of
from nhi_components.provider.settings import Settings, read_settings

LEASE, SEAL, CREDENTIAL = "nhi:index:Lease", "nhi:index:Seal", "nhi:index:Credential"

_ID = "id"
_PLACE_PROPERTY = {
    "aws:iam/role:Role": (LinkKind.IAM_ROLE, "name"),
    "aws:iam/rolePolicy:RolePolicy": (LinkKind.IAM_ROLE_POLICY, "name"),
    "aws:iam/user:User": (LinkKind.IAM_USER, "name"),
    "aws:iam/userPolicy:UserPolicy": (LinkKind.IAM_USER_POLICY, "name"),
    "aws:iam/instanceProfile:InstanceProfile": (LinkKind.IAM_INSTANCE_PROFILE, "name"),
    "aws:secretsmanager/secret:Secret": (LinkKind.SECRETS_MANAGER_SECRET, "name"),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": (LinkKind.EKS_POD_IDENTITY_ASSOCIATION, "associationId"),
    "aws:rolesanywhere/profile:Profile": (LinkKind.ROLES_ANYWHERE_PROFILE, "name"),
    "gcp:serviceaccount/account:Account": (LinkKind.GCP_SERVICE_ACCOUNT, "email"),
    "gcp:projects/iAMCustomRole:IAMCustomRole": (LinkKind.GCP_CUSTOM_ROLE, "name"),
    "gcp:secretmanager/secret:Secret": (LinkKind.GCP_SECRET, _ID),
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": (LinkKind.GCP_WORKLOAD_IDENTITY_POOL, _ID),
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": (
        LinkKind.GCP_WORKLOAD_IDENTITY_PROVIDER,
        _ID,
    ),
    "azure-native:managedidentity:UserAssignedIdentity": (LinkKind.AZURE_MANAGED_IDENTITY, _ID),
    "azure-native:managedidentity:FederatedIdentityCredential": (LinkKind.AZURE_FEDERATED_CREDENTIAL, _ID),
    "azure-native:authorization:RoleDefinition": (LinkKind.AZURE_ROLE_DEFINITION, _ID),
    "azure-native:authorization:RoleAssignment": (LinkKind.AZURE_ROLE_ASSIGNMENT, _ID),
    "azure-native:cosmosdb:SqlResourceSqlRoleDefinition": (LinkKind.AZURE_ROLE_DEFINITION, _ID),
    "azure-native:cosmosdb:SqlResourceSqlRoleAssignment": (LinkKind.AZURE_ROLE_ASSIGNMENT, _ID),
    "azuread:index/application:Application": (LinkKind.ENTRA_APPLICATION, "displayName"),
    "azuread:index/servicePrincipal:ServicePrincipal": (LinkKind.ENTRA_SERVICE_PRINCIPAL, "displayName"),
    "kubernetes:core/v1:ServiceAccount": (LinkKind.KUBERNETES_SERVICE_ACCOUNT, "metadata"),
    "kubernetes:rbac.authorization.k8s.io/v1:Role": (LinkKind.KUBERNETES_ROLE, "metadata"),
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": (LinkKind.KUBERNETES_ROLE_BINDING, "metadata"),
    "vault:index/policy:Policy": (LinkKind.VAULT_POLICY, "name"),
    "vault:identity/entity:Entity": (LinkKind.VAULT_ENTITY, "name"),
    "vault:identity/entityAlias:EntityAlias": (LinkKind.VAULT_ENTITY_ALIAS, _ID),
    "vault:appRole/authBackendRole:AuthBackendRole": (LinkKind.VAULT_APPROLE, "roleName"),
    "vault:database/secretBackendRole:SecretBackendRole": (LinkKind.VAULT_DATABASE_ROLE, "name"),
    "vault:pkiSecret/secretBackendRole:SecretBackendRole": (LinkKind.VAULT_PKI_ROLE, "name"),
    "vault:jwt/authBackendRole:AuthBackendRole": (LinkKind.VAULT_JWT_ROLE, "roleName"),
    "vault:kubernetes/authBackendRole:AuthBackendRole": (LinkKind.VAULT_KUBERNETES_ROLE, "roleName"),
}
ENGINE_MANAGED = frozenset({LinkKind.GCP_BINDING, *(kind for kind, _ in _PLACE_PROPERTY.values())})
"""The kinds that the engine itself creates and deletes; what else is linked is made by the seal."""

_RESERVED = frozenset({LinkKind.GCP_WORKLOAD_IDENTITY_POOL, LinkKind.GCP_WORKLOAD_IDENTITY_PROVIDER})
"""The kinds whose ids stay reserved after a delete: what was made and forgotten has to be taken in."""

_IN_ANY_CASE = frozenset(
    {
        LinkKind.AZURE_MANAGED_IDENTITY,
        LinkKind.AZURE_FEDERATED_CREDENTIAL,
        LinkKind.AZURE_ROLE_DEFINITION,
        LinkKind.AZURE_ROLE_ASSIGNMENT,
    }
)
"""The kinds whose names are resource ids of Azure, which its services write in letter cases of their own."""

_CREATING = "creating"
_ON_ANOTHER = frozenset({LinkKind.IAM_ROLE_POLICY, LinkKind.IAM_USER_POLICY})
"""The kinds that the engine finds again by the name of what they are on."""

_WITHOUT_NAME = frozenset({LinkKind.VAULT_ENTITY_ALIAS, LinkKind.EKS_POD_IDENTITY_ASSOCIATION})
"""An alias is named after its entity, an association not at all."""

Place = tuple[LinkKind, str]
"""Where something is in a bundle: its kind and its name, or its id where it has no name of its own."""


@dataclass(frozen=True, slots=True)
class HeldLease:
    """A lease that a stack's state holds.

    Attributes:
        urn: its resource.
        terms: its inputs.
        links: everything that was ever linked.
        held: the places of what the state holds between lease and seal.
        admitted: the links as their systems know them; empty without a seal.
        provider: the provider that it was made through, as the state refers to it.
        credentials: the inputs and outputs of its credentials.
    """

    urn: str
    terms: LeaseInputs
    links: tuple[Link, ...]
    held: frozenset[Place]
    admitted: tuple[Link, ...]
    provider: str
    credentials: tuple[Mapping[str, Any], ...] = ()

    @property
    def delivered(self) -> frozenset[Place]:
        """The places of credentials of kinds that the engine makes as well: these are not its own to forget."""
        marks = (OURS, SPEC)
        links = (*self.links, *self.admitted)
        return frozenset(place_of(link) for link in links if any(mark in link.attributes for mark in marks))


def held_leases(state: Mapping[str, Any]) -> list[HeldLease]:
    """Find every lease in an exported state."""
    resources = _resources(state)
    siblings: dict[str | None, list[dict[str, Any]]] = {}
    for resource in resources:
        siblings.setdefault(resource.get("parent"), []).append(resource)
    return [_held_lease(r, siblings[r.get("parent")]) for r in resources if r["type"] == LEASE]


def held_urns(state: Mapping[str, Any]) -> set[str]:
    """Tell what the state holds."""
    return {resource["urn"] for resource in _resources(state)}


def settings_of(state: Mapping[str, Any], provider: str) -> Settings:
    """Read how a provider was configured, from the state alone.

    Args:
        state: as `pulumi stack export` gives it.
        provider: its URN, `::` and its id, as resources refer to it.

    Raises:
        NhiError: when the state holds no such provider, or its configuration can't be read.
    """
    for resource in _resources(state):
        if f"{resource['urn']}::{resource.get('id')}" == provider:
            inputs: Mapping[str, Any] = resource.get("inputs") or {}
            return read_settings({name: value for name, value in inputs.items() if not name.startswith("__")})
    fix = "give the connections with --connections"
    raise NhiError(str(Problem("state", f"no provider {provider}", "the provider that the lease refers to", fix)))


def place_of(link: Link) -> Place:
    """Tell the place of a link in its bundle."""
    return _in_case(link.kind, link.unique_id or "" if link.kind in _WITHOUT_NAME else link.name)


def interrupted(state: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Find the operations that a killed engine left: the URNs inside bundles, and the others."""
    urns = [operation["resource"]["urn"] for operation in _operations(state)]
    return [urn for urn in urns if _in_bundle(urn)], [urn for urn in urns if not _in_bundle(urn)]


def without_interrupted(state: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the interrupted operations inside bundles, once what they left has been dealt with."""
    repaired = deepcopy(dict(state))
    kept = [operation for operation in _operations(repaired) if not _in_bundle(operation["resource"]["urn"])]
    repaired["deployment"]["pending_operations"] = kept
    return repaired


def adoptable(state: Mapping[str, Any], links: Iterable[Link]) -> dict[str, Link]:
    """Find what a killed engine was making whose id could not be used again if it were deleted, by URN.

    Args:
        state: as `pulumi stack export` gives it.
        links: what is alive of the stack's leases, and that the state does not hold.
    """
    alive = {link.name: link for link in links if link.kind in _RESERVED}
    making = {each["resource"]["urn"]: each["resource"] for each in _operations(state) if each["type"] == _CREATING}
    names = {urn: reserved_name(_types(urn)[-1], made.get("inputs") or {}) for urn, made in making.items()}
    return {urn: alive[name] for urn, name in names.items() if _in_bundle(urn) and name in alive}


def with_adopted(state: Mapping[str, Any], adopted: Mapping[str, Link]) -> dict[str, Any]:
    """Take what a killed engine was making into a state; what it has become is to be read afresh.

    Args:
        state: as `pulumi stack export` gives it.
        adopted: the links by URN, as `adoptable` finds them; their names are their ids.
    """
    repaired = deepcopy(dict(state))
    making = {operation["resource"]["urn"]: operation["resource"] for operation in _operations(repaired)}
    made = [{**making[urn], _ID: link.name, "outputs": {}} for urn, link in adopted.items()]
    repaired["deployment"]["resources"] = [*_resources(repaired), *made]
    return repaired


def urns_of(state: Mapping[str, Any], links: Iterable[Link]) -> set[str]:
    """Tell which resources of a state stand for links."""
    places = {place_of(link) for link in links}
    return {resource["urn"] for resource in _resources(state) if _place(resource) in places}


def forgetting(state: Mapping[str, Any], links: Iterable[Link]) -> dict[str, Any]:
    """Take out of a state what the engine believes to be ours and alive and is not, with what hangs on it by name."""
    links = list(links)
    repaired = deepcopy(dict(state))
    resources = _resources(repaired)
    places = {place_of(link) for link in links}
    doomed = urns_of(repaired, links)
    doomed |= {resource["urn"] for resource in resources if _is_part_of(resource, doomed)}
    repaired["deployment"]["resources"] = [_forget(r, doomed, places) for r in resources if r["urn"] not in doomed]
    return repaired


def retained(state: Mapping[str, Any]) -> list[str]:
    """Find what of bundles is marked `retainOnDelete`: a destroy would forget it without asking us to remove it."""
    return [r["urn"] for r in _resources(state) if r.get("retainOnDelete") and _in_bundle(r["urn"])]


def without_retention(state: Mapping[str, Any]) -> dict[str, Any]:
    """Take those marks off, so that a destroy removes what it should."""
    repaired = deepcopy(dict(state))
    marked = set(retained(repaired))
    for resource in _resources(repaired):
        if resource["urn"] in marked:
            del resource["retainOnDelete"]
    return repaired


def _resources(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(state["deployment"].get("resources") or [])


def _operations(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(state["deployment"].get("pending_operations") or [])


def _held_lease(resource: Mapping[str, Any], siblings: list[dict[str, Any]]) -> HeldLease:
    outputs = readable(resource["outputs"])
    seals = [r for r in siblings if r["type"] == SEAL and r["inputs"].get("leaseId") == outputs["leaseId"]]
    return HeldLease(
        urn=resource["urn"],
        terms=LeaseInputs.from_state(outputs),
        links=tuple(entry.link for entry in ledger_of(outputs)),
        held=frozenset(place for r in siblings if (place := _place(r))),
        admitted=tuple(link for r in seals for link in admitted_of(readable(r.get("outputs", {})))),
        provider=resource["provider"],
        credentials=tuple(_credential(r) for r in siblings if _is_credential_of(r, outputs["leaseId"])),
    )


def _is_credential_of(resource: Mapping[str, Any], lease_id: str) -> bool:
    return resource["type"] == CREDENTIAL and (resource.get("inputs") or {}).get("leaseId") == lease_id


def _credential(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give its outputs, or, of one whose creation failed, its inputs."""
    return readable(resource.get("outputs") or resource["inputs"])


def _place(resource: Mapping[str, Any]) -> Place | None:
    properties = resource.get("outputs") or resource.get("inputs") or {}
    if resource["type"] in MEMBER_TYPES:
        return (LinkKind.GCP_BINDING, binding_name(resource["type"], properties))
    known = _PLACE_PROPERTY.get(resource["type"])
    if known is None:
        return None
    kind, name = known
    # The engine knows the id itself; not every plugin repeats it among the outputs.
    return _in_case(kind, _name_in((resource.get(_ID) if name == _ID else None) or properties.get(name, "")))


def _in_case(kind: LinkKind, name: str) -> Place:
    return (kind, name.lower() if kind in _IN_ANY_CASE else name)


def _name_in(named: Any) -> str:
    """Read a name; an object of Kubernetes has namespace and name in its metadata."""
    if isinstance(named, Mapping):
        return object_name(str(named.get("namespace", "")), str(named.get("name", "")))
    return str(named)


def _in_bundle(urn: str) -> bool:
    return any(part.startswith("nhi:") for part in _types(urn))


def _types(urn: str) -> list[str]:
    """The types in a URN: of the parents, outermost first, and of the resource itself."""
    return urn.split("::")[2].split("$")


def _is_part_of(resource: Mapping[str, Any], urns: set[str]) -> bool:
    """Tell whether it is a part of a bundle that exists only on one of these, such as an inline policy."""
    place = _place(resource)
    if (place and place[0] not in _ON_ANOTHER) or resource["type"].startswith("nhi:"):
        return False
    if not _in_bundle(resource["urn"]):
        return False
    named = [urn for urns_ in (resource.get("propertyDependencies") or {}).values() for urn in urns_ or []]
    return any(urn in urns for urn in named)


def _forget(resource: dict[str, Any], urns: set[str], places: set[Place]) -> dict[str, Any]:
    resource["dependencies"] = [urn for urn in resource.get("dependencies") or [] if urn not in urns]
    by_property = resource.get("propertyDependencies") or {}
    resource["propertyDependencies"] = {k: [u for u in v or [] if u not in urns] for k, v in by_property.items()}
    if resource["type"] == SEAL and "admitted" in resource.get("outputs", {}):
        outputs = resource["outputs"]
        kept = [link for link in outputs["admitted"] if place_of(link_from_state(link)) not in places]
        resource["outputs"] = {**outputs, "admitted": kept}
    return resource
