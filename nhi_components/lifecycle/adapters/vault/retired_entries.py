"""Disabling, restoring and deleting KV v2 entries: what is deleted of one can be undeleted until its metadata goes.

Source: Vault HTTP API, 'KV secrets engine version 2': 'Delete secret versions', 'Undelete secret versions', 'Delete
metadata and all versions'.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from nhi_components.core.errors import NhiError
from nhi_components.core.inventory.records import FoundIdentity
from nhi_components.core.links import LinkKind
from nhi_components.lifecycle.adapters.case_marks import CASE_KEY
from nhi_components.lifecycle.adapters.vault.found_entries import entry
from nhi_components.lifecycle.adapters.vault.found_reads import Looks, marks_in
from nhi_components.lifecycle.adapters.vault.retired_kinds import identity_in, path_of
from nhi_components.lifecycle.adapters.vault.server_time import told_time
from nhi_components.lifecycle.decommission.ports import Removed, Target, Undo

_VERSIONS: Final = "versions"
_DATA: Final = "/data/"


class RetiredEntries:
    """The KV v2 entries of one Vault; what they hold is never read.

    Args:
        looks: at that Vault.
        clock: tells the time.
    """

    def __init__(self, looks: Looks, clock: Callable[[], datetime]) -> None:
        self._looks, self._clock = looks, clock

    def find(self, target: Target) -> FoundIdentity | None:
        """Tell what stands at its key."""
        return identity_in(entry(self._looks, *_place_of(target), self._clock))

    def is_off(self, target: Target, found: FoundIdentity) -> bool:
        """Tell whether no version of it can be read."""
        return not self._readable(target)

    def undo_of(self, target: Target) -> Undo:
        """Tell which of its versions can be read."""
        return {_VERSIONS: self._readable(target)}

    def mark(self, target: Target, value: str) -> bool:
        """Write the mark as custom metadata."""
        noted = marks_in(self._metadata(target).get("custom_metadata"))
        wanted = {name: each for name, each in noted.items() if name != CASE_KEY} | ({CASE_KEY: value} if value else {})
        if wanted != noted:
            self._write("metadata", target, {"custom_metadata": wanted})
        return True

    def disable(self, target: Target, undo: Undo) -> None:
        """Delete the versions that are kept in the undo."""
        readable = [each for each in undo.get(_VERSIONS, ()) if each in self._readable(target)]
        if readable:
            self._write("delete", target, {_VERSIONS: readable})

    def restore(self, target: Target, undo: Undo) -> None:
        """Undelete the same versions; one that was destroyed meanwhile stays so."""
        versions, readable = self._metadata(target).get(_VERSIONS) or {}, self._readable(target)
        there = [int(number) for number, facts in versions.items() if not facts.get("destroyed")]
        hidden = [each for each in undo.get(_VERSIONS, ()) if each in there and each not in readable]
        if hidden:
            self._write("undelete", target, {_VERSIONS: hidden})

    def delete(self, target: Target) -> Sequence[Removed]:
        """Delete it with all its versions; nothing brings them back."""
        mount, path = _place_of(target)
        numbers = sorted(map(int, self._metadata(target).get(_VERSIONS) or {}))
        self._looks.session.http.delete(f"{mount}/metadata/{path}")
        versions = [Removed(LinkKind.VAULT_KV_VERSION, f"{target.name}@{number}") for number in numbers]
        return [*versions, Removed(target.kind, target.name)]

    def _readable(self, target: Target) -> list[int]:
        return sorted(
            int(number)
            for number, facts in (self._metadata(target).get(_VERSIONS) or {}).items()
            if not facts.get("destroyed") and not self._is_hidden(facts)
        )

    def _is_hidden(self, version: Mapping[str, Any]) -> bool:
        ends = told_time(version.get("deletion_time"))
        return ends is not None and ends <= self._clock()

    def _metadata(self, target: Target) -> Mapping[str, Any]:
        mount, path = _place_of(target)
        return self._looks.read(f"{mount}/metadata/{path}")

    def _write(self, what: str, target: Target, body: Mapping[str, Any]) -> None:
        mount, path = _place_of(target)
        self._looks.session.http.write(f"{mount}/{what}/{path}", body)


def _place_of(target: Target) -> tuple[str, str]:
    """Tell mount and path; either may have `data` in it, and the name tells both without what stands between."""
    parts = path_of(target).split(_DATA)
    for at in range(1, len(parts)):
        mount, path = _DATA.join(parts[:at]), _DATA.join(parts[at:])
        if f"{mount}/{path}" == target.name:
            return mount, path
    raise NhiError(
        f"vault: {target.key}: got a key that is not of {target.name}, expected PLACE/MOUNT/data/PATH; fix: run "
        "`nhi discover`, and take key and name that it tells"
    )
