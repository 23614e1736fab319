"""Disabling, restoring and deleting entities: Vault refuses the tokens of one that is disabled, and its logins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from nhi_components.core.inventory.records import FoundIdentity
from nhi_components.core.links import LinkKind
from nhi_components.lifecycle.adapters.case_marks import CASE_KEY
from nhi_components.lifecycle.adapters.vault.found_entities import entity
from nhi_components.lifecycle.adapters.vault.found_reads import Looks, marks_in
from nhi_components.lifecycle.adapters.vault.retired_kinds import identity_in, path_of, revoke_tokens
from nhi_components.lifecycle.decommission.ports import Removed, Target, Undo

_DISABLED: Final = "disabled"


class RetiredEntities:
    """The entities of one Vault."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks

    def find(self, target: Target) -> FoundIdentity | None:
        """Tell what stands at its key."""
        return identity_in(entity(self._looks, path_of(target).rpartition("/")[2]))

    def is_off(self, target: Target, found: FoundIdentity) -> bool:
        """Tell whether it is disabled."""
        return found.disabled

    def undo_of(self, target: Target) -> Undo:
        """Tell whether it is disabled already."""
        return {_DISABLED: bool(self._read(target).get(_DISABLED))}

    def mark(self, target: Target, value: str) -> bool:
        """Write the mark as metadata."""
        noted = marks_in(self._read(target).get("metadata"))
        wanted = {name: each for name, each in noted.items() if name != CASE_KEY} | ({CASE_KEY: value} if value else {})
        if wanted != noted:
            self._write(target, {"metadata": wanted})
        return True

    def disable(self, target: Target, undo: Undo) -> None:
        """Disable it."""
        if not self._read(target).get(_DISABLED):
            self._write(target, {_DISABLED: True})

    def restore(self, target: Target, undo: Undo) -> None:
        """Enable it, unless it was disabled before; its tokens that have not ended work again."""
        if self._read(target).get(_DISABLED) and not undo.get(_DISABLED):
            self._write(target, {_DISABLED: False})

    def delete(self, target: Target) -> Sequence[Removed]:
        """Revoke its tokens, then delete it with its aliases; a login through a role that stays makes a new one."""
        removed = revoke_tokens(self._looks, lambda facts: facts.get("entity_id") == target.unique_id)
        aliases = self._read(target).get("aliases") or ()
        removed += [Removed(LinkKind.VAULT_ENTITY_ALIAS, str(each["id"])) for each in aliases]
        self._looks.session.http.delete(path_of(target))
        return [*removed, Removed(LinkKind.VAULT_ENTITY, target.name)]

    def _read(self, target: Target) -> Mapping[str, Any]:
        return self._looks.read(path_of(target))

    def _write(self, target: Target, fields: Mapping[str, Any]) -> None:
        self._looks.session.http.write(path_of(target), fields)
