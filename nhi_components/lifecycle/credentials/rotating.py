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
from nhi_components.lifecycle.credentials.dependents import Facts, Refreshed
from nhi_components.lifecycle.credentials.journal import Journal, Retiring, expected, mark_of_place, mark_of_version
from nhi_components.lifecycle.credentials.outcome import (
    Delivery,
    DeliveryIncomplete,
    DependentsLive,
    Outcome,
    Revoked,
    StillSuspended,
)
from nhi_components.lifecycle.credentials.ports import Held, Key, Material, Place, Source
from nhi_components.lifecycle.credentials.revoking import Revoker, until
from nhi_components.lifecycle.credentials.wanted import Tools, Wanted, home_at, side_by_side

WORKS_WITHIN = 60.0
"""Seconds that a new key may take until its source lets it in; IAM is eventually consistent, without a figure."""

_OLD_WORKS_WITHIN = 5.0
"""Seconds for one that was let in before: a refusal is not taken for final at once."""


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
    # A leaked key does not wait for a claim, nor for a home that may be down.
    ended = {key: Revoker(wanted.source(tools), tools).disable(key) for key in sorted(exposed)}
    with claimed(wanted.home(tools), wanted.lease, tools.clock, tools.sleep) as claim:
        run = _Run(wanted, tools, claim, started, ended, despite_dependents, restores)
        return run.to_the_end(asked, exposed)


def find(wanted: Wanted, tools: Tools) -> tuple[Found, Material | None]:
    """Look at what is there, and change nothing; the material is what the home holds."""
    source, home = wanted.source(tools), wanted.home(tools)
    journal = Journal.of(home.notes(), home.spec.address)
    content = home.read()
    keys = source.keys(wanted.lease)
    enabled = {key.id for key in keys if key.enabled}
    works = None
    if content and content.key_id in {key.id for key in keys} and not journal.suspended:
        patience = _OLD_WORKS_WITHIN if content.key_id == journal.key else WORKS_WITHIN
        works = content.key_id in enabled and until(lambda: source.works(content), patience, tools.sleep)
    used = {key: source.last_used(key) for key in journal.retiring if key in {each.id for each in keys}}
    return Found(journal, keys, source.most, content.key_id if content else "", works, used), content


