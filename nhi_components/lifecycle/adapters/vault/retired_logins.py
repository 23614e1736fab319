"""Disabling, restoring and deleting auth roles, which Vault itself can't disable.

A role is bound to an address that nobody has: no login through it gives a token that can be used, whatever policies its
entity or groups have. The tokens that live are revoked, and come back by logging in once the role is restored. Batch
tokens are in no list, and live until they end. Source: Vault documentation, 'Tokens' (`token_bound_cidrs`, batch
tokens); RFC 919 for the address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nhi_components.core.inventory.records import FoundIdentity
from nhi_components.core.links import LinkKind
from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.found_logins import METHODS, login
from nhi_components.lifecycle.adapters.vault.found_reads import Looks, texts
from nhi_components.lifecycle.adapters.vault.retired_kinds import identity_in, path_of, revoke_tokens, split_path
from nhi_components.lifecycle.decommission.ports import Removed, Target, Undo

OF_KINDS: Final[Mapping[str, str]] = {str(shape.kind): method for method, shape in reversed(list(METHODS.items()))}
"""The auth method by the kind of its roles; OIDC's are JWT's."""
NOBODY: Final = "255.255.255.255/32"
"""The address that no packet comes from."""

_BOUND: Final = "token_bound_cidrs"
_KEPT: Final[Mapping[str, tuple[str, ...]]] = {LinkKind.VAULT_JWT_ROLE: ("role_type", "user_claim")}
"""Fields that a role loses when it is written without them."""
_NAMED_BY: Final = ("role_name", "role", "username", "cert_name")
"""The metadata in which a token tells its role."""


class RetiredLogins:
    """The auth roles of one Vault."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks

    def find(self, target: Target) -> FoundIdentity | None:
        """Tell what stands at its key."""
        mount, name = _place_of(target)
        return identity_in(login(self._looks, OF_KINDS[target.kind], mount, name))

    def is_off(self, target: Target, found: FoundIdentity) -> bool:
        """Tell whether its tokens are bound to nobody."""
        return [_whole(each) for each in texts(self._read(target).get(_BOUND))] == [NOBODY]

    def undo_of(self, target: Target) -> Undo:
        """Tell to which addresses its tokens are bound."""
        return {_BOUND: list(texts(self._read(target).get(_BOUND)))}

    def mark(self, target: Target, value: str) -> bool:
        """Nothing: roles have no place for marks."""
        return False

    def disable(self, target: Target, undo: Undo) -> None:
        """Bind the tokens of further logins to nobody, then revoke those that live."""
        self._bind(target, [NOBODY])
        self._revoke(target)

    def restore(self, target: Target, undo: Undo) -> None:
        """Bind tokens to the addresses of before; what somebody else has bound them to meanwhile stays."""
        if [_whole(each) for each in texts(self._read(target).get(_BOUND))] == [NOBODY]:
            self._bind(target, list(undo.get(_BOUND, ())))

    def delete(self, target: Target) -> Sequence[Removed]:
        """Let nobody log in any more, revoke the tokens that live, then delete the role with its secret ids."""
        self._bind(target, [NOBODY])
        removed = self._revoke(target)
        path = path_of(target)
        accessors = self._looks.names(f"{path}/secret-id") if target.kind == LinkKind.VAULT_APPROLE else []
        removed += [Removed(LinkKind.VAULT_SECRET_ID, fingerprint(each)) for each in accessors]
        self._looks.session.http.delete(path)
        return [*removed, Removed(target.kind, target.name)]

    def _read(self, target: Target) -> Mapping[str, Any]:
        return self._looks.read(path_of(target))

    def _bind(self, target: Target, addresses: Sequence[str]) -> None:
        fields = self._read(target)
        if [_whole(each) for each in texts(fields.get(_BOUND))] == [_whole(each) for each in addresses]:
            return
        kept = {name: fields[name] for name in _KEPT.get(target.kind, ()) if name in fields}
        self._looks.session.http.write(path_of(target), {**kept, _BOUND: list(addresses)})

    def _revoke(self, target: Target) -> list[Removed]:
        mount, name = _place_of(target)

        def is_its(facts: Mapping[str, Any]) -> bool:
            if mount == "token":
                return facts.get("role") == name
            noted = facts.get("meta") or {}
            of_mount = str(facts.get("path", "")).startswith(f"auth/{mount}/")
            return of_mount and name in [noted.get(each) for each in _NAMED_BY]

        return revoke_tokens(self._looks, is_its)


def _place_of(target: Target) -> tuple[str, str]:
    mount, name = split_path(target, METHODS[OF_KINDS[target.kind]].folder)
    return mount.removeprefix("auth/"), name


def _whole(address: str) -> str:
    return address if "/" in address else f"{address}/32"
