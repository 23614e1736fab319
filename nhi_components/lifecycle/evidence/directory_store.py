"""A store of evidence in a directory: one file an envelope, a folder a chain.

<directory>/own-chain              the id of the chain that this machine writes
<directory>/chains/<id>/head       its end, noted after each envelope
<directory>/chains/<id>/<n>.dsse.json
<directory>/trusted/<fingerprint>.pem
<directory>/lock
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nhi_components.core.errors import EvidenceError, Problem
from nhi_components.lifecycle.evidence.canonical import canonical_json, sha256_hex
from nhi_components.lifecycle.evidence.files import (
    TEMPORARY_SUFFIX,
    create_durably,
    private_directory,
    read_bytes,
    write_durably,
)
from nhi_components.lifecycle.evidence.keys import VerifyingKey
from nhi_components.lifecycle.evidence.mentions import Mentions
from nhi_components.lifecycle.evidence.store import Head, StoredEnvelope

LOCK_SECONDS = 60.0
"""How long a writer waits for another; one holds the lock for a signature and two small writes."""

_CHAIN_ID = re.compile(r"[0-9a-f]{16}")
_ENVELOPE = re.compile(r"((?!0{8})\d{8})\.dsse\.json")


class DirectoryStore:
    """Evidence in a directory of the local machine, private to its user."""

    def __init__(self, directory: Path, *, lock_seconds: float = LOCK_SECONDS) -> None:
        self.directory = directory
        self._lock_seconds = lock_seconds
        self._chains = directory / "chains"
        self._trusted = directory / "trusted"
        self._own_chain = directory / "own-chain"
        self._mentions = Mentions(lambda each: read_bytes(_path(self._chains / each[0], each[1])))

    def ensure_writable(self) -> None:
        """Write and remove a file where the next envelope would go."""
        with self._locked():
            probe = self._folder(self._own_chain_id()) / f".probe{TEMPORARY_SUFFIX}"
            write_durably(probe, b"probe")
            probe.unlink()

    @contextmanager
    def writing(self) -> Iterator[DirectoryChainWriter]:
        """Hold the store's lock; a chain that a kill left without its newest head is mended first."""
        with self._locked():
            chain_id = self._own_chain_id()
            yield DirectoryChainWriter(self._folder(chain_id), self._mended_head(chain_id))

    def chain_ids(self) -> tuple[str, ...]:
        """All chains in the directory, in the order of their ids."""
        if not self._chains.is_dir():
            return ()
        return tuple(sorted(path.name for path in self._chains.iterdir() if _CHAIN_ID.fullmatch(path.name)))

    def envelopes(self, chain_id: str) -> tuple[StoredEnvelope, ...]:
        """A chain's envelopes in the order of their numbers."""
        folder = self._chains / chain_id
        found = (_stored(folder, sequence) for sequence in _sequences(folder))
        return tuple(envelope for envelope in found if envelope)

    def sequences(self, chain_id: str) -> tuple[int, ...]:
        """The numbers of a chain's envelopes, in their order."""
        return tuple(_sequences(self._chains / chain_id))

    def envelope(self, chain_id: str, sequence: int) -> StoredEnvelope | None:
        """One envelope, by its number."""
        return _stored(self._chains / chain_id, sequence)

    def mentioning(self, lease_id: str) -> Iterator[StoredEnvelope]:
        """The envelopes of all chains whose payload holds a lease id, read one after another."""
        chains = self.chain_ids()
        present = [(chain_id, number) for chain_id in chains for number in _sequences(self._chains / chain_id)]
        found = (_stored(self._chains / chain_id, number) for chain_id, number in self._mentions.of(lease_id, present))
        return (envelope for envelope in found if envelope)

    def recorded_head(self, chain_id: str) -> Head | None:
        """The head as the file `head` has it.

        Raises:
            EvidenceError: the file is no head of this chain.
        """
        path = self._chains / chain_id / "head"
        content = read_bytes(path)
        if content is None:
            return None
        try:
            fields = json.loads(content)
            head = Head(chain_id, int(fields["sequence"]), str(fields["digest"]))
        except (ValueError, KeyError, TypeError):
            head = None
        if head is None or _head_bytes(head) != content:
            fix = "run `nhi evidence verify`, compare the chain with a copy, and restore the file"
            raise EvidenceError(
                str(Problem(str(path), "something else", "sequence and digest of the newest envelope", fix))
            )
        return head

    def pinned_keys(self) -> tuple[VerifyingKey, ...]:
        """The keys in `trusted/`, known by what they are, whatever their file is called."""
        if not self._trusted.is_dir():
            return ()
        return tuple(VerifyingKey.from_file(path) for path in sorted(self._trusted.glob("*.pem")))

    def pin(self, key: VerifyingKey) -> None:
        """Put a key into `trusted/`."""
        private_directory(self._trusted)
        create_durably(self._trusted / f"{key.fingerprint}.pem", key.to_pem())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        private_directory(self.directory)
        path = self.directory / "lock"
        try:
            with FileLock(path, timeout=self._lock_seconds, mode=0o600):
                yield
        except Timeout:
            got = f"a lock that another process has held for {self._lock_seconds:g} s"
            fix = "wait for the other destroy to end; the lock goes with its process"
            raise EvidenceError(str(Problem(str(path), got, "a free lock", fix))) from None

    def _own_chain_id(self) -> str:
        if not self._own_chain.exists():
            create_durably(self._own_chain, secrets.token_hex(8).encode("ascii"))
        chain_id = (read_bytes(self._own_chain) or b"").decode("ascii", "replace").strip()
        if not _CHAIN_ID.fullmatch(chain_id):
            fix = (
                f"write the name of this machine's folder in {self._chains} into it, or delete it to begin a new chain"
            )
            raise EvidenceError(str(Problem(str(self._own_chain), "something else", "16 hexadecimal digits", fix)))
        return chain_id

    def _folder(self, chain_id: str) -> Path:
        private_directory(self._chains)
        folder = self._chains / chain_id
        private_directory(folder)
        return folder

    def _mended_head(self, chain_id: str) -> Head:
        folder = self._chains / chain_id
        for leftover in folder.glob(f".*{TEMPORARY_SUFFIX}"):
            leftover.unlink(missing_ok=True)
        head = self.recorded_head(chain_id) or Head.genesis(chain_id)
        sequences = _sequences(folder)
        newest = _stored(folder, sequences[-1]) if sequences else None
        if newest is None and head.sequence == 0:
            return head
        if newest and newest.sequence == head.sequence and sha256_hex(newest.data) == head.digest:
            return head
        if newest and newest.sequence == head.sequence + 1:
            return _note_head(folder, newest)
        got = f"{newest.path if newest else 'no envelope'}, but a head at {head.sequence} with digest {head.digest}"
        fix = "run `nhi evidence verify`; evidence was removed or changed, so restore the directory from a copy"
        raise EvidenceError(str(Problem(str(folder), got, "the newest envelope at the head", fix)))


