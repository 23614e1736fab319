"""Reads chains of evidence for their export: from where it stood, each statement verified, up to the first flaw."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from nhi_components.core.errors import EvidenceError
from nhi_components.lifecycle.audit.ocsf import events_of
from nhi_components.lifecycle.evidence.chain_check import place_flaws
from nhi_components.lifecycle.evidence.flaws import RESTORE, Flaw, FlawCode
from nhi_components.lifecycle.evidence.keys import VerifyingKey
from nhi_components.lifecycle.evidence.reader import Reading, read
from nhi_components.lifecycle.evidence.store import GENESIS_DIGEST, Head, StoredEnvelope


class Chains(Protocol):
    """What reading asks of a store of evidence."""

    def chain_ids(self) -> Sequence[str]:
        """All chains."""

    def sequences(self, chain_id: str) -> Sequence[int]:
        """The numbers of a chain's envelopes, in their order."""

    def envelope(self, chain_id: str, sequence: int) -> StoredEnvelope | None:
        """One envelope."""

    def recorded_head(self, chain_id: str) -> Head | None:
        """The head as it was last noted down."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a chain was taken by a destination.

    Attributes:
        chain_id: which chain.
        sequence: the newest statement of which anything was taken.
        digest: SHA-256 of its envelope.
        events: how many of its events were taken, counted from its first.
    """

    chain_id: str
    sequence: int
    digest: str
    events: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event on its way.

    Attributes:
        event: the event in OCSF.
        line: the same as JSON in ASCII, sorted, without a line break.
        position: where the chain stands when this event, too, was taken.
    """

    event: Mapping[str, Any]
    line: bytes
    position: Position


class Trail:
    """One chain, read once from a position on; only one statement is held at a time.

    Args:
        chains: where it is.
        trusted: the keys to accept, by fingerprint.
        chain_id: which chain.
        position: how far it was taken; None for nothing.

    Attributes:
        flaws: what is wrong with it, once it was read; nothing after the first flaw is given out.
    """

    def __init__(
        self, chains: Chains, trusted: Mapping[str, VerifyingKey], chain_id: str, position: Position | None
    ) -> None:
        self.flaws: tuple[Flaw, ...] = ()
        self._chains = chains
        self._trusted = trusted
        self._chain_id = chain_id
        self._position = position

    def read(self) -> Iterator[Outgoing]:
        """Give out the events that were not taken yet, each statement's after it was verified."""
        # The head is read before the numbers: a writer that comes between makes more of these, never fewer.
        try:
            noted = self._chains.recorded_head(self._chain_id)
        except EvidenceError as error:
            expected = "the number and digest of the newest envelope"
            self.flaws = (Flaw(FlawCode.HEAD, f"chain {self._chain_id}, head", str(error), expected, RESTORE),)
            return
        position = self._position
        first = position.sequence if position else 1
        numbers = [number for number in self._chains.sequences(self._chain_id) if number >= first]
        digest, expected_number = None if position else GENESIS_DIGEST, first
        for number in numbers:
            reading = self._verified(number, expected_number, digest, noted)
            if reading is None or reading.predicate is None:
                return
            digest, expected_number = reading.digest, number + 1
            taken = position.events if position and position.sequence == number else 0
            for index, event in enumerate(events_of(reading.predicate, reading.digest), start=1):
                if index > taken:
                    yield Outgoing(event, line_of(event), Position(self._chain_id, number, reading.digest, index))
        known = max(noted.sequence if noted else 0, position.sequence if position else 0)
        if expected_number <= known:
            self._missing(expected_number, known)
        else:
            self.flaws = self._head_left_behind(expected_number - 1)

    def _verified(self, number: int, expected_number: int, digest: str | None, noted: Head | None) -> Reading | None:
        if number != expected_number:
            self._missing(expected_number, number - 1)
            return None
        stored = self._chains.envelope(self._chain_id, number)
        if stored is None:
            self._missing(number, number)
            return None
        reading = read(stored, self._trusted)
        flaws = list(reading.flaws)
        if reading.predicate:
            flaws += place_flaws(reading, reading.predicate, digest)
        flaws += self._not_as_known(reading, noted)
        self.flaws = tuple(flaws)
        return None if flaws else reading

    def _not_as_known(self, reading: Reading, noted: Head | None) -> list[Flaw]:
        """Compare with the head that its writer has noted, and with what was exported."""
        number, position = reading.stored.sequence, self._position
        known = {noted.digest} if noted and noted.sequence == number else set()
        if position and position.sequence == number:
            known.add(position.digest)
        fix = "restore it from a copy, and find out who changed it: its writer noted another, or another was exported"
        return [
            Flaw(FlawCode.FORKED, reading.stored.path, f"digest {reading.digest}", f"digest {each}", fix)
            for each in sorted(known)
            if each != reading.digest
        ]

    def _head_left_behind(self, newest: int) -> tuple[Flaw, ...]:
        """See that the head, which a kill leaves one behind at most, was not taken away or put back."""
        head = self._chains.recorded_head(self._chain_id)
        if newest - (head.sequence if head else 0) <= 1:
            return ()
        got = f"number {head.sequence}" if head else "no head"
        return (Flaw(FlawCode.HEAD, f"chain {self._chain_id}, head", got, f"number {newest}", RESTORE),)

    def _missing(self, first: int, last: int) -> None:
        got = f"nothing for number {first}" if first == last else f"nothing for numbers {first} to {last}"
        flaw = Flaw(FlawCode.GAP, f"chain {self._chain_id}", got, "every statement that was written", RESTORE)
        self.flaws = (flaw,)


def line_of(event: Mapping[str, Any]) -> bytes:
    """Write an event as one line of JSON, in ASCII so that every receiver reads it alike."""
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")
