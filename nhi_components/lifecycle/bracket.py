"""What the two ends of a bundle's bracket do: reach, admit, cut off, confirm, close; each leaves its evidence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nhi_components.core.errors import NhiError, SpecError, StillAlive, SystemUnreachable
from nhi_components.core.ledger import LedgerEntry
from nhi_components.core.life import State
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.account import Account, Terms
from nhi_components.lifecycle.clock import Clock
from nhi_components.lifecycle.credentials.desk import Desk
from nhi_components.lifecycle.credentials.wanted import Wanted
from nhi_components.lifecycle.cutting_off import (
    CanaryResult,
    CutOffIncomplete,
    CutOffOutcome,
    LinkKey,
    cut_off,
    links_of,
    try_canaries,
)
from nhi_components.lifecycle.evidence.changes_of_state import RestorationRecord, SuspensionRecord
from nhi_components.lifecycle.evidence.contents import CutOffRecord, IncompleteRecord
from nhi_components.lifecycle.evidence.recorder import EvidenceRecorder
from nhi_components.lifecycle.evidence_of_removal import (
    Ending,
    Waiting,
    cut_off_record,
    incomplete_record,
    measured_latencies,
    nothing_cut_off,
    outcome_of,
    teardown_record,
)
from nhi_components.lifecycle.evidence_of_state import Change, restoration_record, suspension_record, tells_suspension
from nhi_components.lifecycle.ports import Caller, Canary, Ownership, Sighting, SystemAdapter
from nhi_components.lifecycle.residue import deadline_of
from nhi_components.lifecycle.suspending import RevocationIncomplete, revoke
from nhi_components.lifecycle.teardown import CANARY_WORKS, Sleep, close, pauses, removal_facts

_DELETED_BY_UNIQUE_ID = frozenset({LinkKind.SECRETS_MANAGER_SECRET})
"""What the engine deletes by its unique id, so that no namesake can be in the way: a secret by its ARN."""

OpenAdapter = Callable[[System, str], SystemAdapter]


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of the links that a seal once admitted.

    Attributes:
        links: those that are alive and ours.
        cut_off: whether an unfinished teardown has left something of them cut off.
    """

    links: list[Link]
    cut_off: bool


