"""How far each destination has taken each chain: one file a destination, beside the chains that it is about.

<directory of the evidence>/exports/<digest of the destination>.json
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, StringConstraints, ValidationError

from nhi_components.core.errors import EvidenceError, Problem
from nhi_components.lifecycle.audit.trail import Position
from nhi_components.lifecycle.evidence.canonical import canonical_json, sha256_hex
from nhi_components.lifecycle.evidence.files import private_directory, read_bytes, write_durably
from nhi_components.lifecycle.evidence.parts import Record, Sha256

_CHAIN_ID = r"^[0-9a-f]{16}$"


class _Taken(Record):
    sequence: Annotated[int, Field(ge=1)]
    digest: Sha256
    events: Annotated[int, Field(ge=1)]


class _File(Record):
    destination: str
    chains: dict[Annotated[str, StringConstraints(pattern=_CHAIN_ID)], _Taken]


class Cursors:
    """The positions of one destination.

    Args:
        evidence: the directory of the evidence.
        destination: what names the destination; no credential.
    """

    def __init__(self, evidence: Path, destination: str) -> None:
        self._folder = evidence / "exports"
        self._destination = destination
        self.path = self._folder / f"{sha256_hex(destination.encode())[:16]}.json"

    @contextmanager
    def alone(self) -> Iterator[Self]:
        """Keep every other export to this destination away.

        Raises:
            EvidenceError: there is one, or the folder cannot be written.
        """
        from filelock import FileLock, Timeout

        private_directory(self._folder)
        lock = self.path.with_suffix(".lock")
        try:
            with FileLock(lock, timeout=0, mode=0o600):
                yield self
        except Timeout:
            got = f"another export to {self._destination}"
            fix = "let that one do it; its lock goes with its process"
            raise EvidenceError(str(Problem(str(lock), got, "one at a time", fix))) from None

    def positions(self) -> Mapping[str, Position]:
        """How far each chain was taken, by its id.

        Raises:
            EvidenceError: the file is of another form.
        """
        content = read_bytes(self.path)
        if content is None:
            return {}
        try:
            file = _File.model_validate(json.loads(content))
        except (ValidationError, ValueError, RecursionError):
            fix = "delete it: everything is exported again, and receivers know repetitions by metadata.uid"
            raise EvidenceError(str(Problem(str(self.path), "something else", "positions of an export", fix))) from None
        return {
            chain_id: Position(chain_id, taken.sequence, taken.digest, taken.events)
            for chain_id, taken in file.chains.items()
        }

    def note(self, positions: Mapping[str, Position]) -> None:
        """Keep positions durably; called when the destination has taken what leads up to them."""
        chains = {
            chain_id: {"sequence": at.sequence, "digest": at.digest, "events": at.events}
            for chain_id, at in positions.items()
        }
        private_directory(self._folder)
        write_durably(self.path, canonical_json({"destination": self._destination, "chains": chains}))
