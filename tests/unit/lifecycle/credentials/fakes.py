"""A source and places in memory, a clock that is moved, and a run that is killed at a chosen step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from nhi_components.core.credential.dependents import Dependent
from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.credential.sources import SourceSpec
from nhi_components.core.credential.spec import CredentialSpec
from nhi_components.core.errors import EvidenceError, NhiError, Problem, SystemUnreachable
from nhi_components.core.links import Link, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.credentials.dependents import Facts, Refreshed, Standing
from nhi_components.lifecycle.credentials.ports import Claim, Held, Kept, Key, LimitReached, Material, Overtaken
from nhi_components.lifecycle.credentials.wanted import Tools, Wanted
from nhi_components.lifecycle.evidence.rotations import RotationRecord
from nhi_components.lifecycle.ports import Caller
from tests.conformance.world import new_tags

MOST = 2


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours catches it."""


@dataclass
class FakeClock:
    at: datetime = datetime(2027, 1, 31, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def forward(self, **length: float) -> None:
        self.at += timedelta(**length)


@dataclass
class Steps:
    """Counts what changes a system, and kills the run before or after the chosen step."""

    done: list[str] = field(default_factory=list)
    kill_at: int | None = None
    kill_after: bool = False
    down: set[str] = field(default_factory=set)

    def before(self, where: str, what: str) -> None:
        self.reach(where)
        self.done.append(f"{where} {what}")
        if self.kill_at == len(self.done) and not self.kill_after:
            raise Killed

    def after(self) -> None:
        if self.kill_at == len(self.done) and self.kill_after:
            raise Killed

    def reach(self, where: str) -> None:
        if where in self.down:
            raise SystemUnreachable(where, Problem(where, "no answer", "an answer", "bring it up"))

    def revive(self) -> None:
        self.done, self.kill_at = [], None


@dataclass
class FakePlace:
    spec: PlaceSpec
    steps: Steps
    clock: FakeClock
    marks: bool = True
    lease: str | None = None
    versions: list[Material] = field(default_factory=list)
    written: int = 0
    noted: dict[str, str] = field(default_factory=dict)
    holder: Claim | None = None
    skew: timedelta = timedelta(0)

    @property
    def name(self) -> str:
        return self.spec.address

    def find(self) -> Held | None:
        self.steps.reach(self.name)
        if not self.versions and not self.noted and self.lease is None:
            return None
        version = str(self.written) if self.versions else ""
        key = self.versions[-1].key_id if self.versions and self.marks else None
        return Held(self.lease if self.marks else None, version, key, max(0, len(self.versions) - 1))

    def write(self, lease: LeaseTags, material: Material, over: str | None = None) -> Held:
        self.steps.before(self.name, f"write {material.key_id}")
        if self.marks and self.lease not in (None, lease.lease):
            raise NhiError(f"{self.name}: somebody else's; fix: another name")
        if over is not None and over != (str(self.written) if self.versions else ""):
            raise Overtaken(f"{self.name}: got another version; fix: again")
        self.lease, self.written = lease.lease, self.written + 1
        self.versions = [*self.versions, material] if self.spec.can_be_home else [material]
        self.steps.after()
        held = self.find()
        assert held is not None
        return held

    def prune(self) -> None:
        self.steps.before(self.name, "prune")
        self.versions = self.versions[-1:]
        self.steps.after()

    def remove(self, lease_id: str) -> None:
        self.steps.before(self.name, "remove")
        self.versions, self.noted, self.lease, self.holder = [], {}, None, None
        self.steps.after()

    def kept(self) -> Kept:
        return Kept(self.find(), self.read(), self.notes())

    def read(self) -> Material | None:
        self.steps.reach(self.name)
        return self.versions[-1] if self.versions else None

    def notes(self) -> Mapping[str, str]:
        self.steps.reach(self.name)
        return dict(self.noted)

    def note(self, lease: LeaseTags, notes: Mapping[str, str]) -> None:
        self.steps.before(self.name, "note")
        self.lease, self.noted = lease.lease, dict(notes)
        self.steps.after()

    def claim(self, lease: LeaseTags, wanted: Claim, now: datetime) -> Claim:
        self.steps.reach(self.name)
        if self.holder is None or self.holder.run == wanted.run or self.holder.until <= now:
            self.holder = wanted
        return self.holder

    def release(self, run: str) -> None:
        if self.holder and self.holder.run == run:
            self.holder = None

    def time(self) -> datetime:
        self.steps.reach(self.name)
        return self.clock() + self.skew


@dataclass
class FakeSource:
    spec: SourceSpec
    steps: Steps
    clock: FakeClock
    most: int | None = MOST
    can_disable: bool = True
    living: dict[str, Key] = field(default_factory=dict)
    used: dict[str, datetime | NotChecked | None] = field(default_factory=dict)
    made: int = 0
    works_after: int = 0
    most_ever: int = 0
    asked: int = 0
    prefix: str = "KEY"

    def keys(self, lease: LeaseTags) -> list[Key]:
        self.steps.reach("source")
        return list(self.living.values())

    def create(self, lease: LeaseTags) -> Material:
        self.steps.before("source", "create")
        if self.most is not None and len(self.living) >= self.most:
            raise LimitReached("source: too many; fix: delete one")
        self.made += 1
        key = f"{self.prefix}{self.made}"
        self.living[key] = Key(key, created_at=self.clock())
        self.most_ever = max(self.most_ever, len(self.living))
        self.asked = 0
        self.steps.after()
        return material_of(key)

    def disable(self, key_id: str) -> None:
        self.steps.before("source", f"disable {key_id}")
        if key_id in self.living:
            self.living[key_id] = replace(self.living[key_id], enabled=False)
        self.steps.after()

    def enable(self, key_id: str) -> None:
        self.steps.before("source", f"enable {key_id}")
        self.living[key_id] = replace(self.living[key_id], enabled=True)
        self.steps.after()

    def delete(self, key_id: str) -> None:
        self.steps.before("source", f"delete {key_id}")
        self.living.pop(key_id, None)
        self.steps.after()

    def works(self, material: Material) -> bool:
        self.steps.reach("source")
        self.asked += 1
        key = self.living.get(material.key_id)
        good = material == material_of(material.key_id) and material.fields == material_of(material.key_id).fields
        return bool(key and key.enabled and good and self.asked > self.works_after)

    def last_used(self, key_id: str) -> datetime | NotChecked | None:
        self.steps.reach("source")
        return self.used.get(key_id, NotChecked("this source does not tell"))


class TellingSource(FakeSource):
    """A source that can tell which of its keys a value is."""

    def find(self, value: str) -> str | None:
        self.steps.reach("source")
        return next((key for key in self.living if material_of(key).fields["secret_access_key"] == value), None)


class FakeRecorder:
    """Keeps what it is told, or fails."""

    def __init__(self) -> None:
        self.told: list[RotationRecord] = []
        self.proved = 0
        self.full = False

    def ensure_ready(self) -> None:
        self.proved += 1
        if self.full:
            raise EvidenceError("evidence: no space left; fix: make room")

    def record_rotation(self, content: RotationRecord) -> None:
        self.ensure_ready()
        self.told.append(content)

    def last_rotation(self, lease_id: str) -> RotationRecord | None:
        return next((each for each in reversed(self.told) if each.lease.lease_id == lease_id), None)


def material_of(key: str) -> Material:
    return Material(key, {"access_key_id": key, "secret_access_key": f"secret-of-{key}"})


class FakeDependants:
    def __init__(self) -> None:
        self.told: list[Facts] = []
        self.failing = ""
        self.alive = True

    def look(self, dependents: Sequence[Dependent], facts: Facts) -> list[Standing]:
        return [Standing(each.name, self.alive, each.refresh is not None) for each in dependents]

    def refresh(self, dependents: Sequence[Dependent], facts: Facts) -> list[Refreshed]:
        self.told.append(facts)
        return [Refreshed(each.name, datetime(2027, 1, 31, tzinfo=UTC), self.failing or None) for each in dependents]


class World:
    """One credential over a home and two copies, the second of which keeps no marks."""

    def __init__(self, **rotation: object) -> None:
        self.clock, self.steps, self.dependants = FakeClock(), Steps(), FakeDependants()
        self.lease = new_tags(b"credential")
        self.spec = CredentialSpec.parse(
            {
                "source": {"kind": "aws-access-key"},
                "places": [
                    {"kind": "vault-kv", "path": "home"},
                    {"kind": "secrets-manager", "secret": "copy"},
                    {"kind": "github-secret", "repository": "a/b", "variables": {"secret_access_key": "KEY"}},
                ],
                "rotation": {"every": "7d", "overlap": "1d", **rotation},
            }
        ).resolved(self.lease)
        self.issuing = FakeSource(self.spec.source, self.steps, self.clock)
        self.places = {
            place.address: FakePlace(place, self.steps, self.clock, marks=place.kind != "github-secret")
            for place in self.spec.places
        }
        self.home, self.copy, self.unmarked = self.places.values()

    @property
    def tools(self) -> Tools:
        return Tools(lambda *_: self, self.dependants, self.clock, self.clock.sleep)

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.lease, self.spec)

    def place(self, spec: PlaceSpec) -> FakePlace:
        return self.places.setdefault(spec.address, FakePlace(spec, self.steps, self.clock))

    def source(self, spec: SourceSpec) -> FakeSource:
        return self.issuing

    def caller(self) -> Caller:
        return Caller(System.AWS, "default", "arn", "111111111111")

    def search(self, lease_id: str) -> list[Link]:
        return []

    def held(self) -> dict[str, str | None]:
        """Which key each place holds."""
        return {name: place.versions[-1].key_id if place.versions else None for name, place in self.places.items()}

    def working(self) -> set[str]:
        return {key.id for key in self.issuing.living.values() if key.enabled}
