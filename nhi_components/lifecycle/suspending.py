"""Revoking what a suspended identity was issued: every system is tried, whatever the others do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link, NotChecked
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.cutting_off import Failure, links_of
from nhi_components.lifecycle.latency import Latency, places_of
from nhi_components.lifecycle.ports import SystemAdapter

_NO_CANARY = NotChecked(
    "the engine had written the denial before this; no session was opened before that, so that none could be tried"
)


@dataclass(frozen=True, slots=True)
class RevocationOutcome:
    """What revoking did, on every system that could be reached.

    Attributes:
        started_at: when it began.
        revoked: what had been issued and lived on its own.
        failures: the systems on which nothing could be revoked.
    """

    started_at: datetime
    revoked: tuple[Link, ...]
    failures: tuple[Failure, ...]

    def latencies(self, links: Sequence[Link]) -> list[Latency]:
        """Say of each system why it is not known when access ended there: the program's own documents deny it."""
        failed = {(f.system, f.connection): NotChecked(f"not revoked: {f}") for f in self.failures}
        return [Latency(*place, self.started_at, failed.get(place, _NO_CANARY)) for place in places_of(links)]


class RevocationIncomplete(NhiError):
    """On some systems nothing could be revoked; on the others it was."""

    def __init__(self, lease_id: str, outcome: RevocationOutcome) -> None:
        self.outcome = outcome
        failures = "\n".join(f"  {failure}" for failure in outcome.failures)
        super().__init__(
            f"{lease_id}: suspended, but what had been issued is not revoked here:\n{failures}\n"
            "  fix: make the system reachable and run `pulumi up` again; it resumes"
        )


def revoke(adapters: Sequence[SystemAdapter], lease_id: str, links: Sequence[Link], clock: Clock) -> RevocationOutcome:
    """Revoke what was issued to a lease whose principals the program has denied already.

    A system that does not answer does not keep the others from being tried.
    """
    started_at = clock()
    revoked: list[Link] = []
    failures: list[Failure] = []
    for adapter in adapters:
        try:
            revoked += adapter.revoke_live(lease_id, links_of(adapter, links), clock())
        except NhiError as error:
            failures.append(Failure(adapter.system, adapter.connection, error))
    return RevocationOutcome(started_at, tuple(revoked), tuple(failures))
