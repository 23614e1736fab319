"""Reads bundles from an exported Pulumi state, and takes from it what does not belong there; pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from nhi_components.core.credential.places import OURS
from nhi_components.core.errors import NhiError, Problem
from nhi_components.core.ledger import link_from_state
from nhi_components.core.links import Link, LinkKind
from nhi_components.provider.lease import LeaseInputs, ledger_of
from nhi_components.provider.schema import readable
from nhi_components.provider.seal import admitted_of
from nhi_components.provider.settings import Settings, read_settings

LEASE, SEAL, CREDENTIAL = "nhi:index:Lease", "nhi:index:Seal", "nhi:index:Credential"

_PLACE_PROPERTY = {
    "aws:iam/role:Role": (LinkKind.IAM_ROLE, "name"),
    "aws:iam/rolePolicy:RolePolicy": (LinkKind.IAM_ROLE_POLICY, "name"),
    "aws:iam/user:User": (LinkKind.IAM_USER, "name"),
    "aws:iam/userPolicy:UserPolicy": (LinkKind.IAM_USER_POLICY, "name"),
    "aws:iam/instanceProfile:InstanceProfile": (LinkKind.IAM_INSTANCE_PROFILE, "name"),
    "aws:secretsmanager/secret:Secret": (LinkKind.SECRETS_MANAGER_SECRET, "name"),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": (LinkKind.EKS_POD_IDENTITY_ASSOCIATION, "associationId"),
    "aws:rolesanywhere/profile:Profile": (LinkKind.ROLES_ANYWHERE_PROFILE, "name"),
    "vault:index/policy:Policy": (LinkKind.VAULT_POLICY, "name"),
    "vault:identity/entity:Entity": (LinkKind.VAULT_ENTITY, "name"),
    "vault:identity/entityAlias:EntityAlias": (LinkKind.VAULT_ENTITY_ALIAS, "id"),
    "vault:appRole/authBackendRole:AuthBackendRole": (LinkKind.VAULT_APPROLE, "roleName"),
    "vault:database/secretBackendRole:SecretBackendRole": (LinkKind.VAULT_DATABASE_ROLE, "name"),
    "vault:pkiSecret/secretBackendRole:SecretBackendRole": (LinkKind.VAULT_PKI_ROLE, "name"),
    "vault:jwt/authBackendRole:AuthBackendRole": (LinkKind.VAULT_JWT_ROLE, "roleName"),
    "vault:kubernetes/authBackendRole:AuthBackendRole": (LinkKind.VAULT_KUBERNETES_ROLE, "roleName"),
}
ENGINE_MANAGED = frozenset(kind for kind, _ in _PLACE_PROPERTY.values())
"""The kinds that the engine itself creates and deletes; what else is linked is made by the seal."""

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
        return frozenset(place_of(link) for link in (*self.links, *self.admitted) if OURS in link.attributes)


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
    return (link.kind, link.unique_id or "" if link.kind in _WITHOUT_NAME else link.name)


def interrupted(state: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Find the operations that a killed engine left: the URNs inside bundles, and the others."""
    operations = state["deployment"].get("pending_operations") or []
    urns = [operation["resource"]["urn"] for operation in operations]
    return [urn for urn in urns if _in_bundle(urn)], [urn for urn in urns if not _in_bundle(urn)]


def without_interrupted(state: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the interrupted operations inside bundles, once what they left has been dealt with."""
    repaired = deepcopy(dict(state))
    operations = repaired["deployment"].get("pending_operations") or []
    kept = [operation for operation in operations if not _in_bundle(operation["resource"]["urn"])]
    repaired["deployment"]["pending_operations"] = kept
    return repaired


def without_namesakes(state: Mapping[str, Any], namesakes: Iterable[Link]) -> dict[str, Any]:
    """Take out of a state what the engine believes to be ours and is not, with what hangs on it by its name."""
    repaired = deepcopy(dict(state))
    resources = _resources(repaired)
    places = {place_of(link) for link in namesakes}
    doomed = {resource["urn"] for resource in resources if _place(resource) in places}
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
    known = _PLACE_PROPERTY.get(resource["type"])
    if known is None:
        return None
    kind, name = known
    return (kind, (resource.get("outputs") or resource.get("inputs") or {}).get(name, ""))


def _in_bundle(urn: str) -> bool:
    return any(part.startswith("nhi:") for part in urn.split("::")[2].split("$"))


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
