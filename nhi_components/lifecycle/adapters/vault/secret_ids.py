"""The source `vault-secret-id`: the secret ids of an AppRole; a key's id is its accessor, which logs nobody in.

The AppRole bears no mark itself: it is the lease's when one of its token policies bears the lease in its first line, or
when its logins are taken for an entity that bears it. Each secret id has the lease's marks as its metadata, and so have
the tokens that are got by it. The fields are `role_id` and `secret_id`.

A failed login counts: HashiCorp Vault locks an AppRole for a quarter of an hour after five of them (Vault
documentation, 'User lockout'). So a secret id is looked up first, and used only when Vault knows it. Where the AppRole
limits how often, or from where, a secret id is used, that look has to do: a login would use one up, or be refused here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nhi_components.core.credential.sources import VaultSecretIdSource
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import NotChecked
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.vault.approles import AppRole, AppRoles
from nhi_components.lifecycle.adapters.vault.entities import Entities
from nhi_components.lifecycle.adapters.vault.errors import Denied, Refused
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.parallel import concurrently
from nhi_components.lifecycle.adapters.vault.policies import Policies
from nhi_components.lifecycle.adapters.vault.reach import REVOKE_ACCESSOR, look, roles_of
from nhi_components.lifecycle.adapters.vault.server_time import seconds_left, server_time, told_time
from nhi_components.lifecycle.adapters.vault.session import VaultSession
from nhi_components.lifecycle.credentials.ports import Key, Material


class SecretIds:
    """The secret ids of one AppRole as `Source`."""

    most = None
    can_disable = False

    def __init__(self, session: VaultSession, spec: VaultSecretIdSource) -> None:
        self._session, self._spec = session, spec

    @property
    def spec(self) -> VaultSecretIdSource:
        """What it was opened by."""
        return self._spec

    def keys(self, lease: LeaseTags) -> list[Key]:
        """List the secret ids that have not expired; see the port."""
        role = self._role(lease)
        if role is None:
            return []
        now = server_time(self._session.http)
        found = concurrently(self._key, AppRoles(self._session.http).secret_id_accessors(role))
        alive = [key for key in found if key and (key.ends is None or key.ends > now)]
        return sorted(alive, key=lambda key: (key.created_at or now, key.id))

    def create(self, lease: LeaseTags) -> Material:
        """Make a secret id that ends with the lease, or as the AppRole says if that is sooner; see the port.

        Raises:
            NhiError: there is no such AppRole, it is somebody else's, the lease has ended, or Vault gave a longer life.
        """
        role, http = self._role(lease), self._session.http
        if role is None:
            raise NhiError(f"{self._place}: found nothing, expected the role of {lease.lease}; fix: declare it first")
        life = seconds_left(http, lease, self._place)
        longest = int((http.read(self._path) or {}).get("secret_id_ttl") or life)
        wanted = min(life, longest)
        body = {"metadata": json.dumps(lease.to_metadata()), "ttl": f"{wanted}s"}
        made = http.write(f"{self._path}/secret-id", body)
        accessor, given = str(made["secret_id_accessor"]), int(made.get("secret_id_ttl") or 0)
        if not 0 < given <= wanted:
            # A Vault that knows no `ttl` here ignores it.
            self.delete(accessor)
            raise NhiError(
                f"{self._place}: was given a secret id of {given or 'endless'} seconds, expected {wanted} at most, so "
                "that it ends with its lease; it is destroyed; fix: bound secret_id_ttl of the role, or upgrade Vault"
            )
        return Material(accessor, {"role_id": role.role_id, "secret_id": str(made["secret_id"])})

    def disable(self, key_id: str) -> None:
        """Refuse: Vault can only destroy a secret id."""
        raise self._not_for_a_while(key_id)

    def enable(self, key_id: str) -> None:
        """Refuse, likewise."""
        raise self._not_for_a_while(key_id)

    def delete(self, key_id: str) -> None:
        """Destroy a secret id; see the port. The tokens that were got by it live on until they end or are revoked."""
        if key_id not in self._accessors():
            return
        try:
            self._session.http.write(f"{self._path}/secret-id-accessor/destroy", {"secret_id_accessor": key_id})
        except (SystemUnreachable, Refused):
            # Vault fails with an error of its own when it was destroyed since it was listed.
            if key_id in self._accessors():
                raise

    def works(self, material: Material) -> bool:
        """Log in by it and revoke the token at once, where that costs the workload nothing; see the port."""
        http, role_id, secret_id = self._session.http, material.fields.get("role_id"), material.fields.get("secret_id")
        role = http.read(self._path)
        known = http.write(f"{self._path}/secret-id/lookup", {"secret_id": secret_id}) if role and secret_id else {}
        if not role or known.get("secret_id_accessor") != material.key_id or role_id != self._role_id():
            return False
        if known.get("secret_id_num_uses") or known.get("cidr_list") or role.get("secret_id_bound_cidrs"):
            return True
        try:
            login = http.with_token("").login(f"auth/{self._spec.mount}/login", material.fields)
        except (Denied, Refused):
            return False
        _give_back(http, login)
        return True

    def last_used(self, key_id: str) -> NotChecked:
        """Say that Vault keeps no record of it; see the port."""
        return NotChecked(f"Vault does not tell when secret id {key_id} was last used; its audit log has the logins")

    @property
    def _path(self) -> str:
        return f"{roles_of(self._spec.mount)}/{self._spec.role}"

    @property
    def _place(self) -> str:
        return f"vault.{self._session.name}: {self._path}"

    def _role_id(self) -> str:
        return str((self._session.http.read(f"{self._path}/role-id") or {}).get("role_id", ""))

    def _accessors(self) -> list[str]:
        return self._session.http.keys(f"{self._path}/secret-id")

    def _role(self, lease: LeaseTags) -> AppRole | None:
        """Read the AppRole; None when there is none.

        Raises:
            NhiError: nothing proves it the lease's.
        """
        role = AppRoles(self._session.http).find(self._spec.mount, self._spec.role or "")
        if role and not self._bears(role, lease.lease):
            raise NhiError(
                f"{self._place}: found an AppRole without a policy or an entity that bears {lease.lease}, expected the "
                "lease's own; fix: name the identity's own role, or declare the role through its component"
            )
        return role

    def _bears(self, role: AppRole, lease_id: str) -> bool:
        http = self._session.http
        policies = Policies(http)
        if any((policy := policies.find(name)) and policy.lease == lease_id for name in role.policies):
            return True
        accessor = look(http).approle_mounts.get(role.mount)
        entity = Entities(http).by_login(role.role_id, accessor) if accessor else None
        return entity is not None and entity.lease == lease_id

    def _key(self, accessor: str) -> Key | None:
        path = f"{self._path}/secret-id-accessor/lookup"
        facts = self._session.http.write(path, {"secret_id_accessor": accessor})
        if "creation_time" not in facts:
            return None
        created, ends = told_time(facts["creation_time"]), told_time(facts.get("expiration_time"))
        return Key(accessor, created_at=created, ends=ends)

    def _not_for_a_while(self, key_id: str) -> NhiError:
        return NhiError(
            f"{self._place}: secret id {key_id} can't be disabled for a while, expected a deletion; fix: delete it"
        )


def _give_back(http: VaultHttp, login: Mapping[str, Any]) -> None:
    """Revoke the token of a login: by itself, or by ours where its policies don't let it."""
    accessor = str(login.get("accessor") or "")
    if not accessor:
        # A batch token can't be revoked; nobody but us ever held it, and it is forgotten now.
        return
    try:
        http.with_token(str(login["client_token"])).write("auth/token/revoke-self", {})
    except Denied:
        http.write(REVOKE_ACCESSOR, {"accessor": accessor})
