"""Roles of the JWT/OIDC and Kubernetes auth methods: logins with a token that somebody else issues and Vault checks.

Vault gives such a role no id of its own. What bears the lease is a token policy that is named by the lease id: there is
no such policy, so it grants nothing, and every token that the role issues carries it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nhi_components.core.lease_id import is_lease_id
from nhi_components.core.links import LinkKind
from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.reach import FederatedMount, roles_of

_GLOB = "glob"
_BY_NAME = "serviceaccount_name"
_SUBJECT = "sub"


@dataclass(frozen=True, slots=True)
class FederatedRole:
    """What such a role is now.

    Attributes:
        mount: the auth mount that it is on.
        name: its name there.
        policies: the policies that its tokens carry.
        alias_name: the name of the one alias that all its logins are taken for; None when it admits several.
    """

    mount: FederatedMount
    name: str
    policies: tuple[str, ...]
    alias_name: str | None

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""
        return next((policy for policy in self.policies if is_lease_id(policy)), None)

    @property
    def unique_id(self) -> str:
        """A fingerprint of its mount's accessor, its name and its lease, which no namesake shares."""
        return fingerprint("\n".join([self.mount.accessor, self.name, self.lease or ""]))


class FederatedRoles:
    """The JWT and Kubernetes roles of one Vault.

    Args:
        http: that Vault.
        mounts: its auth mounts of these kinds by path.
    """

    def __init__(self, http: VaultHttp, mounts: Mapping[str, FederatedMount]) -> None:
        self._http = http
        self._mounts = mounts

    def find(self, mount: str, name: str) -> FederatedRole | None:
        """Read a role; None when there is none of that name, or no such mount."""
        found = self._mounts.get(mount)
        facts = self._http.read(f"{roles_of(mount)}/{name}") if found else None
        if not found or not facts:
            return None
        alias_name = _jwt_alias(facts) if found.kind is LinkKind.VAULT_JWT_ROLE else _kubernetes_alias(facts)
        return FederatedRole(found, name, _texts(facts.get("token_policies")), alias_name)

    def names_with_ending(self, mount: str, ending: str) -> list[str]:
        """List a mount's roles by the end of their names."""
        return [name for name in self._http.keys(roles_of(mount)) if name.endswith(ending)]

    def delete(self, mount: str, name: str, unique_id: str | None) -> None:
        """Delete a role; one with another unique id is left alone: then ours is gone already."""
        role = self.find(mount, name)
        if role and role.unique_id == unique_id:
            self._http.delete(f"{roles_of(mount)}/{name}")


def _jwt_alias(facts: Mapping[str, Any]) -> str | None:
    """The value of the claim that names the alias, if the role admits one value of it only."""
    claim, bound = str(facts.get("user_claim", "")), facts.get("bound_claims") or {}
    if claim == _SUBJECT and facts.get("bound_subject"):
        return str(facts["bound_subject"])
    value = _only(bound.get(claim))
    return None if value and "*" in value and facts.get("bound_claims_type") == _GLOB else value


def _kubernetes_alias(facts: Mapping[str, Any]) -> str | None:
    """Namespace and name of the service account, if the role admits one only and names the alias by it."""
    namespace = _only(facts.get("bound_service_account_namespaces"))
    account = _only(facts.get("bound_service_account_names"))
    if facts.get("alias_name_source") != _BY_NAME or facts.get("bound_service_account_namespace_selector"):
        return None
    return f"{namespace}/{account}" if namespace and account and "*" not in namespace + account else None


def _only(value: object) -> str | None:
    values = [value] if isinstance(value, str) else list(value) if isinstance(value, Sequence) else []
    return str(values[0]) if len(values) == 1 else None


def _texts(values: object) -> tuple[str, ...]:
    return tuple(str(value) for value in values) if isinstance(values, list) else ()
