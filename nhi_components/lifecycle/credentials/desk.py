"""What the provider and the commands ask about credentials: done, with the evidence of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.credential.spec import CredentialSpec
from nhi_components.core.errors import EvidenceError, NhiError
from nhi_components.core.life import State
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.account import Account, Terms
from nhi_components.lifecycle.credentials.canaries import take_key
from nhi_components.lifecycle.credentials.decision import Cause
from nhi_components.lifecycle.credentials.dependents import Facts, Refreshed
from nhi_components.lifecycle.credentials.ending import Withdrawn, revoke_exposed, suspend, withdraw
from nhi_components.lifecycle.credentials.looking import Plan, Standing, look, plan
from nhi_components.lifecycle.credentials.outcome import (
    DeliveryIncomplete,
    DependentsLive,
    NotRecorded,
    Outcome,
    StillSuspended,
)
from nhi_components.lifecycle.credentials.rotating import reconcile
from nhi_components.lifecycle.credentials.wanted import Tools, Wanted, home_at
from nhi_components.lifecycle.evidence.recorder import EvidenceRecorder
from nhi_components.lifecycle.evidence_of_rotation import rotation_record
from nhi_components.lifecycle.ports import Caller, Canary

Notify = Callable[[Outcome], Sequence[Refreshed]]
"""Tells people of an exposure, and what came of telling them."""


@dataclass(slots=True)
class Desk:
    """The services behind a credential; one instance a process.

    Attributes:
        tools: reach the systems.
        open_recorder: opens the recorder of evidence.
        approved: who approved that a lease's identity takes on a state, and why; None for what nobody said.
        evidence_proved: whether evidence was proved to be writable in this process.
        callers: whom the connections speak for, as far as that was asked.
    """

    tools: Tools
    open_recorder: Callable[[], EvidenceRecorder]
    approved: Callable[[LeaseTags, State], tuple[str | None, str | None]]
    evidence_proved: bool = False
    callers: dict[tuple[System, str], Caller] = field(default_factory=dict)

    def look(self, wanted: Wanted) -> Standing:
        """Tell what is there, and change nothing."""
        return look(wanted, self.tools)

    def has_journal(self, home: PlaceSpec) -> bool:
        """Tell whether a home keeps the journal of its credential already."""
        return bool(home_at(home, self.tools).notes())

    def empty(self, wanted: Wanted, places: Sequence[PlaceSpec]) -> None:
        """Remove what a credential has left behind at places that are no longer its own."""
        for place in places:
            self.tools.open(place.system, place.connection).place(place).remove(wanted.lease.lease)

    def plan(self, wanted: Wanted, asked: Cause | None = None, exposed: frozenset[str] = frozenset()) -> Plan:
        """Tell what a run would do, and change nothing."""
        return plan(wanted, self.tools, asked=asked, exposed=exposed)

    def bring_about(
        self,
        terms: Terms,
        wanted: Wanted,
        *,
        asked: Cause | None = None,
        exposed: frozenset[str] = frozenset(),
        despite_dependents: bool = False,
        restores: bool = True,
        notify: Notify | None = None,
    ) -> Outcome:
        """Bring a credential to what is wanted, and record what was done; arguments as for `reconcile`.

        Leaked keys of a credential that is suspended, and that this run does not restore, are only revoked.

        Raises:
            DeliveryIncomplete: a place could not be given the key; that is recorded as well.
            NotRecorded: it was done, but could not be recorded.
            EvidenceError: no evidence could be written; nothing was changed.
            NhiError: see `reconcile`.
        """
        if not exposed:  # a leaked key does not wait for evidence
            self._prove_evidence()
        try:
            outcome = reconcile(
                wanted,
                self.tools,
                asked=asked,
                exposed=exposed,
                despite_dependents=despite_dependents,
                restores=restores,
            )
        except DeliveryIncomplete as incomplete:
            incomplete.outcome = self._record(terms, wanted, incomplete.outcome, notify, str(incomplete))
            raise
        except StillSuspended:
            if not exposed:
                raise
            outcome = revoke_exposed(wanted, self.tools, exposed)
        if outcome.changed or self._is_untold(terms, outcome):
            return self._record(terms, wanted, outcome, notify)
        return outcome

    def revoke_exposed(
        self, terms: Terms, wanted: Wanted, exposed: frozenset[str], notify: Notify | None = None
    ) -> Outcome:
        """Revoke leaked keys of a suspended identity, issue no other, and record it.

        Raises:
            NotRecorded: it was done, but could not be recorded.
        """
        return self._record(terms, wanted, revoke_exposed(wanted, self.tools, exposed), notify)

    def suspend(self, wanted: Wanted) -> list[str]:
        """Make every key useless for a while; the identity's own suspension is what is recorded."""
        return suspend(wanted, self.tools)

    def withdraw(self, wanted: Wanted) -> Withdrawn:
        """End a credential for good; the teardown is what is recorded."""
        return withdraw(wanted, self.tools)

    def take_keys(self, wanted: Sequence[Wanted]) -> list[Canary]:
        """Take each credential's key in hand, so that it can be tried after a cut-off."""
        taken = [take_key(each, self.tools) for each in wanted]
        return [each for each in taken if isinstance(each, Canary)]

    def refuse_live_dependents(self, wanted: Sequence[Wanted]) -> None:
        """Refuse to end a credential for good while something that lives uses it.

        Raises:
            DependentsLive: with each that lives, or of which that is not known.
        """
        for each in wanted:
            dependents, tags = each.spec.dependents, each.lease
            if not dependents:
                continue
            facts = Facts(f"{tags.identity}.{tags.environment}", tags.lease, "", 0, "removal")
            alive = [d.name for d in self.tools.dependants.look(dependents, facts) if d.alive is not False]
            if alive:
                raise DependentsLive(each.subject, f"{', '.join(alive)} may live and would be left without a key")

    def _prove_evidence(self) -> None:
        if not self.evidence_proved:
            self.open_recorder().ensure_ready()
            self.evidence_proved = True

    def _is_untold(self, terms: Terms, outcome: Outcome) -> bool:
        """Tell whether a run that was killed had done it, and had not recorded it."""
        last = self.open_recorder().last_rotation(terms.tags.lease)
        if last is None:
            return bool(outcome.key)
        still = {key for key, _ in outcome.retiring}
        return bool(outcome.key) and (last.key != outcome.key or {row.key for row in last.retiring} != still)

    def _record(
        self, terms: Terms, wanted: Wanted, outcome: Outcome, notify: Notify | None, incomplete: str = ""
    ) -> Outcome:
        """Tell people where a key leaked, and record what was done; gives it with what came of telling them."""
        told = replace(outcome, notified=tuple(notify(outcome))) if notify else outcome
        try:
            self._prove_evidence()
            approver, reason = self.approved(terms.tags, State.ACTIVE)
            account = Account(terms, approver, reason, self._callers(wanted.spec))
            self.open_recorder().record_rotation(rotation_record(account, wanted, told))
        except EvidenceError as error:
            raise NotRecorded(wanted.subject, told, error, incomplete) from error
        return told

    def _callers(self, spec: CredentialSpec) -> list[Caller]:
        places = dict.fromkeys((each.system, each.connection) for each in (spec.source, *spec.places))
        return [caller for place in places if (caller := self._caller(place))]

    def _caller(self, place: tuple[System, str]) -> Caller | None:
        """Tell whom a connection speaks for; asked once, for it does not change while a process lives."""
        if place not in self.callers:
            try:
                self.callers[place] = self.tools.open(*place).caller()
            except NhiError:
                return None
        return self.callers[place]
