"""The port of an anchor: the chain's head, kept outside the machine that writes the chain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from nhi_components.lifecycle.evidence.canonical import sha256_hex
from nhi_components.lifecycle.evidence.flaws import Flaw, FlawCode
from nhi_components.lifecycle.evidence.store import Head, StoredEnvelope


@dataclass(frozen=True, slots=True)
class AnchoredHead:
    """A head as the anchor has it.

    Attributes:
        head: the head.
        version: what the anchor calls this state, for check-and-set.
    """

    head: Head
    version: int


class Anchor(Protocol):
    """Keeps heads of chains; whatever it cannot do is an `EvidenceError`."""

    @property
    def name(self) -> str:
        """Where it is, as evidence names it."""

    def heads(self) -> Mapping[str, AnchoredHead]:
        """Every anchored head by its chain's id."""

    def read(self, chain_id: str) -> AnchoredHead | None:
        """One chain's anchored head."""

    def advance(self, anchored: AnchoredHead | None, head: Head) -> AnchoredHead:
        """Put a head in the place of the one that was read; refused when another was put there meanwhile."""


def compare(anchored: Head, at_that_number: StoredEnvelope | None, anchor: str) -> Flaw | None:
    """Compare an anchored head with the envelope of its number; None when they agree.

    Args:
        anchored: the head that was anchored.
        at_that_number: the envelope that the store has at that number.
        anchor: the anchor's name, for messages.
    """
    if anchored.sequence == 0:
        return None
    place = f"chain {anchored.chain_id}"
    expected = f"envelope {anchored.sequence} with digest {anchored.digest}, as {anchor} has it"
    if at_that_number is None:
        fix = "restore the newest files of the chain from a copy: evidence was removed"
        return Flaw(FlawCode.TRUNCATED, place, f"no envelope {anchored.sequence}", expected, fix)
    digest = sha256_hex(at_that_number.data)
    if digest != anchored.digest:
        fix = "find the copy of the chain that the anchor knows: this one went another way"
        return Flaw(FlawCode.FORKED, at_that_number.path, f"digest {digest}", expected, fix)
    return None
