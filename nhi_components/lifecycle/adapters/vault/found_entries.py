"""KV v2 entries as records: what secrets are kept, since when, whose; what they hold is never read.

Source: Vault HTTP API, 'KV secrets engine version 2', 'Read secret metadata'. Vault does not tell when a version was
last read. Entries are told in the order of their paths, which is the order of a walk through sorted folders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from nhi_components.core.inventory.records import FoundCredential, FoundIdentity, Record
from nhi_components.core.links import System
from nhi_components.core.tags import lease_of_metadata
from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.discovery_policy import ENTRIES
from nhi_components.lifecycle.adapters.vault.found_reads import Looks, Walk, marks_in, marks_of_lease
from nhi_components.lifecycle.adapters.vault.kv import lease_of_path
from nhi_components.lifecycle.adapters.vault.places import is_claim, kind_of
from nhi_components.lifecycle.adapters.vault.server_time import told_time
from nhi_components.lifecycle.discovery.ports import Section

_KIND: Final = "kv-secret"


def entries(looks: Looks, name: str, mount: str, clock: Callable[[], datetime]) -> Section:
    """Give the section of the entries of one KV v2 mount.

    Args:
        looks: at that Vault.
        name: of the section.
        mount: path of the mount.
        clock: tells the time.
    """
    found = _Entries(looks, mount, clock)
    return Section(name, f"secrets kept in {mount}", ENTRIES, Walk(found.after, found.records).page)


def entry(looks: Looks, mount: str, path: str, clock: Callable[[], datetime]) -> Iterator[Record]:
    """Yield what there is to tell of one entry; nothing when it is not there. Arguments as those of `entries`."""
    return _Entries(looks, mount, clock).records(path)


class _Entries:
    def __init__(self, looks: Looks, mount: str, clock: Callable[[], datetime]) -> None:
        self._looks, self._mount, self._clock = looks, mount, clock

    def after(self, cursor: str) -> Iterator[tuple[str, str]]:
        """Yield the paths after one, each as its own cursor."""
        return ((path, path) for path in self._after("", cursor))

    def _after(self, folder: str, cursor: str) -> Iterator[str]:
        """Walk on behind a path; of the folders before it only those in which it lies are listed again."""
        for name in self._looks.names(f"{self._mount}/metadata/{folder}"):
            path = folder + name
            if not path.endswith("/"):
                # A claim is a note of a run, and keeps no secret.
                if path > cursor and not is_claim(path):
                    yield path
            elif path > cursor or cursor.startswith(path):
                yield from self._after(path, cursor)

    def records(self, path: str) -> Iterator[Record]:
        """Yield what there is to tell of one entry."""
        facts = self._looks.read(f"{self._mount}/metadata/{path}")
        if not facts:
            return
        key = self._looks.key(f"{self._mount}/data/{path}")
        marks = marks_in(facts.get("custom_metadata"))
        if not lease_of_metadata(marks):
            marks |= marks_of_lease(lease_of_path(path))
        made = str(facts.get("created_time"))
        yield FoundIdentity(
            key=key,
            system=System.VAULT,
            place=self._looks.identity.place,
            kind=kind_of(path),
            name=f"{self._mount}/{path}",
            unique_id=fingerprint("\n".join([self._looks.accessor(self._mount), path, made])),
            created_at=told_time(made),
            marks=marks,
        )
        newest = (facts.get("versions") or {}).get(str(facts.get("current_version")))
        if newest:
            yield self._credential(key, path, newest)

    def _credential(self, key: str, path: str, version: Mapping[str, Any]) -> FoundCredential:
        ends = told_time(version.get("deletion_time"))
        hidden = bool(version.get("destroyed")) or (ends is not None and ends <= self._clock())
        made = told_time(version.get("created_time"))
        return FoundCredential(key, _KIND, f"{self._mount}/{path}", made, ends, disabled=hidden)
