"""A connected system that is scripted, and a time that passes only when somebody waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from nhi_components.core.errors import NhiError, Problem, SystemUnreachable
from nhi_components.core.ledger import LedgerEntry
from nhi_components.core.links import Fact, Link, LinkKind, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.account import Terms
from nhi_components.lifecycle.cutting_off import LinkKey
from nhi_components.lifecycle.ports import BlindSpot, Caller, Canary, CutOff, Ownership, Room, Sighting

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LEASE = "lease-abcdefghijklmnop"
ROLE = Link(System.AWS, LinkKind.IAM_ROLE, "orders-prod-abcdef", unique_id="AROAOURS")
SECRET = Link(System.AWS, LinkKind.SECRETS_MANAGER_SECRET, "nhi/prod/orders-abcdef", unique_id="arn:ours")
ENTITY = Link(System.VAULT, LinkKind.VAULT_ENTITY, "orders-prod-abcdef", unique_id="entity-ours")
NAMESAKE = replace(ROLE, unique_id="AROATHEIRS")
TERMS = Terms(
    LeaseTags(
        lease=LEASE,
        identity="orders",
        environment="prod",
        owner="payments@example.com",
        purpose="sends order events",
        ends=date(2026, 6, 1),
        stack="shop/prod",
    ),
    issued=date(2026, 2, 1),
)
LEDGER = [LedgerEntry(replace(link, unique_id=None)) for link in (ROLE, SECRET, ENTITY)]


@dataclass
class FakeTime:
    """A clock and a sleep that belong together."""

    now: datetime = START
    pauses: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += timedelta(seconds=seconds)

    @property
    def elapsed(self) -> float:
        return (self.now - START).total_seconds()


@dataclass
class FakeSystem:
    """One system with what lives on it.

    Attributes:
        alive: what lives.
        gone_at: by link key, when something goes by itself.
        down: every call fails.
        stubborn: keys of what may not be swept.
        canary_works: what a canary tells when it is tried; None when there is none to try.
    """

    system: System
    time: FakeTime
    alive: list[Link] = field(default_factory=list)
    gone_at: dict[LinkKey, datetime] = field(default_factory=dict)
    namesakes: list[Link] = field(default_factory=list)
    down: bool = False
    stubborn: set[LinkKey] = field(default_factory=set)
    live: list[Link] = field(default_factory=list)
    canary_works: bool | None = False
    canary_unreachable: bool = False
    extras: tuple[Link, ...] = ()
    blind: tuple[BlindSpot, ...] = ()
    room: Room = field(default_factory=Room)
    in_cut_off: set[LinkKey] = field(default_factory=set)
    surveys: int = 0
    cut_offs: int = 0
    swept: list[Link] = field(default_factory=list)
    required: list[Link] = field(default_factory=list)
    admitted: list[Link] = field(default_factory=list)
    connection: str = "default"

    def _answer(self) -> None:
        if self.down:
            problem = Problem(f"{self.system}.{self.connection}", "no answer", "an answer", "check the network")
            raise SystemUnreachable(self.system, problem)

    def caller(self) -> Caller:
        self._answer()
        return Caller(self.system, self.connection, f"deployer@{self.system}", "here")

    def require(self, links: Sequence[Link]) -> None:
        self.required += links

    def room_for(self, links: Sequence[Link]) -> Room:
        self._answer()
        return self.room

    def admit(self, lease: LeaseTags, links: Sequence[Link], now: datetime) -> list[Link]:
        self._answer()
        self.admitted += links
        return list(links)

    def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
        self.surveys += 1
        self._answer()
        now = self.time()
        living = [link for link in self.alive if link.key not in self.gone_at or now < self.gone_at[link.key]]
        ours = [Sighting(link, Ownership.OURS, cut_off=link.key in self.in_cut_off) for link in living]
        return [*ours, *(Sighting(link, Ownership.NAMESAKE, "another of that name") for link in self.namesakes)]

    def blind_spots(self, links: Sequence[Link]) -> list[BlindSpot]:
        return list(self.blind)

    def cut_off(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[CutOff]:
        self._answer()
        self.cut_offs += 1
        link = links[0]
        if link.key in {namesake.key for namesake in self.namesakes}:
            return []
        if self.canary_works is None:
            return [CutOff(link, now, now, self.extras, None, "no session could be opened")]
        return [CutOff(link, now, now, self.extras, Canary(link, now, "a credential"))]

    def revoke_live(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[Link]:
        self._answer()
        return list(self.live)

    def try_canary(self, canary: Canary, now: datetime) -> Fact:
        if self.canary_unreachable:
            raise SystemUnreachable(self.system, Problem("here", "no answer", "an answer", "check the network"))
        return None if self.canary_works else now

    def sweep(self, sighting: Sighting) -> None:
        self._answer()
        if sighting.link.key in self.stubborn:
            raise NhiError(f"{sighting.link}: AccessDenied: DeleteRole is not allowed")
        self.swept.append(sighting.link)
        self.alive.remove(sighting.link)


def seconds(number: float) -> datetime:
    return START + timedelta(seconds=number)


def blind_spot() -> BlindSpot:
    return BlindSpot(System.VAULT, "default", LinkKind.VAULT_TOKEN, NotChecked("the token may not list accessors"))
