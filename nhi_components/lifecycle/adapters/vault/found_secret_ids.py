"""Secret ids of AppRoles as records: standing credentials, each by a fingerprint of its accessor.

Source: Vault HTTP API, 'AppRole'. Only a secret id that can be used so many times tells of uses: the number of those
that are left is written at each, and `last_updated_time` with it (measured on OpenBao 2.7.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.core.inventory.records import UNWATCHED, FoundCredential, Record, Use
from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.discovery_policy import SECRET_IDS
from nhi_components.lifecycle.adapters.vault.found_reads import Looks, Walk
from nhi_components.lifecycle.adapters.vault.reach import roles_of
from nhi_components.lifecycle.adapters.vault.server_time import told_time
from nhi_components.lifecycle.discovery.ports import Section

_KIND: Final = "secret-id"
_Place = tuple[str, str]
"""A role and the accessor of a secret id; empty for the role itself."""


def secret_ids(looks: Looks, name: str, mount: str) -> Section:
    """Give the section of the secret ids of one AppRole mount."""
    found = _SecretIds(looks, mount)
    return Section(name, f"secret ids of auth/{mount}", SECRET_IDS, Walk(found.after, found.records).page)


class _SecretIds:
    def __init__(self, looks: Looks, mount: str) -> None:
        self._looks, self._mount = looks, mount

    def after(self, cursor: str) -> Iterator[tuple[str, _Place]]:
        """Yield roles and their secret ids; the cursor is `role/fingerprint`.

        A role counts as well, so that a page of roles that have none ends too.
        """
        on, _, known = cursor.partition("/")
        for role in self._looks.names(roles_of(self._mount)):
            if role > on:
                yield f"{role}/", (role, "")
            if role >= on:
                listed = self._looks.names(f"{self._path(role)}/secret-id")
                for each, accessor in sorted((fingerprint(accessor), accessor) for accessor in listed):
                    if role > on or each > known:
                        yield f"{role}/{each}", (role, accessor)

    def records(self, place: _Place) -> Iterator[Record]:
        """Yield what there is to tell of one secret id; nothing of a role."""
        role, accessor = place
        path, body = f"{self._path(role)}/secret-id-accessor/lookup", {"secret_id_accessor": accessor}
        facts = self._looks.look_up(path, body) if accessor else {}
        if "creation_time" in facts:
            created, ends = told_time(facts["creation_time"]), told_time(facts.get("expiration_time"))
            key = self._looks.key(self._path(role))
            yield FoundCredential(key, _KIND, fingerprint(accessor), created, ends, use=_use(facts))

    def _path(self, role: str) -> str:
        return f"{roles_of(self._mount)}/{role}"


def _use(facts: Mapping[str, Any]) -> Use:
    if not facts.get("secret_id_num_uses"):
        return UNWATCHED
    made, touched = told_time(facts["creation_time"]), told_time(facts.get("last_updated_time"))
    return Use(touched if touched != made else None, watched_since=made)
