"""Bringing a credential to what is wanted: issued, delivered everywhere, rotated with overlap; resumed after a kill.

Every step can be repeated, and what was done is read from the systems, never from this machine:

1. what nobody delivers or retires is revoked, and what has ended its overlap is deleted;
2. a new key is made, where one is needed, and waited for until it works;
3. the home is given it, which is what makes it the next one: a run that dies before leaves a key that nobody has, which
   the next run revokes; a run that dies after is finished by the next, with the same value;
4. the other places are given it, and the journal notes it;
5. the dependents are told;
6. the one before is deleted at once, or once its overlap has ended.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from nhi_components.core.credential.spec import CredentialSpec
from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.credentials.claiming import Claimed, claimed
from nhi_components.lifecycle.credentials.decision import Cause, Decision, Found, decide, due_at, refusal
from nhi_components.lifecycle.credentials.delivering import Deliverer
from nhi_components.lifecycle.credentials.dependents import Facts, Refreshed
from nhi_components.lifecycle.credentials.examining import WORKS_WITHIN, examine
from nhi_components.lifecycle.credentials.journal import Journal, Retiring, expected, mark_of_place, mark_of_version
from nhi_components.lifecycle.credentials.moving import move_home, recalled
from nhi_components.lifecycle.credentials.outcome import (
    Delivery,
    DeliveryIncomplete,
    DependentsLive,
    Outcome,
    Revoked,
    StillSuspended,
)
from nhi_components.lifecycle.credentials.ports import Held, Home, Kept, Key, Material, Source
from nhi_components.lifecycle.credentials.revoking import Revoker, until
from nhi_components.lifecycle.credentials.wanted import Tools, Wanted


def reconcile(
    wanted: Wanted,
    tools: Tools,
    *,
    asked: Cause | None = None,
    exposed: frozenset[str] = frozenset(),
    despite_dependents: bool = False,
    restores: bool = True,
) -> Outcome:
    """Bring a credential to what is wanted.

    Args:
        wanted: which, and what.
        tools: reach the systems.
        asked: why somebody asks for a new key, whatever its age.
        exposed: ids of keys that are known to be leaked: they are revoked first of all.
        despite_dependents: rotate although a dependent would go on with a deleted key.
        restores: whether a credential that was suspended works again: only who restores the identity may say so.

    Raises:
        DeliveryIncomplete: a place could not be given the key.
        ClaimedByAnother: another run works on it; nothing was changed.
        DependentsLive: a dependent would go on with a deleted key; nothing was changed.
        StillSuspended: the credential is suspended, and this run does not restore it.
        NhiError: something else kept it from being done; the message says what, and what was left.
    """
    started = tools.clock()
    source, home = wanted.source(tools), wanted.home(tools)
    # A leaked key does not wait for a claim, nor for a home that may be down.
    ended = {key: Revoker(source, tools).disable(key) for key in sorted(exposed)}
    with claimed(home, wanted.lease, tools.clock, tools.sleep) as claim:
        copies = Deliverer(wanted.copies(tools), wanted.lease, tools.clock)
        run = _Run(wanted, tools, claim, source, home, copies, started, ended, despite_dependents, restores)
        return run.to_the_end(asked, exposed)


@dataclass(slots=True)
class _Run:
    """One run; it holds the claim.

    Each system is asked once for what does not change while the claim is held, and the journal is written only where
    a run that dies has to be told from one that did not come so far.
    """

    wanted: Wanted
    tools: Tools
    claim: Claimed
    source: Source
    home: Home
    copies: Deliverer
    started: datetime
    ended: dict[str, datetime]
    despite_dependents: bool
    restores: bool
    noted: dict[str, str] = field(default_factory=dict)
    revoked: list[Revoked] = field(default_factory=list)

    def to_the_end(self, asked: Cause | None, exposed: frozenset[str]) -> Outcome:
        move_home(self.wanted, self.tools, self.claim)
        kept = self.home.kept()
        self.noted = dict(kept.notes)
        journal = self._enabled_after_suspension(Journal.of(kept.notes, self.home.spec.address))
        keys = self._keys()
        journal = recalled(journal, kept, keys, self.copies.copies, self.wanted.lease.lease)
        found = examine(journal, kept, keys, self.source, self.tools)
        decision = decide(self.wanted.spec, found, self.tools.clock(), asked, exposed)
        self.copies.look(journal, decision)
        self._refuse_breaking(journal, decision)
        journal = self._retire(found, decision, kept.material)
        material, at_home = self._material(kept, decision)
        resumed = decision.cause is None and material.key_id != journal.key
        journal, deliveries = self._deliver(journal, decision, material, at_home)
        if any(delivery.problem for delivery in deliveries):
            outcome = self._outcome(decision, self._note(journal), deliveries, (), key=material.key_id, resumed=resumed)
            raise DeliveryIncomplete(self.wanted.subject, outcome)
        if resumed or self.revoked or any(delivery.written for delivery in deliveries):
            journal = self._succeed(journal, material, self._confirmed(material))
        journal, refreshed = self._refresh(self._note(journal), decision)
        if not any(each.problem for each in refreshed):
            journal = self._end_overlap(journal, kept.material)
        if self.copies.older and not journal.retiring:
            self.claim.check()
            self.copies.prune()
        return self._outcome(decision, journal, deliveries, refreshed, resumed=resumed)

    def _enabled_after_suspension(self, journal: Journal) -> Journal:
        """Let the current key work again; one that could only be deleted is missed, and another one made."""
        if not journal.suspended:
            return journal
        if not self.restores:
            raise StillSuspended(self.wanted.subject)
        self.claim.check()
        living = {key.id for key in self._keys()} - self.ended.keys()
        if self.source.can_disable and journal.key in living:
            self.source.enable(journal.key)
        return self._note(replace(journal, suspended=False))

    def _refuse_breaking(self, journal: Journal, decision: Decision) -> None:
        dependents = self.wanted.spec.dependents
        if not decision.cause or not dependents or self.despite_dependents:
            return
        standing = self.tools.dependants.look(dependents, facts_of(self.wanted, journal, "rotation"))
        if why := refusal(self.wanted.spec, decision, standing):
            raise DependentsLive(self.wanted.subject, why)

    def _retire(self, found: Found, decision: Decision, content: Material | None) -> Journal:
        """Revoke what nobody delivers, and what has ended its overlap or is exposed."""
        journal = found.journal
        whys = {**dict.fromkeys(decision.strays, "nobody delivers it"), **decision.retire}
        for key, why in whys.items():
            self.claim.check()
            if key in found.living:
                self._revoke(key, why, content)
        for key in self.ended.keys() - found.living:
            self._revoke(key, "it is exposed", content)
        left = {key: each for key, each in journal.retiring.items() if key not in whys}
        return self._note(replace(journal, retiring=left))

    def _material(self, kept: Kept, decision: Decision) -> tuple[Material, Delivery]:
        """Take what the home holds, or have a new key made and give it to the home, over what was seen there."""
        if decision.cause is None and kept.material is not None:
            self._note_older(kept.held)
            return kept.material, Delivery(self.home.spec, kept.version, self.tools.clock(), written=False)
        self.claim.check()
        made = self.source.create(self.wanted.lease)
        try:
            self._await(made)
            self.claim.check()
            held = self.home.write(self.wanted.lease, made, kept.version)
        except NhiError:
            # What was written and could not be confirmed is the next one all the same.
            there = self.home.find()
            if there is None or there.key_id != made.key_id:
                self.source.delete(made.key_id)
            raise
        self._note_older(held)
        return made, Delivery(self.home.spec, held.version, self.tools.clock(), written=True)

    def _note_older(self, held: Held | None) -> None:
        if held and held.older:
            self.copies.older.append(self.home)

    def _await(self, made: Material) -> None:
        """Wait until a new key works; nobody is given one that does not."""
        if not until(lambda: self.source.works(made), WORKS_WITHIN, self.tools.sleep):
            raise NhiError(
                f"{self.wanted.subject}: the new key {made.key_id} was still refused after {WORKS_WITHIN:.0f} s, "
                "expected it to work; it was deleted again; fix: see whether the principal is allowed at all"
            )

    def _deliver(
        self, journal: Journal, decision: Decision, material: Material, at_home: Delivery
    ) -> tuple[Journal, list[Delivery]]:
        """Give every other place what the home holds; the journal, not written yet, and what became of each."""
        self.claim.check()
        new = [place.spec for place in self.copies.copies if not journal.expects(place.spec)]
        if new:
            journal = self._note(replace(journal, places=expected(journal.places, new)))
        done = [at_home, *self.copies.deliver(journal, decision, material)]
        wanted = {mark_of_place(place) for place in self.wanted.spec.places}
        at = {mark: version for mark, version in journal.places.items() if mark in wanted}
        at |= {mark_of_place(each.place): mark_of_version(each.version) for each in done if not each.problem}
        return replace(journal, places=at), done

    def _confirmed(self, material: Material) -> list[Key]:
        """See once more that nobody has taken away or replaced what was delivered; the keys that live."""
        keys, held = self._keys(), self.home.find()
        alive = any(key.id == material.key_id and key.enabled for key in keys)
        if not alive or held is None or held.key_id != material.key_id:
            got = "its source no longer has it" if not alive else "its home holds another one"
            raise NhiError(
                f"{self.wanted.subject}: {material.key_id} was delivered, but {got}, expected it to be left alone; "
                "fix: find out who else changes it, and run the same command again"
            )
        return keys

    def _succeed(self, journal: Journal, material: Material, keys: list[Key]) -> Journal:
        """Every place has the key: the one before is retiring from now on."""
        if material.key_id == journal.key:
            return journal
        now, version = self.tools.clock(), journal.version + 1
        living = {key.id: key for key in keys}
        overlap = self.wanted.spec.rotation.overlap_of(self.wanted.spec.source.kind)
        before = {journal.key: Retiring(now, now + overlap)} if journal.key in living else {}
        nobody_to_tell = not self.wanted.spec.dependents or not journal.version
        return replace(
            journal,
            key=material.key_id,
            version=version,
            issued_at=living[material.key_id].created_at or now,
            generation=self.wanted.spec.generation,
            retiring={**journal.retiring, **before},
            refreshed=version if nobody_to_tell else journal.refreshed,
        )

    def _refresh(self, journal: Journal, decision: Decision) -> tuple[Journal, tuple[Refreshed, ...]]:
        dependents = self.wanted.spec.dependents
        if journal.refreshed >= journal.version:
            return journal, ()
        cause = "exposure" if decision.cause is Cause.EXPOSED else "rotation"
        facts = facts_of(self.wanted, journal, cause)
        told = tuple(self.tools.dependants.refresh(dependents, facts)) if dependents else ()
        if any(each.problem for each in told):
            return journal, told
        self.claim.check()
        return self._note(replace(journal, refreshed=journal.version)), told

    def _end_overlap(self, journal: Journal, content: Material | None) -> Journal:
        """Delete at once what has no overlap."""
        now = self.tools.clock()
        ended = [key for key, each in journal.retiring.items() if each.until <= now]
        for key in ended:
            self.claim.check()
            self._revoke(key, "its overlap has ended", content)
        left = {key: each for key, each in journal.retiring.items() if key not in ended}
        return self._note(replace(journal, retiring=left))

    def _revoke(self, key: str, why: str, content: Material | None) -> None:
        material = content if content and content.key_id == key else None
        self.revoked.append(Revoker(self.source, self.tools).revoke(key, why, material, self.ended.get(key)))

    def _keys(self) -> list[Key]:
        return self.source.keys(self.wanted.lease)

    def _note(self, journal: Journal) -> Journal:
        """Write the journal, unless it stands there as it is."""
        notes = journal.notes()
        if notes != self.noted:
            self.home.note(self.wanted.lease, notes)
            self.noted = notes
        return journal

    def _outcome(
        self,
        decision: Decision,
        journal: Journal,
        deliveries: list[Delivery],
        refreshed: tuple[Refreshed, ...],
        *,
        resumed: bool,
        key: str = "",
    ) -> Outcome:
        spec: CredentialSpec = self.wanted.spec
        return Outcome(
            started=self.started,
            ended=self.tools.clock(),
            cause=decision.cause,
            key=key or journal.key,
            version=journal.version,
            issued_at=journal.issued_at,
            due_at=due_at(spec, journal.issued_at),
            retiring=tuple((key, each.until) for key, each in sorted(journal.retiring.items())),
            revoked=tuple(self.revoked),
            deliveries=tuple(deliveries),
            refreshed=refreshed,
            waits=decision.waits,
            resumed=resumed,
        )


def facts_of(wanted: Wanted, journal: Journal, cause: str) -> Facts:
    """Say what dependents are told: which key, and why; never its value."""
    tags = wanted.lease
    return Facts(
        identity=f"{tags.identity}.{tags.environment}",
        lease=tags.lease,
        key_id=journal.key,
        version=journal.version,
        cause=cause,
    )
