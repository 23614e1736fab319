"""The port of a store of evidence: chains of envelopes, each with a head, and the keys it was pinned to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from nhi_components.lifecycle.evidence.keys import VerifyingKey

GENESIS_DIGEST = "0" * 64
"""Stands where the first envelope of a chain names its predecessor's digest."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain.

    Attributes:
        chain_id: 16 hexadecimal digits, drawn when the chain began.
        sequence: the number of its newest envelope, counted from 1; 0 for an empty chain.
        digest: SHA-256 of that envelope's bytes.
    """

    chain_id: str
    sequence: int
    digest: str

    @classmethod
    def genesis(cls, chain_id: str) -> Head:
        """The head of a chain that has no envelope yet."""
        return cls(chain_id, 0, GENESIS_DIGEST)


@dataclass(frozen=True, slots=True)
class StoredEnvelope:
    """One envelope as it is stored.

    Attributes:
        chain_id: the chain that it is filed under.
        sequence: the number that it is filed under.
        path: where it is, for messages.
        data: its bytes.
    """

    chain_id: str
    sequence: int
    path: str
    data: bytes


class ChainWriter(Protocol):
    """The store's own chain while its lock is held."""

    @property
    def head(self) -> Head:
        """The chain's end."""

    @property
    def newest(self) -> StoredEnvelope | None:
        """The envelope at the chain's end; None for an empty chain."""

    def at(self, sequence: int) -> StoredEnvelope | None:
        """The envelope of that number, or None."""

    def append(self, data: bytes) -> StoredEnvelope:
        """Store an envelope durably as the next one; `EvidenceError` when that fails."""


class EvidenceStore(Protocol):
    """Keeps envelopes. Whatever cannot be read or written is an `EvidenceError`."""

    def ensure_writable(self) -> None:
        """Prove that an envelope could be written now."""

    def writing(self) -> AbstractContextManager[ChainWriter]:
        """Hold the lock of the store's own chain, mended after a kill; one writer at a time on this machine."""

    def chain_ids(self) -> Sequence[str]:
        """All chains: the store's own and those that were collected from elsewhere."""

    def envelopes(self, chain_id: str) -> Sequence[StoredEnvelope]:
        """A chain's envelopes in the order of their numbers."""

    def mentioning(self, lease_id: str) -> Iterable[StoredEnvelope]:
        """The envelopes of all chains whose payload holds a lease id, one after another; none is judged."""

    def recorded_head(self, chain_id: str) -> Head | None:
        """The head as it was last noted down; one behind after a kill, None before the first."""

    def pinned_keys(self) -> Sequence[VerifyingKey]:
        """The keys that this store trusts."""

    def pin(self, key: VerifyingKey) -> None:
        """Trust a key from now on."""
