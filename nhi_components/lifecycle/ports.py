"""What the lifecycle services ask of a connected system; each system's adapter answers it.

An adapter is bound to one connection. It reads no clock of its own: a time that it tells is the `now` it was given plus
what has elapsed since. It logs nothing, and never puts a credential value into an exception, a return value's `repr`
or a link.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from nhi_components.core.errors import Problem
from nhi_components.core.links import Fact, Link, LinkKind, NotChecked, System
from nhi_components.core.tags import LeaseTags


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom the connection's own credentials speak for.

    Attributes:
        principal: ARN, or Vault's display name; never a credential or an accessor.
        account: the AWS account id, or the Vault's cluster id or namespace.
    """

    system: System
    connection: str
    principal: str
    account: str


class Ownership(StrEnum):
    """Whether something that was found belongs to the lease; decided by lease id and unique id, never by name."""

    OURS = "ours"
    NAMESAKE = "namesake"


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something alive on a connected system.

    Attributes:
        link: what it is, with the unique id that it has now.
        ownership: ours, or somebody else's of the same name.
        detail: one line for people, such as `2 policies attached by hand`.
        recoverable_until: for something deleted that the system could still bring back; None for what simply lives,
            or is kept without end (`detail` says so).
        cut_off: whether an earlier cut-off is still in force on it, so that it lives but cannot be used.
        half_cut_off: whether a cut-off of it was begun that is not in force as a whole, as a kill leaves it.
        retained_until: for something deleted that the system keeps until then and lets nobody purge: nothing more can
            be done about it, so that it does not count as alive.
        by_hand: whether somebody else has made it on what is the lease's: the teardown removes it, no repair does.
        held_by: for a role that outlives the principal that it is assigned to, the unique id of that.
    """

    link: Link
    ownership: Ownership
    detail: str = ""
    recoverable_until: datetime | None = None
    cut_off: bool = False
    half_cut_off: bool = False
    retained_until: datetime | None = None
    by_hand: bool = False
    held_by: str = ""

    @property
    def lives(self) -> bool:
        """Whether it is ours, and not merely kept by its system for a while."""
        return self.ownership is Ownership.OURS and self.retained_until is None


@dataclass(frozen=True, slots=True)
class Canary:
    """A session or token opened before the cut-off and tried after the removal; lives in memory only.

    Attributes:
        link: the principal that it speaks for.
        opened_at: when it was opened and seen to work.
        credential: what the adapter needs to try it; never shown.
    """

    link: Link
    opened_at: datetime
    credential: Any = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class CutOff:
    """What cutting one linked resource off did.

    Attributes:
        link: what was cut off, with the unique id that it had.
        disabled_at: when new sessions or logins became impossible.
        sessions_refused_at: when sessions and tokens that were alive became useless.
        extras: what hangs on it that the program did not make (policies attached by hand, extra tokens).
        canary: to be tried once everything is gone; None where none could be opened.
        without_canary: why there is no canary; empty when there is one or the link is no principal.
    """

    link: Link
    disabled_at: Fact
    sessions_refused_at: Fact
    extras: tuple[Link, ...] = ()
    canary: Canary | None = None
    without_canary: str = ""


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """What a survey through this connection cannot look for; it must never be reported as gone.

    Attributes:
        kind: what might be alive unseen.
        reason: where, why, and how to let the connection look.
    """

    system: System
    connection: str
    kind: LinkKind
    reason: NotChecked


@dataclass(frozen=True, slots=True)
class Room:
    """Whether a system has room for what is about to be created.

    Attributes:
        problems: the quotas that would be exceeded, and the names that somebody else's has.
        not_checked: why the quotas are not known; None when they were checked, or the system has none.
    """

    problems: tuple[Problem, ...] = ()
    not_checked: NotChecked | None = None


class SystemAdapter(Protocol):
    """One connected system, through one connection.

    Every method may raise `SystemUnreachable`, naming the connection, what was found and how to mend it.
    Every method can be repeated and resumed after a kill.
    """

    @property
    def system(self) -> System:
        """The kind of system."""

    @property
    def connection(self) -> str:
        """The name of the connection in `nhi.Provider`."""

    def caller(self) -> Caller:
        """Tell whom the connection speaks for; the cheapest call that proves reach and credentials."""

    def require(self, links: Sequence[Link]) -> None:
        """Refuse links that rest on something which is not there or does not admit them; before they are created.

        Raises:
            SpecError: with every problem.
        """

    def room_for(self, links: Sequence[Link]) -> Room:
        """Tell which quotas the links, which the lease never had before, would exceed, and which names are taken.

        What was asked about before through the same adapter counts as taken, so that the bundles of one program are
        judged together.
        """

    def admit(self, lease: LeaseTags, links: Sequence[Link], now: datetime) -> list[Link]:
        """Take the new or changed links into the lease and return them with their unique ids.

        Undoes an earlier cut-off, marks with the lease id what the engine could not mark, and gives a secret whose
        attributes ask for one (`generate_bytes`) its first random value, which goes nowhere else.
        """

    def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
        """Find everything alive that bears the lease id or stands at the name of one of the links.

        Must also work with no links at all, from the lease id alone. What could not be looked for is an error, never
        an empty answer; the only exceptions are what `blind_spots` tells. The answer's order is the order to sweep in.
        """

    def blind_spots(self, links: Sequence[Link]) -> list[BlindSpot]:
        """Tell what `survey` leaves out because the system does not let this connection look; empty when nothing."""

    def cut_off(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[CutOff]:
        """Disable the principals among the links and make their live sessions, tokens and leases useless.

        Namesakes are left alone. A link that does not exist yields `NeverCreated` or is left out when it was swept.
        """

    def revoke_live(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[Link]:
        """Revoke what was issued to a suspended identity and lives on its own, and tell what it was.

        Tokens, secret ids, dynamic leases, certificates; the principals stay, because the program has them denied
        already. Empty where a system refuses all sessions of a denied principal by itself.
        """

    def try_canary(self, canary: Canary, now: datetime) -> Fact:
        """Use the canary once more: the time when it was refused, or None while it still works."""

    def sweep(self, sighting: Sighting) -> None:
        """Delete a leftover that is proved ours, with everything that hangs on it; refuses a namesake."""
