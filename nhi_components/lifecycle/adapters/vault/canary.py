"""Opening a token through an AppRole, or for an entity, to be tried after the removal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.adapters.vault.approles import AppRole, AppRoles, fingerprint
from nhi_components.lifecycle.adapters.vault.entities import Entities, Entity
from nhi_components.lifecycle.adapters.vault.errors import Denied, Refused
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.reach import ALIASES

_SELF = "auth/token/lookup-self"
_TOKEN_ROLES = "auth/token/roles"  # noqa: S105 - a path
_ALIAS = "identity/entity-alias"
_CANARY_TTL = "1h"
"""Longer than any default deadline of a teardown (`residue`): a token that ended by itself proves nothing."""


@dataclass(frozen=True, slots=True)
class OpenToken:
    """A token that we hold ourselves.

    Attributes:
        name: the fingerprint of its accessor.
        entity: the id of the entity that Vault takes it for; empty when for none.
        ends: when it ends by itself; a refusal after that proves nothing. None when it does not.
        http: the Vault as this token sees it.
    """

    name: str
    entity: str
    ends: datetime | None
    http: VaultHttp = field(repr=False)

    def works(self) -> bool:
        """Tell whether the token may still look itself up."""
        try:
            return self.http.read(_SELF) is not None
        except Denied:
            return False


class NoCanary(NhiError):
    """A token could not be opened, or its refusal would prove nothing."""


def open_token(http: VaultHttp, role: AppRole) -> OpenToken:
    """Log in through an AppRole and see that the token works.

    Raises:
        NoCanary: with the reason.
        SystemUnreachable: when Vault does not answer.
    """
    try:
        login = AppRoles(http).log_in(role)
    except (Denied, Refused):
        raise NoCanary("Vault refused a login through the AppRole: disabled, or bound to other addresses") from None
    return _seen_working(http, login)


def open_token_for(http: VaultHttp, entity: Entity, lease_id: str, token_accessor: str) -> OpenToken:
    """Open a token that Vault takes for an entity, as it would one from a login that only an issuer can make.

    For that the entity has, for a moment, an alias of the token method, and a token role admits it; both are named by
    the lease id, so that what a kill has left of them is overwritten and removed by the next run.

    Raises:
        NoCanary: with the reason.
        SystemUnreachable: when Vault does not answer.
    """
    role, create = f"{_TOKEN_ROLES}/{lease_id}", f"auth/token/create/{lease_id}"
    _need(
        http, {_ALIAS: {"update"}, f"{ALIASES}/+": {"delete"}, role: {"create", "update", "delete"}, create: {"update"}}
    )
    alias = {"name": lease_id, "canonical_id": entity.unique_id, "mount_accessor": token_accessor}
    settings = {"allowed_entity_aliases": [lease_id], "allowed_policies": [lease_id], "orphan": True}
    try:
        http.write(_ALIAS, alias)
        http.write(role, settings)
        body = {"entity_alias": lease_id, "policies": [lease_id], "explicit_max_ttl": _CANARY_TTL}
        login = http.login(create, body)
    except (Denied, Refused) as refusal:
        raise NoCanary(f"Vault refused a token for the entity: {refusal}") from None
    finally:
        _remove_way_in(http, entity, lease_id, role)
    return _seen_working(http, login)


def _need(http: VaultHttp, wanted: Mapping[str, set[str]]) -> None:
    granted = http.write("sys/capabilities-self", {"paths": list(wanted)})
    lacking = [
        f"{' and '.join(sorted(rights))} on {path}"
        for path, rights in wanted.items()
        if not ("root" in granted.get(path, ()) or rights <= set(granted.get(path, ())))
    ]
    if lacking:
        raise NoCanary(
            "only the issuer can make a login, and the connection's token may not open a token for the entity "
            f"instead; fix: grant it {', '.join(lacking)} in a policy"
        )


def _remove_way_in(http: VaultHttp, entity: Entity, lease_id: str, role: str) -> None:
    http.delete(role)
    entities = Entities(http)
    now = entities.by_id(entity.unique_id)
    for alias in now.aliases if now else ():
        if alias.name == lease_id:
            entities.delete_alias(alias.unique_id)


def _seen_working(http: VaultHttp, login: Mapping[str, object]) -> OpenToken:
    own = http.with_token(str(login["client_token"]))
    try:
        facts = own.read(_SELF) or {}
    except Denied:
        raise NoCanary(
            "a token was opened, but it may not look itself up: no default policy, or bound to other addresses"
        ) from None
    if facts.get("num_uses"):
        raise NoCanary("tokens of the AppRole end after some uses, so that a refusal would prove nothing")
    ends = facts.get("expire_time")
    return OpenToken(
        name=fingerprint(str(login.get("accessor", ""))),
        entity=str(login.get("entity_id", "")),
        ends=datetime.fromisoformat(str(ends)) if ends else None,
        http=own,
    )
