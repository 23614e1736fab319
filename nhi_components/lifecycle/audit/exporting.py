"""Brings the chains to a destination: verified, in order, in batches, each at least once.

A batch is read when the one before it was taken, so that a slow destination slows the reading, and one batch is all
that is held in memory. A position is kept only after its destination has taken what leads up to it: a kill at any point
repeats at most one batch, and loses nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_before_delay, wait_random_exponential

from nhi_components.lifecycle.audit.cursors import Cursors
from nhi_components.lifecycle.audit.destinations.ports import Busy, Destination
from nhi_components.lifecycle.audit.trail import Chains, Outgoing, Trail
from nhi_components.lifecycle.evidence.flaws import RESTORE, Flaw, FlawCode
from nhi_components.lifecycle.evidence.keys import VerifyingKey

BATCH: Final = 500
"""Events of a batch, unless it is said otherwise."""
MOST_BYTES: Final = 1_000_000
"""JSON of a batch, before it is compressed, but for a single event that is longer: our own figure."""
PATIENCE_SECONDS: Final = 300.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a destination is asked again that does not take a batch.

    Attributes:
        seconds: for how long.
        sleep: how it is waited.
    """

    seconds: float = PATIENCE_SECONDS
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Exported:
    """What one pass over all chains came to.

    Attributes:
        events: how many events were taken.
        flaws: what is wrong with chains; each was exported up to there.
    """

    events: int
    flaws: tuple[Flaw, ...]


class Exporter:
    """Brings chains to one destination.

    Args:
        chains: the store of evidence.
        trusted: the keys to accept, by fingerprint.
        destination: where they go.
        cursors: how far it has taken each of them; held alone by the caller.
        batch: how many events a batch has at most.
        patience: how long it is asked again.
    """

    def __init__(
        self,
        chains: Chains,
        trusted: Callable[[], Mapping[str, VerifyingKey]],
        destination: Destination,
        cursors: Cursors,
        batch: int = BATCH,
        patience: Patience = Patience(),
    ) -> None:
        self._chains = chains
        self._trusted = trusted
        self._destination = destination
        self._cursors = cursors
        self._batch = batch
        self._patience = patience

    def run(self) -> Exported:
        """Export whatever was not taken yet, of all chains.

        Raises:
            NotTaken: the destination refuses, or did not take a batch in time; what it took before is noted.
            EvidenceError: the store or the positions cannot be read or written.
        """
        positions = dict(self._cursors.positions())
        chain_ids, trusted = self._chains.chain_ids(), self._trusted()
        flaws = [
            _vanished(chain_id, positions[chain_id].sequence) for chain_id in sorted(set(positions) - set(chain_ids))
        ]
        events = 0
        for chain_id in chain_ids:
            trail = Trail(self._chains, trusted, chain_id, positions.get(chain_id))
            for batch in batches(trail.read(), self._batch):
                self._send(batch)
                positions[chain_id] = batch[-1].position
                self._cursors.note(positions)
                events += len(batch)
            flaws += trail.flaws
        return Exported(events, tuple(flaws))

    def _send(self, batch: list[Outgoing]) -> None:
        retrying = Retrying(
            retry=retry_if_exception_type(Busy),
            wait=_pause,
            stop=stop_before_delay(self._patience.seconds),
            sleep=self._patience.sleep,
            reraise=True,
        )
        retrying(self._destination.send, batch)


def batches(outgoing: Iterable[Outgoing], most: int) -> Iterator[list[Outgoing]]:
    """Put events together, `most` at a time and no more than `MOST_BYTES` but for a single one that is longer."""
    batch: list[Outgoing] = []
    held = 0
    for each in outgoing:
        if batch and (len(batch) >= most or held + len(each.line) > MOST_BYTES):
            yield batch
            batch, held = [], 0
        batch.append(each)
        held += len(each.line)
    if batch:
        yield batch


_growing = wait_random_exponential(multiplier=_FIRST_PAUSE, max=_LONGEST_PAUSE)


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return error.after if isinstance(error, Busy) and error.after is not None else _growing(state)


def _vanished(chain_id: str, sequence: int) -> Flaw:
    got, expected = "no such chain here", f"the chain of which {sequence} statements were exported"
    return Flaw(FlawCode.TRUNCATED, f"chain {chain_id}", got, expected, RESTORE)
