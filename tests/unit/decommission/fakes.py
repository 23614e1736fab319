"""One identity at a system that obeys the test, and an inventory that knows it; any call can be killed around."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import text

from nhi_components.core.errors import NhiError
from nhi_components.core.inventory.records import FoundGrant, FoundIdentity, Record
from nhi_components.core.links import System
from nhi_components.lifecycle.decommission.case import Decision, Despite, Terms
from nhi_components.lifecycle.decommission.cases import Cases
from nhi_components.lifecycle.decommission.decommissioning import Decommissioning, Notify, Tools
from nhi_components.lifecycle.decommission.known import Known, known_of
from nhi_components.lifecycle.decommission.ports import CannotDisable, Presence, Removed, Standing, Target, Undo
from nhi_components.lifecycle.decommission.records import StageEvent
from nhi_components.lifecycle.decommission.turns import turn
from nhi_components.lifecycle.discovery.ports import Page
from nhi_components.lifecycle.inventory.store import Inventory, open_inventory

START = datetime(2026, 11, 30, 12, tzinfo=UTC)
KEY = "arn:aws:iam::111111111111:role/orders"
TARGET = Target(KEY, "AROAORDERS", System.AWS, "111111111111", "iam-role", "orders")
ADA = Decision("Ada Example", "CHG-1")
GRACE = 14
TERMS = Terms(notice_days=0, grace_days=GRACE)


_FOLDER = tempfile.TemporaryDirectory(prefix="nhi-unit-")


class Killed(BaseException):
    """The process ends here, as by SIGKILL."""


@dataclass
class Fuse:
    """Counts the points at which a process may be killed, and kills it at one of them.

    Attributes:
        at: which; None for never.
        passed: how many have been passed.
    """

    at: int | None = None
    passed: int = 0

    def point(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            raise Killed


@dataclass
class FakeSystem:
    """What the system has of the identity; shared by all processes.

    Attributes:
        unique_id: of what stands at the key; empty for nothing.
        disabled: whether it is denied everything.
        parts: what hangs on it, and is deleted one by one.
        mark: case and stage.
        marks: whether there is a place for marks.
        reversible: whether a disable is known.
    """

    unique_id: str = TARGET.unique_id
    disabled: bool = False
    parts: list[str] = field(default_factory=lambda: ["key-1", "key-2"])
    mark: tuple[str, str] = ("", "")
    marks: bool = True
    reversible: bool = True
    guarded: str = ""
    dependents: tuple[str, ...] = ()
    used_at: datetime | None = None
    obeys: bool = True
    calls: list[str] = field(default_factory=list)


class FakeRetirement:
    """The retirement of the system, within one process."""

    system, connection = System.AWS, "default"

    def __init__(self, at: FakeSystem, fuse: Fuse) -> None:
        self._at, self._fuse = at, fuse

    def place(self) -> str:
        return TARGET.place

    def look(self, target: Target) -> Standing:
        self._fuse.point()
        at = self._at
        if not at.unique_id:
            return Standing(Presence.GONE)
        if at.unique_id != target.unique_id:
            return Standing(Presence.OTHER)
        presence = Presence.DISABLED if at.disabled else Presence.ALIVE
        return Standing(presence, *at.mark, at.guarded, at.dependents, at.used_at)

    def undo_of(self, target: Target) -> Undo:
        self._fuse.point()
        if not self._at.reversible:
            raise CannotDisable(f"{target.key}: there is no way back")
        return {"wasDisabled": self._at.disabled}

    def mark(self, target: Target, case: str, stage: str) -> bool:
        with self._changing(target, f"mark {stage}".strip()):
            if self._at.marks:
                self._at.mark = (case, stage)
        return self._at.marks

    def disable(self, target: Target, undo: Undo) -> None:
        with self._changing(target, "disable"):
            self._at.disabled = self._at.obeys or self._at.disabled

    def restore(self, target: Target, undo: Undo) -> None:
        with self._changing(target, "restore"):
            self._at.disabled = bool(undo["wasDisabled"])

    def delete(self, target: Target) -> Sequence[Removed]:
        if self._at.unique_id != target.unique_id:
            return ()
        removed = []
        for part in list(self._at.parts):
            with self._changing(target, f"delete {part}"):
                self._at.parts.remove(part)
            removed.append(Removed("key", part))
        with self._changing(target, "delete"):
            self._at.unique_id = ""
        return [*removed, Removed("iam-role", target.name, START + timedelta(days=60))]

    @contextmanager
    def _changing(self, target: Target, what: str) -> Iterator[None]:
        self._fuse.point()
        if self._at.unique_id != target.unique_id:
            raise NhiError("not there")
        self._at.calls.append(what)
        yield
        self._fuse.point()


class KillableCases(Cases):
    """Cases of a process that may be killed before and after each of its writes."""

    def __init__(self, inventory: Inventory, fuse: Fuse) -> None:
        super().__init__(inventory)
        self._fuse = fuse

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in ("open", "told", "move", "keep"):
            return found
        fuse = super().__getattribute__("_fuse")

        def around(*positional: Any, **named: Any) -> Any:
            fuse.point()
            result = found(*positional, **named)
            fuse.point()
            return result

        return around


def scan(inventory: Inventory, now: datetime, *records: Record) -> None:
    number = inventory.begin(now)
    found = FoundIdentity(
        KEY, System.AWS, TARGET.place, TARGET.kind, TARGET.name, TARGET.unique_id, marks={"team": "payments"}
    )
    held = FoundGrant(KEY, "sqs:SendMessage", "*", via="inline")
    inventory.open_sections(number, "aws/111111111111", ["iam/roles"])
    inventory.write(number, "aws/111111111111", "iam/roles", Page([found, held, *records]), now)
    inventory.end(number, now)


@cache
def _scanned() -> Path:
    """An inventory after a scan, made once, as making the tables takes longest."""
    file = Path(_FOLDER.name) / "inventory.db"
    inventory = open_inventory(file)
    scan(inventory, START)
    with inventory.writing() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    inventory.close()
    return file


@dataclass
class Estate:
    """An inventory in a folder or at a URL, a system, a clock, and what the audit trail was told."""

    folder: Path
    at: FakeSystem = field(default_factory=FakeSystem)
    now: datetime = START
    told: list[StageEvent] = field(default_factory=list)
    notify: Notify | None = None
    where: str = ""

    def __post_init__(self) -> None:
        if self.where:
            self.inventory = open_inventory(self.where)
            self.scan()
            return
        self.folder.mkdir(exist_ok=True)
        file = self.folder / "inventory.db"
        shutil.copyfile(_scanned(), file)
        self.inventory = open_inventory(file)

    def scan(self, *records: Record) -> None:
        """Have a scan find the identity, and records beside it."""
        scan(self.inventory, self.now, *records)

    def known(self) -> Known:
        found = known_of(self.inventory, TARGET)
        assert found is not None
        return found

    def cases(self) -> Cases:
        return Cases(self.inventory)

    def process(self, fuse: Fuse | None = None) -> Decommissioning:
        """A process that works on the case; killed where the fuse says."""
        burning = fuse or Fuse()
        retirement = FakeRetirement(self.at, burning)

        def record(event: StageEvent) -> None:
            burning.point()
            self.told.append(event)
            burning.point()

        tools = Tools(
            retirement=lambda _: retirement,
            known=lambda target: known_of(self.inventory, target),
            turn=lambda target: turn(self.inventory, target),
            clock=lambda: self.now,
            record=record,
            notify=self.notify,
            sleep=lambda _: None,
        )
        return Decommissioning(KillableCases(self.inventory, burning), tools)

    def pass_days(self, days: int) -> None:
        self.now += timedelta(days=days)


def despite(*what: Despite) -> Decision:
    return replace(ADA, despite=frozenset(what))


def run_until_it_ends(step: Callable[[Fuse], Any], at: int) -> tuple[Any, bool]:
    """Run a step killed at a point, and again unharmed; give what the last one gave, and whether one was killed."""
    try:
        return step(Fuse(at)), False
    except Killed:
        return step(Fuse()), True


def stages(estate: Estate) -> list[str]:
    """The stages that the audit trail was told of, each id once."""
    by_id: Mapping[str, StageEvent] = {event.id: event for event in estate.told}
    return [event.noted.stage for event in by_id.values()]
