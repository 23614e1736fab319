"""What a run did about a credential; never a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.errors import EvidenceError, NhiError
from nhi_components.core.links import NotChecked
from nhi_components.lifecycle.credentials.decision import Cause
from nhi_components.lifecycle.credentials.dependents import Refreshed


@dataclass(frozen=True, slots=True)
class Revoked:
    """A key that was taken out of use.

    Attributes:
        key: its id.
        why: why.
        disabled_at: when it was disabled; None where its source can only delete.
        deleted_at: when the source no longer listed it.
        refused_at: when it was used once more and refused; why that was not tried.
    """

    key: str
    why: str
    disabled_at: datetime | None
    deleted_at: datetime
    refused_at: datetime | NotChecked


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one place.

    Attributes:
        place: where.
        version: what is held there now, as its system tells; empty when that failed.
        confirmed_at: when it was seen to hold the key.
        written: whether it had to be written.
        problem: why it does not hold the key; empty when it does.
    """

    place: PlaceSpec
    version: str
    confirmed_at: datetime | None
    written: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did about one credential.

    Attributes:
        started: when it began.
        ended: when it ended.
        cause: why a new key was made; None when none was.
        key: the key that the places hold; empty while suspended without one.
        version: how many keys were delivered, this one included.
        issued_at: when the key was made.
        due_at: from when on it is replaced.
        retiring: the keys before it that still work, and until when.
        revoked: what was taken out of use.
        deliveries: one for each place.
        refreshed: what became of the dependents that were told.
        waits: why a key that is due was not made yet; empty when nothing waits.
        resumed: whether a rotation that another run had begun was finished.
        notified: what became of those who were to be told of an exposure.
    """

    started: datetime
    ended: datetime
    cause: Cause | None
    key: str
    version: int
    issued_at: datetime | None
    due_at: datetime | None
    retiring: tuple[tuple[str, datetime], ...] = ()
    revoked: tuple[Revoked, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    refreshed: tuple[Refreshed, ...] = ()
    waits: str = ""
    resumed: bool = False
    notified: tuple[Refreshed, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything was made, written or revoked."""
        written = any(delivery.written for delivery in self.deliveries)
        return bool(self.cause or self.revoked or written or self.refreshed)

    @property
    def failures(self) -> list[str]:
        """What did not succeed."""
        failed = [f"{each.place.kind} {each.place.address}: {each.problem}" for each in self.deliveries if each.problem]
        failed += [f"dependent {each.name}: {each.problem}" for each in self.refreshed if each.problem]
        return [*failed, *(f"{each.name}: {each.problem}" for each in self.notified if each.problem)]


class DeliveryIncomplete(NhiError):
    """A place could not be given the key; the one before goes on working, and the next run goes on."""

    def __init__(self, subject: str, outcome: Outcome) -> None:
        self.outcome = outcome
        failed = "\n".join(f"  {failure}" for failure in outcome.failures)
        super().__init__(
            f"{subject}: the key {outcome.key} is not everywhere yet; the one before it goes on working:\n{failed}\n"
            "  fix: make the place reachable, and run the same command again; it delivers the same key there"
        )


class NotRecorded(EvidenceError):
    """Something was done about a credential, and evidence of it could not be written."""

    def __init__(self, subject: str, outcome: Outcome, error: EvidenceError, incomplete: str = "") -> None:
        self.outcome = outcome
        done = incomplete or f"{subject}: it was done"
        super().__init__(f"{done}\n  it could not be recorded: {error}")


class StillSuspended(NhiError):
    """The identity is suspended; only who gives it access back, as `pulumi up` does, lets its credential work again."""

    def __init__(self, subject: str) -> None:
        super().__init__(
            f"{subject}: its identity is suspended; nothing was changed; fix: restore it with `nhi restore --up`, "
            "which gives it a key that works"
        )


class DependentsLive(NhiError):
    """Something that lives uses the credential, and would be left with a key that does not work."""

    def __init__(self, subject: str, why: str) -> None:
        super().__init__(
            f"{subject}: {why}; nothing was changed; fix: stop it or move it, or go on all the same, with a reason "
            "(`--despite-dependents`; NHI_DESPITE_DEPENDENTS=<reason> for `pulumi up` and `pulumi destroy`)"
        )


class NotWithdrawn(NhiError):
    """A credential is not gone everywhere."""

    def __init__(self, subject: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        rows = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(
            f"{subject}: not gone everywhere:\n{rows}\n"
            "  fix: make what is named reachable, and run the same command again; it goes on"
        )
