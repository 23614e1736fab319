"""What the role assignments of a principal rest on, noted on its part of the lease so that it is asked for beforehand.

The assignments are no parts of the lease themselves: a target may be known at deployment only. How many there will be
in which subscription is known from the beginning, and so is each Key Vault that a grant names by its id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from nhi_components.core.azure_grant import AssignmentNeeded, RoleNeeded
from nhi_components.core.azure_links import ASSIGNMENTS, VAULTS
from nhi_components.core.azure_operation import contained
from nhi_components.core.azure_resource import ResourceKind, Target

_IN_VAULTS: Final = frozenset(
    {ResourceKind.KEY_VAULT, ResourceKind.VAULT_SECRET, ResourceKind.VAULT_KEY, ResourceKind.VAULT_CERTIFICATE}
)
_OF_VAULT: Final = 9
"""Parts of a Key Vault's resource id, the empty one before its first slash among them."""


def grounds_noted(needed: Iterable[AssignmentNeeded], beside: Iterable[str] = ()) -> dict[str, str]:
    """Write what assignments rest on as attributes of the principal that they are of.

    Args:
        needed: what its grants need; a role of a Cosmos DB account's own counts towards nothing.
        beside: the subscription of each assignment that comes beside its grants.
    """
    of_rbac = [each for each in needed if not each.role.is_cosmos]
    counted = Counter([*(each.subscription.lower() for each in of_rbac), *(each.lower() for each in beside)])
    vaults = {each.lower(): each for each in _vaults_in(of_rbac)}
    told = " ".join(f"{subscription}={number}" for subscription, number in sorted(counted.items()))
    return {ASSIGNMENTS: told, **({VAULTS: " ".join(vaults.values())} if vaults else {})}


def assignments_noted(attributes: Mapping[str, str]) -> dict[str, int] | None:
    """Read how many assignments there will be, by subscription in lower case; None where that is not noted."""
    if ASSIGNMENTS not in attributes:
        return None
    pairs = (each.partition("=") for each in attributes[ASSIGNMENTS].split())
    return {subscription: int(number) for subscription, _, number in pairs}


def vaults_noted(attributes: Mapping[str, str]) -> list[str]:
    """Read the resource ids of the Key Vaults on whose contents something is granted."""
    return attributes.get(VAULTS, "").split()


def vault_of_scope(scope: str) -> str:
    """Give the resource id of the Key Vault that a scope is or lies in; empty for none."""
    parts = scope.split("/")
    is_vault = [each.lower() for each in parts[5:8]] == ["providers", "microsoft.keyvault", "vaults"]
    return "/".join(parts[:_OF_VAULT]) if is_vault and len(parts) >= _OF_VAULT else ""


def _vaults_in(needed: Iterable[AssignmentNeeded]) -> Iterator[str]:
    """Tell on the contents of which vaults something is granted; the vault as a resource heeds roles in any case."""
    for each in needed:
        target = each.target
        if isinstance(target, Target) and target.kind in _IN_VAULTS and _is_on_data(each.role):
            yield vault_of_scope(target.scope)


def _is_on_data(role: RoleNeeded) -> bool:
    if role.built_in:
        return any(is_data for _, is_data in contained(role.built_in) or ())
    return bool(role.data_actions)