@dataclass(slots=True)
class Bracket:
    """The services behind Lease and Seal; one instance a provider process.

    Attributes:
        open_adapter: binds an adapter to a system and the name of a connection.
        open_recorder: opens the recorder of evidence.
        approved: who approved that a lease's identity takes on a state in the run that is under way, and why; None for
            what nobody said.
        clock: tells the time.
        sleep: waits that many seconds.
        desk: the services behind credentials; opened when there are any.
        patience: how long to wait for confirmations at most, instead of the figures of `residue`.
        handed_over: by lease id, what the seal hands to the lease in memory.
        evidence_proved: whether evidence was proved to be writable in this process.
    """

    open_adapter: OpenAdapter
    open_recorder: Callable[[], EvidenceRecorder]
    approved: Callable[[LeaseTags, State], tuple[str | None, str | None]]
    clock: Clock
    sleep: Sleep = time.sleep
    desk: Callable[[], Desk] | None = None
    patience: timedelta | None = None
    handed_over: dict[str, CutOffOutcome] = field(default_factory=dict)
    evidence_proved: bool = False

    def reach(self, links: Sequence[Link]) -> list[Caller]:
        """Prove, before anything is created, that every system answers, and has what the links rest on."""
        adapters = self._adapters(links)
        callers = [adapter.caller() for adapter in adapters]
        for adapter in adapters:
            adapter.require(links_of(adapter, links))
        return callers

    def make_room(self, links: Sequence[Link]) -> list[str]:
        """Prove that every system has room for what is about to be created.

        Returns:
            The connections whose quotas are not known, each with the reason.

        Raises:
            SpecError: with every quota that would be exceeded, and every name that is taken.
        """
        adapters = self._adapters(links)
        rooms = [(adapter, adapter.room_for(links_of(adapter, links))) for adapter in adapters]
        if problems := [problem for _, room in rooms for problem in room.problems]:
            raise SpecError("room for what is to be made", problems)
        unknown = [(adapter, room.not_checked) for adapter, room in rooms if room.not_checked]
        return [f"{adapter.system}.{adapter.connection}: {not_checked.reason}" for adapter, not_checked in unknown]

    def prove_evidence(self) -> None:
        """Prove, once, that evidence could be written."""
        if not self.evidence_proved:
            self.open_recorder().ensure_ready()
            self.evidence_proved = True

    def admit(self, terms: Terms, links: Sequence[Link]) -> list[Link]:
        """Take links into the lease; return them with the unique ids that their systems tell."""
        return [
            admitted
            for adapter in self._adapters(links)
            for admitted in adapter.admit(terms.tags, links_of(adapter, links), self.clock())
        ]

    def alive(self, lease_id: str, links: Sequence[Link]) -> set[LinkKey]:
        """Tell which of the links are alive and ours."""
        return {
            sighting.link.key
            for adapter in self._adapters(links)
            for sighting in adapter.survey(lease_id, links_of(adapter, links))
            if sighting.lives
        }

    def remove(self, lease_id: str, links: Sequence[Link]) -> None:
        """Remove those of the links that are alive and ours: they left the program, and no engine removes them."""
        keys = {link.key for link in links}
        for adapter in self._adapters(links):
            for sighting in adapter.survey(lease_id, links_of(adapter, links)):
                if sighting.ownership is Ownership.OURS and sighting.link.key in keys:
                    adapter.sweep(sighting)

    def clear_up(self, lease_id: str, former: Sequence[Link]) -> None:
        """Remove what is assigned to principals that left or were made anew, whoever has assigned it.

        It outlives them, and once their unique ids are forgotten nobody can tell any more whose it was.
        """
        ids = {link.unique_id for link in former}
        for adapter in self._adapters(former):
            for sighting in adapter.survey(lease_id, links_of(adapter, former)):
                if sighting.ownership is Ownership.OURS and sighting.held_by in ids:
                    adapter.sweep(sighting)

    def standing(self, lease_id: str, admitted: Sequence[Link]) -> Standing:
        """Tell which of the admitted links are alive and ours, and whether they can be used.

        Raises:
            NamesakeInTheWay: somebody else's stands at the name of one of them, and the engine takes it for ours.
        """
        sightings = [
            sighting
            for adapter in self._adapters(admitted)
            for sighting in adapter.survey(lease_id, links_of(adapter, admitted))
        ]
        keys = {link.key for link in admitted if link.unique_id}
        namesakes = [s for s in sightings if s.ownership is Ownership.NAMESAKE and s.link.key in keys]
        if namesakes:
            raise NamesakeInTheWay(lease_id, namesakes)
        ours = [sighting for sighting in sightings if sighting.lives]
        keys = {sighting.link.key for sighting in ours}
        cut_off = any(sighting.cut_off or sighting.half_cut_off for sighting in ours)
        return Standing([link for link in admitted if link.key in keys], cut_off)

    def suspend(self, terms: Terms, links: Sequence[Link], change: Change | None) -> None:
        """Revoke what was issued to an identity that the program has suspended, and record it.

        Args:
            terms: the lease's terms.
            links: what stays, denied.
            change: None when it was suspended before; then nothing is recorded.

        Raises:
            RevocationIncomplete: on a system nothing could be revoked; on the others it was.
            EvidenceError: everything was revoked, but that could not be recorded.
        """
        lease_id, adapters = terms.tags.lease, self._adapters(links)
        outcome = revoke(adapters, lease_id, links, self.clock)
        if change:
            recorder = self._ready_recorder()
            if not tells_suspension(recorder.last(lease_id), outcome, change):
                account = self._account(terms, adapters, State.SUSPENDED)
                recorder.record_change(suspension_record(account, outcome, links, change))
        if outcome.failures:
            raise RevocationIncomplete(lease_id, outcome)

    def restore(self, terms: Terms, links: Sequence[Link], change: Change) -> None:
        """Record that an identity may again do what it was granted: it was suspended, or cut off.

        Raises:
            EvidenceError: that could not be recorded.
        """
        recorder = self._ready_recorder()
        last = recorder.last(terms.tags.lease)
        if isinstance(last, RestorationRecord) and last.change == change.number:
            return
        account = self._account(terms, self._adapters(links), State.ACTIVE)
        cut_off = isinstance(last, CutOffRecord | IncompleteRecord)
        recorder.record_change(restoration_record(account, links, change, cut_off=cut_off))

    def has_ended_access(self, lease_id: str) -> bool:
        """Tell whether the newest evidence of a lease says that its access was ended."""
        return isinstance(self.open_recorder().last(lease_id), CutOffRecord | IncompleteRecord | SuspensionRecord)

    def cut_off(
        self,
        terms: Terms,
        links: Sequence[Link],
        credentials: Sequence[Wanted] = (),
        *,
        despite_dependents: bool = True,
        former: Sequence[Link] = (),
    ) -> None:
        """Cut everything off, record it, and hand the canaries over to `close`.

        Args:
            terms: the lease's terms.
            links: everything that was admitted.
            credentials: what was issued and delivered; the key of each is tried afterwards.
            despite_dependents: cut off although something that lives uses a credential.
            former: principals that are gone, of which something may be left.

        Raises:
            DependentsLive: something that lives uses a credential; nothing was cut off.
            NamesakeInTheWay: the engine is about to delete something that is somebody else's.
            CutOffIncomplete: a system could not be cut off; the others were.
            EvidenceError: everything was cut off, but that could not be recorded.
        """
        lease_id = terms.tags.lease
        known = [*links, *former]
        adapters = self._adapters(known)
        keys: list[Canary] = []
        if credentials and self.desk:
            desk = self.desk()
            if not despite_dependents:
                desk.refuse_live_dependents(credentials)
            keys = desk.take_keys(credentials)
        outcome = cut_off(adapters, lease_id, known, self.clock, keys)
        self.handed_over[lease_id] = outcome
        recorder = self._ready_recorder()
        measured = measured_latencies(recorder, lease_id, links, outcome, outcome.canaries)
        account = self._account(terms, adapters, State.RETIRED)
        recorder.record_cut_off(cut_off_record(account, outcome, known, measured))
        if outcome.failures:
            raise CutOffIncomplete(lease_id, outcome)
        if doubtful := _doubtful(links, outcome):
            self.standing(lease_id, doubtful)

    def close(self, terms: Terms, ledger: Sequence[LedgerEntry], *, timeout: timedelta | None = None) -> None:
        """Confirm that nothing of the lease is alive, and record it; the end of `pulumi destroy`.

        Args:
            terms: the lease's terms.
            ledger: everything that was ever linked.
            timeout: the time that the engine gives; None when it gives none.

        Raises:
            StillAlive: something is alive at the deadline; the lease is kept, and the next destroy goes on.
            EvidenceError: everything is gone, but that could not be recorded.
        """
        lease_id = terms.tags.lease
        recorder = self._ready_recorder()
        outcome = self.handed_over.get(lease_id) or _earlier_cut_off(recorder, lease_id)
        links = [*(entry.link for entry in ledger), *recorder.links_of(lease_id)]
        adapters = self._adapters(links)
        waiting = _Stopwatch(self.clock)
        patience = timeout or self.patience or max((deadline_of(link.kind) for link in links), default=timedelta(0))
        removal = close(adapters, lease_id, links, patience=patience, clock=self.clock, sleep=self.sleep)
        deadline = waiting.started + patience
        canaries = self._tried(adapters, outcome.canaries if outcome else {}, deadline)
        facts = removal_facts(links, removal, outcome, canaries)
        account = self._account(terms, adapters, State.RETIRED)
        measured = measured_latencies(recorder, lease_id, links, outcome or nothing_cut_off(waiting.started), canaries)
        ending = Ending(waiting.stop(patience), removal, facts, ledger, measured)
        if removal.closed_at is None or any(fact.refused_at == CANARY_WORKS for fact in facts):
            record = incomplete_record(account, ending)
            recorder.record_incomplete(record)
            raise StillAlive(_still_alive(lease_id, record, patience))
        recorder.record_teardown(teardown_record(account, ending))
        self.handed_over.pop(lease_id, None)

    def _tried(
        self, adapters: Sequence[SystemAdapter], canaries: Mapping[LinkKey, CanaryResult], deadline: datetime
    ) -> dict[LinkKey, CanaryResult]:
        """Try each canary until it is refused, or until the deadline: a refusal may take minutes to get everywhere."""
        tried = try_canaries(adapters, canaries, self.clock)
        for pause in pauses():
            works = any(result.refused_at is None for result in tried.values())
            if not works or self.clock() + timedelta(seconds=pause) > deadline:
                break
            self.sleep(pause)
            tried = try_canaries(adapters, tried, self.clock)
        return tried

    def _ready_recorder(self) -> EvidenceRecorder:
        self.prove_evidence()
        return self.open_recorder()

    def _account(self, terms: Terms, adapters: Sequence[SystemAdapter], state: State) -> Account:
        approver, reason = self.approved(terms.tags, state)
        callers = [caller for adapter in adapters if (caller := _caller(adapter))]
        return Account(terms, approver, reason, callers)

    def _adapters(self, links: Iterable[Link]) -> list[SystemAdapter]:
        places = dict.fromkeys((link.system, link.connection) for link in links)
        return [self.open_adapter(system, connection) for system, connection in places]


