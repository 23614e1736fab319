"""What a pack knows about each system: whose resources are its, and which of them are identities. Data.

Sources: the schemas of pulumi-aws 7, pulumi-azure-native 3, pulumi-azure 6, pulumi-azuread 6, pulumi-gcp 9,
pulumi-github 6, pulumi-kubernetes 4 and pulumi-vault 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from nhi_components.facts import Platform

BEARS_NO_LABELS: Final = ""
_COMPONENTS = "nhi"


@dataclass(frozen=True, slots=True)
class System:
    """One system.

    Attributes:
        packages: the Pulumi packages of its resources.
        identities: the type tokens that are identities, each with the input that holds its tags or metadata as one
            flat map, or `BEARS_NO_LABELS`: then its annotations, or what encloses it, tell owner and end date.
    """

    packages: frozenset[str]
    identities: Mapping[str, str] = field(default_factory=dict)


SYSTEMS: Final[Mapping[Platform, System]] = {
    Platform.AWS: System(
        frozenset({"aws"}),
        {"aws:iam/role:Role": "tags", "aws:iam/user:User": "tags"},
    ),
    Platform.AZURE: System(
        frozenset({"azure", "azure-native", "azuread"}),
        {
            "azure-native:managedidentity:UserAssignedIdentity": "tags",
            "azure:authorization/userAssignedIdentity:UserAssignedIdentity": "tags",
            "azuread:index/application:Application": BEARS_NO_LABELS,
            "azuread:index/applicationRegistration:ApplicationRegistration": BEARS_NO_LABELS,
            "azuread:index/servicePrincipal:ServicePrincipal": BEARS_NO_LABELS,
        },
    ),
    Platform.GCP: System(
        frozenset({"gcp"}),
        {"gcp:serviceaccount/account:Account": BEARS_NO_LABELS},
    ),
    Platform.GITHUB: System(frozenset({"github"})),
    Platform.KUBERNETES: System(
        frozenset({"kubernetes"}),
        {"kubernetes:core/v1:ServiceAccount": BEARS_NO_LABELS},
    ),
    Platform.VAULT: System(
        frozenset({"vault"}),
        {
            "vault:appRole/authBackendRole:AuthBackendRole": BEARS_NO_LABELS,
            "vault:identity/entity:Entity": "metadata",
            "vault:jwt/authBackendRole:AuthBackendRole": BEARS_NO_LABELS,
        },
    ),
}


def system_of(type_token: str) -> Platform | None:
    """Tell which system a resource belongs to; our components belong to theirs: `nhi:aws:WorkloadIdentity` to AWS."""
    package, _, rest = type_token.partition(":")
    if package == _COMPONENTS:
        module = rest.partition(":")[0]
        return next((platform for platform in SYSTEMS if platform.value == module), None)
    return next((platform for platform, system in SYSTEMS.items() if package in system.packages), None)


def is_component_type(type_token: str) -> bool:
    """Tell whether a type is one of ours; these are read in every pack, because they answer for what they enclose."""
    return type_token.startswith(f"{_COMPONENTS}:")


def identities(systems: frozenset[Platform]) -> dict[str, str]:
    """Give the identities of these systems, as `System.identities`."""
    return {
        token: labels
        for platform, system in SYSTEMS.items()
        if platform in systems
        for token, labels in system.identities.items()
    }