@dataclass(slots=True)
class _Run:
    """One run; it holds the claim."""

    wanted: Wanted
    tools: Tools
    claim: Claimed
    started: datetime
    ended: dict[str, datetime]
    despite_dependents: bool
    restores: bool
    revoked: list[Revoked] = field(default_factory=list)

    def to_the_end(self, asked: Cause | None, exposed: frozenset[str]) -> Outcome:
        self._move_home()
        self._enable_after_suspension(exposed)
        found, content = find(self.wanted, self.tools)
        decision = decide(self.wanted.spec, found, self.tools.clock(), asked, exposed)
        self._refuse_taken(found.journal, decision)
        self._refuse_breaking(found.journal, decision)
        journal = self._retire(found, decision, content)
        material, key = self._material(found, decision, content)
        resumed = decision.cause is None and material.key_id != journal.key
        journal, deliveries = self._deliver(journal, material)
        if any(delivery.problem for delivery in deliveries):
            outcome = self._outcome(decision, journal, deliveries, (), key=material.key_id, resumed=resumed)
            raise DeliveryIncomplete(self.wanted.subject, outcome)
        if material.key_id != journal.key:
            journal = self._succeed(journal, material, key)
        self._confirm(material)
        journal, refreshed = self._refresh(journal, decision)
        if not any(each.problem for each in refreshed):
            journal = self._end_overlap(journal, content)
        self._prune(journal)
        return self._outcome(decision, journal, deliveries, refreshed, resumed=resumed)

    def _move_home(self) -> None:
        """Take the journal and what it is about from the home before to the one that is wanted now."""
        before = self.wanted.moved_from
        home = self.wanted.home(self.tools)
        if before is None or home.notes():
            return
        former = home_at(before, self.tools)
        notes, content = former.notes(), former.read()
        if content:
            self.claim.check()
            held = home.write(self.wanted.lease, content)
            places = {
                **Journal.of(notes, before.address).places,
                mark_of_place(home.spec): mark_of_version(held.version),
            }
            home.note(self.wanted.lease, replace(Journal.of(notes, before.address), places=places).notes())

    def _enable_after_suspension(self, exposed: frozenset[str]) -> None:
        """Let the current key work again; one that could only be deleted is missed, and another one made."""
        source, home = self.wanted.source(self.tools), self.wanted.home(self.tools)
        journal = Journal.of(home.notes(), home.spec.address)
        if journal.suspended:
            if not self.restores:
                raise StillSuspended(self.wanted.subject)
            self.claim.check()
            living = {key.id for key in source.keys(self.wanted.lease)} - exposed
            if source.can_disable and journal.key in living:
                source.enable(journal.key)
            self._note(replace(journal, suspended=False))

    def _refuse_taken(self, journal: Journal, decision: Decision) -> None:
        """Refuse to write over what stands at a place that was never delivered to; before anything is made."""
        new = [place for place in self.wanted.copies(self.tools) if not journal.expects(place.spec)]
        for place, found in zip(new, side_by_side(lambda place: _found(place, decision), new), strict=True):
            if found and found.version and found.lease != self.wanted.lease.lease:
                raise NhiError(
                    f"{place.spec.kind} {place.spec.address}: found something there that this credential did not "
                    "deliver, expected nothing; fix: remove it if nobody needs it, or give another place"
                )
        if decision.cause in (Cause.DUE, Cause.GENERATION, Cause.FORCED):
            side_by_side(lambda place: place.find(), self.wanted.copies(self.tools))

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
        return journal if left == journal.retiring else self._note(replace(journal, retiring=left))

    def _material(self, found: Found, decision: Decision, content: Material | None) -> tuple[Material, Key | None]:
        """Take what the home holds, or have a new key made and give it to the home."""
        if decision.cause is None and content is not None:
            return content, next((key for key in found.keys if key.id == content.key_id), None)
        source, home = self.wanted.source(self.tools), self.wanted.home(self.tools)
        before = home.find()
        self.claim.check()
        made = source.create(self.wanted.lease)
        try:
            self._await(source, made)
            self.claim.check()
            home.write(self.wanted.lease, made, before.version if before else "")
        except NhiError:
            # What was written and could not be confirmed is the next one all the same.
            held = home.find()
            if held is None or held.key_id != made.key_id:
                source.delete(made.key_id)
            raise
        return made, next((key for key in source.keys(self.wanted.lease) if key.id == made.key_id), None)

    def _await(self, source: Source, made: Material) -> None:
        """Wait until a new key works; nobody is given one that does not."""
        if not until(lambda: source.works(made), WORKS_WITHIN, self.tools.sleep):
            raise NhiError(
                f"{self.wanted.subject}: the new key {made.key_id} was still refused after {WORKS_WITHIN:.0f} s, "
                "expected it to work; it was deleted again; fix: see whether the principal is allowed at all"
            )

    def _deliver(self, journal: Journal, material: Material) -> tuple[Journal, list[Delivery]]:
        """Give every other place what the home holds."""
        copies = self.wanted.copies(self.tools)
        new = [place.spec for place in copies if not journal.expects(place.spec)]
        if new:
            self.claim.check()
            journal = self._note(replace(journal, places=expected(journal.places, new)))
        told = journal
        self.claim.check()
        done = [self._at_home(), *side_by_side(lambda place: self._delivered(place, told, material), copies)]
        wanted = {mark_of_place(place) for place in self.wanted.spec.places}
        at = {mark: version for mark, version in journal.places.items() if mark in wanted}
        at |= {mark_of_place(each.place): mark_of_version(each.version) for each in done if not each.problem}
        return (self._note(replace(journal, places=at)) if at != journal.places else journal), done

    def _at_home(self) -> Delivery:
        home = self.wanted.home(self.tools)
        held = home.find()
        version = held.version if held else ""
        # `_material` has written it where it had to be.
        return Delivery(home.spec, version, self.tools.clock(), written=False)

    def _delivered(self, place: Place, journal: Journal, material: Material) -> Delivery:
        try:
            found = place.find()
            same = found and found.key_id in (material.key_id, None if journal.key == material.key_id else "")
            if found and same and journal.is_at(place.spec, found.version):
                return Delivery(place.spec, found.version, self.tools.clock(), written=False)
            held = place.write(self.wanted.lease, material)
            return Delivery(place.spec, held.version, self.tools.clock(), written=True)
        except NhiError as failure:
            return Delivery(place.spec, "", None, written=False, problem=str(failure))

    def _succeed(self, journal: Journal, material: Material, key: Key | None) -> Journal:
        """Note that every place has the key; the one before is retiring from now on."""
        now = self.tools.clock()
        before = {each.id for each in self.wanted.source(self.tools).keys(self.wanted.lease)} & {journal.key}
        overlap = self.wanted.spec.rotation.overlap_of(self.wanted.spec.source.kind)
        retiring = {**journal.retiring, **{each: Retiring(now, now + overlap) for each in before}}
        return self._note(
            replace(
                journal,
                key=material.key_id,
                version=journal.version + 1,
                issued_at=(key.created_at if key else None) or now,
                generation=self.wanted.spec.generation,
                retiring=retiring,
                refreshed=journal.refreshed if journal.version else 1,
            )
        )

    def _confirm(self, material: Material) -> None:
        """See once more that nobody has taken away or replaced what was delivered."""
        keys = self.wanted.source(self.tools).keys(self.wanted.lease)
        held = self.wanted.home(self.tools).find()
        alive = any(key.id == material.key_id and key.enabled for key in keys)
        if not alive or held is None or held.key_id != material.key_id:
            got = "its source no longer has it" if not alive else "its home holds another one"
            raise NhiError(
                f"{self.wanted.subject}: {material.key_id} was delivered, but {got}, expected it to be left alone; "
                "fix: find out who else changes it, and run the same command again"
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
        return self._note(replace(journal, retiring=left)) if ended else journal

    def _prune(self, journal: Journal) -> None:
        """Destroy the versions that hold keys which no longer live."""
        if not journal.retiring:
            self.claim.check()
            side_by_side(_pruned, [self.wanted.home(self.tools), *self.wanted.copies(self.tools)])

    def _revoke(self, key: str, why: str, content: Material | None) -> None:
        material = content if content and content.key_id == key else None
        revoker = Revoker(self.wanted.source(self.tools), self.tools)
        self.revoked.append(revoker.revoke(key, why, material, self.ended.get(key)))

    def _note(self, journal: Journal) -> Journal:
        self.wanted.home(self.tools).note(self.wanted.lease, journal.notes())
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
        home, *others = deliveries
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
            deliveries=(replace(home, written=decision.cause is not None), *others),
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


def _pruned(place: Place) -> None:
    held = place.find()
    if held and held.older:
        place.prune()


def _found(place: Place, decision: Decision) -> Held | None:
    try:
        return place.find()
    except NhiError:
        if decision.cause is Cause.EXPOSED:
            return None  # a leaked key is replaced wherever that can be done
        raise