def _doubtful(links: Sequence[Link], outcome: CutOffOutcome) -> list[Link]:
    """Choose the links that were not seen to be ours while they were cut off, and that the engine deletes by name."""
    seen = {cut_off.link.key for cut_off in outcome.cut_offs}
    return [
        link for link in links if link.unique_id and link.key not in seen and link.kind not in _DELETED_BY_UNIQUE_ID
    ]


class NamesakeInTheWay(NhiError):
    """Something of somebody else's stands where the engine believes ours to be, and would be deleted by its name."""

    def __init__(self, lease_id: str, namesakes: Sequence[Sighting]) -> None:
        rows = "\n".join(f"  {sighting.link}, unique id {sighting.link.unique_id}" for sighting in namesakes)
        super().__init__(
            f"{lease_id}: not ours, but of the same name; nothing of it was touched:\n{rows}\n"
            "  fix: `nhi repair` takes it out of the stack's state; then run the same command again"
        )


class _Stopwatch:
    def __init__(self, clock: Clock) -> None:
        self._clock, self.started, self._monotonic = clock, clock(), time.monotonic()

    def stop(self, patience: timedelta) -> Waiting:
        return Waiting(self.started, self._clock(), time.monotonic() - self._monotonic, patience)


def _earlier_cut_off(recorder: EvidenceRecorder, lease_id: str) -> CutOffOutcome | None:
    record = recorder.last_cut_off(lease_id)
    return outcome_of(record) if record else None


def _caller(adapter: SystemAdapter) -> Caller | None:
    """Ask who acts there; a system that is down has no answer, and is reported by what failed on it."""
    try:
        return adapter.caller()
    except SystemUnreachable:
        return None


def _still_alive(lease_id: str, record: IncompleteRecord, patience: timedelta) -> str:
    rows = "\n".join(
        f"  {row.link} ({row.where}), since {row.since:%Y-%m-%d %H:%M:%S} UTC: {row.detail or 'alive'}"
        for row in record.alive
    )
    return (
        f"{lease_id} is not confirmed gone after {patience.total_seconds():,.0f} s; it is kept, and evidence says so:\n"
        f"{rows}\n"
        "  fix: remove what keeps it alive and run `pulumi destroy` again; it checks and sweeps again"
    )
