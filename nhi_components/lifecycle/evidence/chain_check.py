"""Judging one chain: its numbers, its links, its clock, its noted head and its anchor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from nhi_components.core.errors import EvidenceError
from nhi_components.lifecycle.evidence.anchor import AnchoredHead, compare
from nhi_components.lifecycle.evidence.flaws import RESTORE, Flaw, FlawCode
from nhi_components.lifecycle.evidence.reader import Reading
from nhi_components.lifecycle.evidence.statement import Predicate, stepped_back
from nhi_components.lifecycle.evidence.store import GENESIS_DIGEST, EvidenceStore, Head


class Anchoring(StrEnum):
    """How far the removal of a chain's newest envelopes can be detected."""

    ANCHORED = "anchored"
    PARTLY = "partly anchored"
    NOT_ANCHORED = "not anchored"


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """What was found about one chain.

    Attributes:
        head: the newest envelope that is there.
        readings: its envelopes in the order of their numbers.
        anchoring: whether the anchor has this head, an older one, or none was compared.
        flaws: what is wrong.
        notes: what is not wrong but should be known.
    """

    head: Head
    readings: tuple[Reading, ...]
    anchoring: Anchoring
    flaws: tuple[Flaw, ...]
    notes: tuple[str, ...]


def check_chain(
    store: EvidenceStore,
    chain_id: str,
    readings: Sequence[Reading],
    anchor: str | None,
    anchored: AnchoredHead | None,
) -> ChainCheck:
    """Judge a chain.

    Args:
        store: where it is.
        chain_id: which.
        readings: its envelopes, read.
        anchor: the anchor's name; None when none was given.
        anchored: this chain's head in the anchor.
    """
    head = Head(chain_id, readings[-1].stored.sequence, readings[-1].digest) if readings else Head.genesis(chain_id)
    by_number = {reading.stored.sequence: reading for reading in readings}
    flaws = [flaw for reading in readings for flaw in reading.flaws]
    flaws += _gaps(chain_id, readings)
    flaws += [
        flaw
        for reading in readings
        if reading.predicate
        for flaw in place_flaws(reading, reading.predicate, _digest_before(reading, by_number))
    ]
    flaws += _clock_flaws(readings)
    head_flaws, notes = _check_head(store, head)
    anchor_flaws, anchor_notes = _check_anchor(by_number, head, anchor, anchored)
    anchoring = _anchoring(head, anchored, anchor_flaws)
    return ChainCheck(
        head,
        tuple(readings),
        anchoring,
        (*flaws, *head_flaws, *anchor_flaws),
        (*_clock_notes(readings), *notes, *anchor_notes),
    )


def _gaps(chain_id: str, readings: Sequence[Reading]) -> list[Flaw]:
    numbers = [0, *(reading.stored.sequence for reading in readings)]
    flaws = []
    for before, after in pairwise(numbers):
        if after != before + 1:
            missing = f"{before + 1}" if after == before + 2 else f"{before + 1} to {after - 1}"
            flaws.append(
                Flaw(
                    FlawCode.GAP, f"chain {chain_id}", f"nothing for number {missing}", "numbers without a gap", RESTORE
                )
            )
    return flaws


def _digest_before(reading: Reading, by_number: dict[int, Reading]) -> str | None:
    previous = by_number.get(reading.stored.sequence - 1)
    return GENESIS_DIGEST if reading.stored.sequence == 1 else previous.digest if previous else None


def place_flaws(reading: Reading, predicate: Predicate, previous_digest: str | None) -> list[Flaw]:
    """Find what is wrong with where a statement says that it stands.

    Args:
        reading: its envelope, read.
        predicate: what it says.
        previous_digest: digest of the envelope before it; None when that is not known.
    """
    stored, place = reading.stored, predicate.chain
    flaws = []
    if (place.chain_id, place.sequence) != (stored.chain_id, stored.sequence):
        got = f"a statement of chain {place.chain_id}, number {place.sequence}"
        expected = f"chain {stored.chain_id}, number {stored.sequence}, as its file says"
        flaws.append(Flaw(FlawCode.SEQUENCE, stored.path, got, expected, RESTORE))
    if previous_digest and place.previous_digest != previous_digest:
        got = f"previous_digest {place.previous_digest}"
        expected = f"{previous_digest}, the digest of the previous file"
        flaws.append(Flaw(FlawCode.BROKEN_CHAIN, stored.path, got, expected, RESTORE))
    return flaws