class DirectoryChainWriter:
    """The own chain of a directory while its lock is held."""

    def __init__(self, folder: Path, head: Head) -> None:
        self._folder = folder
        self._head = head

    @property
    def head(self) -> Head:
        """The chain's end."""
        return self._head

    @property
    def newest(self) -> StoredEnvelope | None:
        """The envelope at the chain's end."""
        return self.at(self._head.sequence)

    def at(self, sequence: int) -> StoredEnvelope | None:
        """The envelope of that number."""
        return _stored(self._folder, sequence)

    def append(self, data: bytes) -> StoredEnvelope:
        """Write the next envelope, then the head; a kill in between is mended by the next writer."""
        sequence = self._head.sequence + 1
        path = _path(self._folder, sequence)
        if not create_durably(path, data):
            fix = "run `nhi evidence verify`, and find out what else writes to this directory"
            raise EvidenceError(str(Problem(str(path), "a file that is there already", "no file of this number", fix)))
        stored = StoredEnvelope(self._head.chain_id, sequence, str(path), data)
        self._head = _note_head(self._folder, stored)
        return stored


def _note_head(folder: Path, newest: StoredEnvelope) -> Head:
    head = Head(newest.chain_id, newest.sequence, sha256_hex(newest.data))
    write_durably(folder / "head", _head_bytes(head))
    return head


def _head_bytes(head: Head) -> bytes:
    return canonical_json({"sequence": head.sequence, "digest": head.digest})


def _sequences(folder: Path) -> list[int]:
    names = (_ENVELOPE.fullmatch(path.name) for path in folder.iterdir()) if folder.is_dir() else iter(())
    return sorted(int(match[1]) for match in names if match)


def _path(folder: Path, sequence: int) -> Path:
    return folder / f"{sequence:08d}.dsse.json"


def _stored(folder: Path, sequence: int) -> StoredEnvelope | None:
    path = _path(folder, sequence)
    data = read_bytes(path)
    return None if data is None else StoredEnvelope(folder.name, sequence, str(path), data)
