"""Disabling, restoring and deleting single identities of one Vault or OpenBao, or of one namespace, whoever made them.

Each kind has a way of its own, and some have none that could be taken back. A role other than an AppRole is known by
its mount and name alone: one made anew under its name on the same mount can't be told from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from nhi_components.core.connection import VaultConnection
from nhi_components.core.inventory.records import FoundIdentity, Guard
from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.adapters.case_marks import CASE_KEY, mark_value, read_mark
from nhi_components.lifecycle.adapters.retiring import elsewhere, not_there, seen, unknown_kind
from nhi_components.lifecycle.adapters.vault.found_issuers import STATIC
from nhi_components.lifecycle.adapters.vault.found_reads import Looks
from nhi_components.lifecycle.adapters.vault.retired_entities import RetiredEntities
from nhi_components.lifecycle.adapters.vault.retired_entries import RetiredEntries
from nhi_components.lifecycle.adapters.vault.retired_issuers import ENGINES, RetiredIssuers, RetiredTokens
from nhi_components.lifecycle.adapters.vault.retired_kinds import OfKind
from nhi_components.lifecycle.adapters.vault.retired_logins import OF_KINDS, RetiredLogins
from nhi_components.lifecycle.clock import system_clock
from nhi_components.lifecycle.decommission.ports import Presence, Removed, Standing, Target, Undo

_GUARDS: Final = {
    Guard.CALLER: "the connection's own",
    Guard.BREAK_GLASS: "it has the policy root, as what is kept for emergencies has",
    Guard.SERVICE_LINKED: "Vault itself keeps it",
}


class Retirement:
    """One Vault through one connection.

    Args:
        connection: its name.
        settings: how it is reached.
        clock: tells the time.
    """

    system = System.VAULT

    def __init__(
        self, connection: str, settings: VaultConnection, clock: Callable[[], datetime] = system_clock
    ) -> None:
        self.connection = connection
        self._looks = looks = Looks(connection, settings)
        self._kinds: dict[str, OfKind] = {
            **dict.fromkeys(OF_KINDS, RetiredLogins(looks)),
            **dict.fromkeys([*ENGINES, STATIC], RetiredIssuers(looks)),
            **dict.fromkeys([LinkKind.VAULT_KV_PATH, LinkKind.VAULT_API_KEYS], RetiredEntries(looks, clock)),
            LinkKind.VAULT_ENTITY: RetiredEntities(looks),
            LinkKind.VAULT_TOKEN: RetiredTokens(looks),
        }

    def place(self) -> str:
        """Tell the cluster's id, and the namespace if there is one."""
        return self._looks.identity.place

    def look(self, target: Target) -> Standing:
        """Tell how an identity stands; Vault tells of no uses and no dependents."""
        with seen(self.system, self.connection):
            kind = self._of(target)
            found = kind.find(target)
            if found is None:
                return Standing(Presence.GONE)
            if found.unique_id != target.unique_id:
                return Standing(Presence.OTHER)
            case, stage = read_mark(found.marks.get(CASE_KEY, ""))
            presence = Presence.DISABLED if kind.is_off(target, found) else Presence.ALIVE
            return Standing(presence, case, stage, _GUARDS[found.guard] if found.guard else "")

    def undo_of(self, target: Target) -> Undo:
        """Tell what disabling it changes.

        Raises:
            CannotDisable: its kind knows no way back.
        """
        with seen(self.system, self.connection):
            return self._own(target).undo_of(target)

    def mark(self, target: Target, case: str, stage: str) -> bool:
        """Write the mark as metadata, which entities and KV entries have."""
        with seen(self.system, self.connection):
            return self._own(target).mark(target, mark_value(case, stage))

    def disable(self, target: Target, undo: Undo) -> None:
        """Deny everything to it."""
        with seen(self.system, self.connection):
            self._own(target).disable(target, undo)

    def restore(self, target: Target, undo: Undo) -> None:
        """Give back what disabling it took."""
        with seen(self.system, self.connection):
            self._own(target).restore(target, undo)

    def delete(self, target: Target) -> Sequence[Removed]:
        """Remove it with what was issued to it; nothing brings any of it back."""
        with seen(self.system, self.connection):
            kind = self._of(target)
            return kind.delete(target) if _is_it(kind.find(target), target) else ()

    def _of(self, target: Target) -> OfKind:
        if target.kind not in self._kinds:
            raise unknown_kind(self.connection, target, self._kinds)
        if target.place != self._looks.identity.place:
            raise elsewhere(self.connection, target, self._looks.identity.place)
        return self._kinds[target.kind]

    def _own(self, target: Target) -> OfKind:
        kind = self._of(target)
        if not _is_it(kind.find(target), target):
            raise not_there(self.connection, target)
        return kind


def _is_it(found: FoundIdentity | None, target: Target) -> bool:
    return found is not None and found.unique_id == target.unique_id