def _successors(readings: Sequence[Reading]) -> list[tuple[Reading, Predicate, Predicate]]:
    return [
        (after, before.predicate, after.predicate)
        for before, after in pairwise(readings)
        if before.predicate and after.predicate and after.stored.sequence == before.stored.sequence + 1
    ]


def _clock_flaws(readings: Sequence[Reading]) -> list[Flaw]:
    flaws = []
    for reading, before, after in _successors(readings):
        went_back = stepped_back(before.recorded_at, after.recorded_at)
        if (went_back is None) != (after.chain.clock_stepped_back is None):
            got = f"clock_stepped_back {after.chain.clock_stepped_back}"
            fix = "treat the statement's times as unproved"
            flaws.append(Flaw(FlawCode.HIDDEN_CLOCK, reading.stored.path, got, f"{went_back} from its times", fix))
    return flaws


def _clock_notes(readings: Sequence[Reading]) -> list[str]:
    return [
        f"{reading.stored.path}: the clock stood {seconds:g} s behind the previous statement"
        for reading in readings
        if reading.predicate and (seconds := reading.predicate.chain.clock_stepped_back) is not None
    ]


def _check_head(store: EvidenceStore, head: Head) -> tuple[list[Flaw], list[str]]:
    place = f"chain {head.chain_id}, head"
    try:
        noted = store.recorded_head(head.chain_id) or Head.genesis(head.chain_id)
    except EvidenceError as error:
        return [Flaw(FlawCode.HEAD, place, str(error), "the number and digest of the newest envelope", RESTORE)], []
    if noted == head:
        return [], []
    if noted.sequence == head.sequence - 1:
        return [], [f"{place}: one behind, as a kill leaves it; the next writer mends it"]
    code = FlawCode.TRUNCATED if noted.sequence > head.sequence else FlawCode.HEAD
    got = f"number {noted.sequence}, digest {noted.digest}"
    return [Flaw(code, place, got, f"number {head.sequence}, digest {head.digest}, the newest file", RESTORE)], []


def _check_anchor(
    by_number: dict[int, Reading], head: Head, anchor: str | None, anchored: AnchoredHead | None
) -> tuple[list[Flaw], list[str]]:
    said = {r.predicate.chain.anchor for r in by_number.values() if r.predicate} - {None}
    place = f"chain {head.chain_id}"
    if anchor is None:
        where = f"; it was anchored in {', '.join(sorted(map(str, said)))}, which was not asked" if said else ""
        return [], [f"{place}: not anchored, so the removal of its newest statements cannot be detected{where}"]
    if anchored is None and anchor in said:
        fix = "find out who removed the entry"
        return [Flaw(FlawCode.ANCHOR, place, f"no entry in {anchor}", "the entry that its statements name", fix)], []
    if anchored is None:
        return [], [f"{place}: not anchored in {anchor}, so the removal of its newest statements cannot be detected"]
    at = by_number.get(anchored.head.sequence)
    if flaw := compare(anchored.head, at.stored if at else None, anchor):
        return [flaw], []
    behind = head.sequence - anchored.head.sequence
    return [], [f"{place}: its newest {behind} not anchored yet; the next writer catches up"] if behind else []


def _anchoring(head: Head, anchored: AnchoredHead | None, flaws: Sequence[Flaw]) -> Anchoring:
    if anchored is None or flaws:
        return Anchoring.NOT_ANCHORED
    return Anchoring.ANCHORED if anchored.head == head else Anchoring.PARTLY
