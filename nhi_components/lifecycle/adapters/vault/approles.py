"""AppRoles: what one is now, its secret ids, logging in through it, deleting it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.parallel import concurrently
from nhi_components.lifecycle.adapters.vault.reach import roles_of

_FINGERPRINT_CHARACTERS = 16
_CANARY_SECRET_ID = {"num_uses": 1, "ttl": "60s"}


@dataclass(frozen=True, slots=True)
class AppRole:
    """What an AppRole is now.

    Attributes:
        mount: the auth mount it is on.
        name: its name there.
        policies: the policies that its tokens carry.
        role_id: half a credential, so it is never shown.
    """

    mount: str
    name: str
    policies: tuple[str, ...]
    role_id: str = field(repr=False)

    @property
    def unique_id(self) -> str:
        """A fingerprint of the role id, which a role made anew under the same name does not share."""
        return fingerprint(self.role_id)


def fingerprint(value: str) -> str:
    """Tell a value that must not be shown from another: 64 bits of its SHA-256, in hex."""
    return hashlib.sha256(value.encode()).hexdigest()[:_FINGERPRINT_CHARACTERS]


class AppRoles:
    """The AppRoles of one Vault."""

    def __init__(self, http: VaultHttp) -> None:
        self._http = http

    def find(self, mount: str, name: str) -> AppRole | None:
        """Read an AppRole; None when there is none of that name on that mount."""
        path = f"{roles_of(mount)}/{name}"
        role = self._http.read(path)
        role_id = self._http.read(f"{path}/role-id") if role else None
        if not role or not role_id:
            return None
        return AppRole(mount, name, tuple(role.get("token_policies") or ()), str(role_id["role_id"]))

    def names_with_ending(self, mount: str, ending: str) -> list[str]:
        """List a mount's AppRoles by the end of their names."""
        return [name for name in self._http.keys(roles_of(mount)) if name.endswith(ending)]

    def secret_id_accessors(self, role: AppRole) -> list[str]:
        """List the accessors of a role's secret ids."""
        return self._http.keys(f"{roles_of(role.mount)}/{role.name}/secret-id")

    def destroy_secret_ids(self, role: AppRole, accessors: list[str]) -> None:
        """Destroy secret ids, so that nobody can log in with them any more."""
        path = f"{roles_of(role.mount)}/{role.name}/secret-id-accessor/destroy"
        concurrently(lambda accessor: self._http.write(path, {"secret_id_accessor": accessor}), accessors)

    def destroy_secret_id_named(self, mount: str, name: str, fingerprinted: str) -> None:
        """Destroy a secret id by the fingerprint of its accessor; one that is not there counts as destroyed."""
        role = self.find(mount, name)
        if role:
            accessors = [a for a in self.secret_id_accessors(role) if fingerprint(a) == fingerprinted]
            self.destroy_secret_ids(role, accessors)

    def log_in(self, role: AppRole) -> Mapping[str, object]:
        """Log in with a secret id that is made for this and good for it only; the answer holds the token."""
        made = self._http.write(f"{roles_of(role.mount)}/{role.name}/secret-id", _CANARY_SECRET_ID)
        body = {"role_id": role.role_id, "secret_id": made["secret_id"]}
        return self._http.with_token("").login(f"auth/{role.mount}/login", body)

    def delete(self, mount: str, name: str, unique_id: str | None) -> None:
        """Delete a role with its secret ids; one with another unique id is left alone: then ours is gone already."""
        role = self.find(mount, name)
        if role and role.unique_id == unique_id:
            self._http.delete(f"{roles_of(mount)}/{name}")
