"""The source `api-key`: random keys of our own making, accepted by whoever reads the registry of their digests.

A key is `<prefix>_` and 43 characters of the URL-safe alphabet, 256 random bits, so that its digest can be public. The
only field is `api_key`. Vault takes no part in using a key: it works while the registry lists its digest as enabled.
"""

from __future__ import annotations

import base64
import secrets

from nhi_components.core.credential.sources import ApiKeySource
from nhi_components.core.errors import NhiError
from nhi_components.core.links import NotChecked
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.vault.registry import Record, Records, Registry, digest_of
from nhi_components.lifecycle.adapters.vault.server_time import server_time
from nhi_components.lifecycle.adapters.vault.session import VaultSession
from nhi_components.lifecycle.credentials.ports import Key, LimitReached, Material

FIELD = "api_key"
"""The field of a key that holds its value."""

_BYTES = 32
_ID_BYTES, _ID_CHARACTERS = 8, 12

MOST = 5
"""Our own figure: the key in use, the one before, and room for what killed runs have left. More alive at a time would
only be more to leak, and whoever verifies keys reads all of them."""


class ApiKeys:
    """The keys of one registry as `Source`."""

    most = MOST
    can_disable = True

    def __init__(self, session: VaultSession, spec: ApiKeySource) -> None:
        self._session, self._spec = session, spec

    @property
    def spec(self) -> ApiKeySource:
        """What it was opened by."""
        return self._spec

    def keys(self, lease: LeaseTags) -> list[Key]:
        """List the registered keys; see the port."""
        records = self._registry.of(lease.lease)
        dated = sorted(records.items(), key=lambda item: (str(item[1].created_at or ""), item[0]))
        return [Key(key_id, record.enabled, record.created_at) for key_id, record in dated]

    def create(self, lease: LeaseTags) -> Material:
        """Make a key and register it; see the port. It ends with the registry, which goes with the lease."""
        value = f"{self._spec.prefix}_{secrets.token_urlsafe(_BYTES)}"
        record = Record(digest_of(value), enabled=True, created_at=server_time(self._session.http))
        key_id, registry = _new_id(), self._registry

        def added(known: Records) -> Records:
            if len(known) >= MOST:
                raise LimitReached(
                    f"{registry.place}: found {len(known)} API keys, expected fewer than {MOST}; "
                    "fix: delete those that nobody uses"
                )
            return {**known, key_id: record}

        registry.change(added, lease)
        return Material(key_id, {FIELD: value})

    def disable(self, key_id: str) -> None:
        """Have a key refused; see the port."""
        self._registry.change(lambda known: {i: r.disabled() if i == key_id else r for i, r in known.items()})

    def enable(self, key_id: str) -> None:
        """Have a key accepted again; see the port.

        Raises:
            NhiError: it is not registered.
        """
        registry = self._registry

        def enabled(known: Records) -> Records:
            if key_id not in known:
                raise NhiError(
                    f"{registry.place}: found no API key {key_id}, expected one to enable; fix: rotate the credential"
                )
            kept = known[key_id]
            return {**known, key_id: Record(kept.sha256, enabled=True, created_at=kept.created_at)}

        registry.change(enabled)

    def delete(self, key_id: str) -> None:
        """Take a key off the registry; see the port."""
        self._registry.change(lambda known: {i: r for i, r in known.items() if i != key_id})

    def works(self, material: Material) -> bool:
        """Do what whoever verifies keys does: look whether the value's digest is listed and enabled."""
        value = material.fields.get(FIELD)
        return value is not None and self._registry.accepts(material.key_id, digest_of(value))

    def last_used(self, key_id: str) -> NotChecked:
        """Say that only who verifies keys could tell; see the port."""
        return NotChecked(f"Vault takes no part in the use of API key {key_id}; ask the system that verifies it")

    def find(self, value: str) -> str | None:
        """Tell which key a value is of, such as one that was found in the open; None when it is none of these."""
        digest = digest_of(value)
        return next((key_id for key_id, r in self._registry.records().items() if r.sha256 == digest), None)

    @property
    def _registry(self) -> Registry:
        return Registry(self._session.http, self._spec.mount, self._spec.path or "")


def _new_id() -> str:
    encoded = base64.b32encode(secrets.token_bytes(_ID_BYTES)).decode("ascii").lower()
    return f"key-{encoded[:_ID_CHARACTERS]}"
