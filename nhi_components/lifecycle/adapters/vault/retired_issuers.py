"""Deleting what can't be disabled: roles of secrets engines, accounts whose passwords they keep, standing tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from nhi_components.core.inventory.records import FoundIdentity
from nhi_components.core.links import LinkKind
from nhi_components.lifecycle.adapters.vault.found_issuers import KINDS, STATIC, issuer, static_role
from nhi_components.lifecycle.adapters.vault.found_reads import Looks
from nhi_components.lifecycle.adapters.vault.found_tokens import token
from nhi_components.lifecycle.adapters.vault.leases import DynamicLeases
from nhi_components.lifecycle.adapters.vault.retired_kinds import identity_in, path_of, split_path
from nhi_components.lifecycle.decommission.ports import CannotDisable, Removed, Target, Undo

ENGINES: Final[Mapping[str, str]] = {str(kind): engine for engine, kind in KINDS.items()}
"""The engine by the kind of its roles."""

_ROLES, _STATIC_ROLES = "roles", "static-roles"


class _Undisabled:
    """Identities of a kind that knows no way back."""

    why = ""

    def is_off(self, target: Target, found: FoundIdentity) -> bool:
        """Tell that it never is."""
        return False

    def undo_of(self, target: Target) -> Undo:
        """Refuse."""
        raise self._cannot(target)

    def mark(self, target: Target, value: str) -> bool:
        """Nothing: there is no place for marks."""
        return False

    def disable(self, target: Target, undo: Undo) -> None:
        """Refuse."""
        raise self._cannot(target)

    def restore(self, target: Target, undo: Undo) -> None:
        """Nothing: it was never disabled."""

    def _cannot(self, target: Target) -> CannotDisable:
        return CannotDisable(f"vault: {target.kind} {target.name} {self.why}")


class RetiredIssuers(_Undisabled):
    """The roles of the secrets engines of one Vault."""

    why = (
        "can't be disabled: a role of an engine issues, or is not there; fix: take its path out of the policies that "
        "let it be used, and delete it after the grace period"
    )

    def __init__(self, looks: Looks) -> None:
        self._looks = looks

    def find(self, target: Target) -> FoundIdentity | None:
        """Tell what stands at its key."""
        if target.kind == STATIC:
            return identity_in(static_role(self._looks, *split_path(target, _STATIC_ROLES)))
        return identity_in(issuer(self._looks, ENGINES[target.kind], *split_path(target, _ROLES)))

    def delete(self, target: Target) -> Sequence[Removed]:
        """Delete it, then revoke what it has issued and still lives; certificates and static accounts stay."""
        if target.kind == STATIC:
            self._looks.session.http.delete(path_of(target))
            return [Removed(target.kind, target.name)]
        mount, role = split_path(target, _ROLES)
        leases, removed = DynamicLeases(self._looks.session.http), list[Removed]()
        # Before the role goes, so that after a kill they are looked for again; what is issued meanwhile, after it.
        for _ in ("before", "after"):
            for lease in leases.of_role(mount, role):
                leases.revoke(lease)
                removed.append(Removed(LinkKind.VAULT_LEASE, lease.name))
            self._looks.session.http.delete(path_of(target))
        return [*removed, Removed(target.kind, target.name)]


class RetiredTokens(_Undisabled):
    """The standing tokens of one Vault."""

    why = "can't be disabled, nor given back once it is revoked; fix: revoke it after the notice, with `nhi kill`"

    def __init__(self, looks: Looks) -> None:
        self._looks = looks

    def find(self, target: Target) -> FoundIdentity | None:
        """Tell what stands at its key."""
        return identity_in(token(self._looks, path_of(target).rpartition("/")[2]))

    def delete(self, target: Target) -> Sequence[Removed]:
        """Revoke it, with its own tokens and what was issued to them."""
        self._looks.session.tokens.revoke_named(target.unique_id)
        return [Removed(LinkKind.VAULT_TOKEN, target.unique_id)]
