"""What a report tells: the inventory, its verdicts, who can become whom and the evidence, frozen at one moment.

Nothing in it reads a clock: ages are counted to `as_of`, so that the same input gives the same report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from nhi_components.core.inventory.records import FoundCarrier, FoundCredential, FoundDependent, FoundGrant, FoundStep
from nhi_components.core.inventory.risk import HIGHEST
from nhi_components.core.inventory.verdicts import Judged, Verdict
from nhi_components.lifecycle.inventory.details import Change
from nhi_components.lifecycle.inventory.latest import LastScan
from nhi_components.lifecycle.inventory.reading import Listed


class Judgement(StrEnum):
    """Whether verdicts on an identity say anything; without a judgement, that it has none is no good sign."""

    JUDGED = "judged"
    FOUND_LATER = "found-later"
    """It was found after the verdicts were judged."""
    OF_A_SERVICE = "service-linked"
    """A cloud's service makes it for itself, and it is left out."""
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Stood:
    """A verdict, and when it stood.

    Attributes:
        judged: the verdict.
        since: when it was found.
        cleared_at: when a judgement no longer found it; None while it stands.
    """

    judged: Judged
    since: datetime
    cleared_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reported:
    """An identity with all that is known of it.

    Attributes:
        listed: as `nhi inventory` shows it.
        found_at: when the scan began that found it.
        judgement: whether it was judged.
        verdicts: those that stand, what weighs most first, and then those that were cleared.
        credentials: also those that cannot be used.
        ways_in: who may become it, as its system writes it.
        dependents: what depends on it.
        changes: of itself, oldest first.
    """

    listed: Listed
    found_at: datetime
    judgement: Judgement
    verdicts: tuple[Stood, ...] = ()
    credentials: tuple[FoundCredential, ...] = ()
    ways_in: tuple[FoundStep, ...] = ()
    dependents: tuple[FoundDependent, ...] = ()
    changes: tuple[Change, ...] = ()

    @property
    def standing(self) -> tuple[Stood, ...]:
        """The verdicts that stand; none on an identity that is gone."""
        if self.judgement is Judgement.GONE:
            return ()
        return tuple(each for each in self.verdicts if each.cleared_at is None)

    @property
    def score(self) -> int | None:
        """The risk score, 0 to 100; None when it was not judged, which is not 0."""
        if self.judgement is not Judgement.JUDGED:
            return None
        return min(HIGHEST, sum(each.judged.points for each in self.standing))


@dataclass(frozen=True, slots=True)
class Way:
    """A way to an administrator.

    Attributes:
        hops: how many steps; 0 for who is as good as administrator itself.
        next: whom it becomes first.
        tale: the whole way, as the end of a sentence that begins with who goes it.
        certain: it hangs on no condition that cannot be decided.
    """

    hops: int
    next: str
    tale: str
    certain: bool


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """Whatever goes by a name may become an identity."""

    source: str
    target: str
    how: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Becoming:
    """Who can become whom, told by names that many may share, so that it grows with the names and not with pairs.

    Attributes:
        names: by identity, the names it goes by beside its own, as far as a step begins at them.
        steps: from names to identities.
        ways: by identity, its way to an administrator.
    """

    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    ways: Mapping[str, Way] = field(default_factory=dict)


class Soundness(StrEnum):
    """What verifying the evidence has come to."""

    NONE = "none"
    """There is none, which proves nothing."""
    SOUND = "sound"
    FLAWED = "flawed"


@dataclass(frozen=True, slots=True)
class Told:
    """An event about identities without a lease, other than a verdict."""

    type: str
    at: datetime
    key: str | None
    outcome: str
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of evidence that a trusted key has signed.

    Attributes:
        kind: such as `teardown`.
        at: when it was recorded.
        file: in the store.
        digest: SHA-256 of its bytes.
        signer: where the key lives that has signed it.
        lease: which lease it is about; None for events without one.
        identity: of the lease.
        environment: of the lease.
        links: how many resources it speaks of.
        counts: how many events of each type, where it holds events.
        events: those that are no verdicts.
    """

    kind: str
    at: datetime
    file: str
    digest: str
    signer: str
    lease: str | None = None
    identity: str | None = None
    environment: str | None = None
    links: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    events: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class LeaseEvidence:
    """What evidence says last of a lease; `unchecked` names facts of its teardown that were not checked."""

    lease: str
    identity: str
    environment: str
    state: str
    at: datetime
    unchecked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvidenceFound:
    """What the evidence store holds.

    Attributes:
        soundness: of all of it together.
        statements: those that may be trusted, by the time of their recording.
        leases: what it says last of each lease.
        problems: what is wrong with it.
        notes: what limits what it proves.
        refused: how many files are no trusted statement.
    """

    soundness: Soundness = Soundness.NONE
    statements: tuple[Statement, ...] = ()
    leases: tuple[LeaseEvidence, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Content:
    """All that a report tells.

    Attributes:
        as_of: the latest moment of which it tells; ages are counted to it.
        scan: the last full scan; None when there was none.
        scanned_at: when any scan, also a partial one, was at work last.
        judged_at: when the verdicts were judged.
        identities: by system, place, name and key; also those that are gone.
        carriers: what identities and carriers have that holds grants, by holder.
        grants: what identities and carriers may do, by holder.
        becoming: who can become whom.
        evidence: what the evidence store holds.
        checked: for each verdict, of how many of the living identities enough is known to tell it.
        unused_days: from how many days on something counts as unused.
        old_credential_days: from how many days on a credential counts as old.
    """

    as_of: datetime
    scan: LastScan | None
    scanned_at: datetime
    judged_at: datetime
    identities: tuple[Reported, ...]
    carriers: Mapping[str, tuple[FoundCarrier, ...]]
    grants: Mapping[str, tuple[FoundGrant, ...]]
    becoming: Becoming
    evidence: EvidenceFound
    checked: Mapping[Verdict, int]
    unused_days: tuple[int, ...]
    old_credential_days: tuple[int, ...]

    @property
    def living(self) -> tuple[Reported, ...]:
        """The identities that are there."""
        return tuple(each for each in self.identities if each.judgement is not Judgement.GONE)

    @property
    def outdated(self) -> bool:
        """Whether the inventory was read again after the verdicts were judged."""
        return self.scanned_at > self.judged_at

    @property
    def whole(self) -> bool:
        """Whether all that was to be seen was seen, and judged."""
        judged = all(each.judgement is not Judgement.FOUND_LATER for each in self.identities)
        return self.scan is not None and self.scan.complete and judged
