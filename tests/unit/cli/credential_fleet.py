"""A stack with three credentials whose systems are in memory, and `nhi` as a person types it, with its exit code."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nhi_components.cli.main import run
from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.credential.sources import SourceSpec
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.credentials.desk import Desk
from nhi_components.lifecycle.credentials.rotating import reconcile
from nhi_components.lifecycle.credentials.wanted import Tools, Wanted
from nhi_components.lifecycle.ports import Caller
from nhi_components.provider import held_credentials
from nhi_components.provider.engine import Engine
from nhi_components.provider.stack_state import CREDENTIAL
from tests.unit.lifecycle.credentials.fakes import (
    FakeClock,
    FakeDependants,
    FakePlace,
    FakeRecorder,
    FakeSource,
    Steps,
    TellingSource,
)
from tools.keep_state import NEWEST

BY = ("--approver", "Ada Example", "--reason", "INC-7")
ENDS = datetime.now(UTC).date() + timedelta(days=60)
PREFIXES = {"aws-access-key": "AKIAPRINTER", "api-key": "key-partner", "vault-secret-id": "accessor-courier"}
"""How the ids of each source's keys begin; each goes on with a number."""

PRINTER, PARTNER, COURIER = PREFIXES.values()


@dataclass
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document that standard output is."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def credentials(self) -> dict[str, dict[str, Any]]:
        """The document's credentials by identity."""
        return {each["identity"]: each for each in self.document["credentials"]}

    @property
    def text(self) -> str:
        """Everything it said, folded tables and all, in one line."""
        return re.sub(r"[│┃\s]+", "", self.out + self.err)

    def tells(self, part: str) -> bool:
        """Whether it said that, wherever lines were broken."""
        return re.sub(r"\s+", "", part) in self.text


@dataclass
class Fleet:
    """Every source and place of a stack; each identity has one of its own."""

    clock: FakeClock = field(default_factory=FakeClock)
    dependants: FakeDependants = field(default_factory=FakeDependants)
    recorder: FakeRecorder = field(default_factory=FakeRecorder)
    steps: Steps = field(default_factory=Steps)
    sources: dict[str, FakeSource] = field(default_factory=dict)
    places: dict[str, FakePlace] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    decided: dict[str, Any] = field(default_factory=dict)

    @property
    def tools(self) -> Tools:
        return Tools(lambda *_: self, self.dependants, self.clock, self.clock.sleep)

    def source(self, spec: SourceSpec) -> FakeSource:
        kind = str(spec.kind)
        if kind not in self.sources:
            sort = TellingSource if kind == "api-key" else FakeSource
            steps = Steps(self.steps.done, down=self.steps.down)
            self.sources[kind] = sort(spec, steps, self.clock, prefix=PREFIXES[kind])
        return self.sources[kind]

    def place(self, spec: PlaceSpec) -> FakePlace:
        name = f"{spec.kind} {spec.address}"
        return self.places.setdefault(name, FakePlace(spec, self.steps, self.clock))

    def caller(self) -> Caller:
        return Caller(System.AWS, "default", "arn", "111111111111")

    def search(self, lease_id: str) -> list[Any]:
        return []

    def desk(self, approved: Callable[[LeaseTags, Any], tuple[str, str]]) -> Desk:
        return Desk(self.tools, lambda: self.recorder, approved)  # type: ignore[arg-type, return-value] # a fake

    def credentials(self) -> list[Wanted]:
        return [each.wanted for each in held_credentials.held_credentials(self.state, None, ("", ""), self.clock)]

    def working(self) -> set[str]:
        """The keys that work."""
        return {key.id for source in self.sources.values() for key in source.living.values() if key.enabled}

    def held(self, part: str) -> set[str]:
        """What the places hold whose address has that part."""
        return {place.versions[-1].key_id for name, place in self.places.items() if part in name and place.versions}

    def edit(self, identity: str, **credential: Any) -> None:
        """Change what the state says about an identity's credential; `state=` about whether it is suspended."""
        for resource in self.state["deployment"]["resources"]:
            if resource["type"] == CREDENTIAL and resource["inputs"]["identity"] == identity:
                for properties in (resource["inputs"], resource["outputs"]):
                    if "state" in credential:
                        properties["state"] = credential["state"]
                    properties["credential"] |= {k: v for k, v in credential.items() if k != "state"}


def fleet(monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """A stack whose credentials were issued a moment ago."""
    made = Fleet()
    text = NEWEST.read_text()
    ends = json.loads(text)["deployment"]["resources"]
    (day,) = {each["outputs"]["ends"] for each in ends if each["type"] == "nhi:index:Lease"}
    made.state = json.loads(text.replace(day, ENDS.isoformat()))
    monkeypatch.setattr(Engine, "export", lambda _: made.state)
    monkeypatch.setattr(Engine, "configured", lambda _, key: made.decided)
    monkeypatch.setattr(held_credentials, "desk_of", lambda _connection, _recorder, by, _clock: made.desk(by))
    for name in ("NHI_APPROVER", "NHI_REASON", "NHI_AS_OF"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    for wanted in made.credentials():
        reconcile(wanted, made.tools)
    made.steps.done.clear()
    return made


class Terminal(io.StringIO):
    """Standard input at a terminal; nobody types anything."""

    def isatty(self) -> bool:
        return True


class Shell:
    """Runs `nhi` in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self._monkeypatch, self._capsys, self._folder = monkeypatch, capsys, folder

    def __call__(self, *arguments: str, stdin: bytes | Terminal = b"") -> Said:
        self._capsys.readouterr()
        self._monkeypatch.setattr(sys, "argv", ["nhi", *arguments, "--cwd", str(self._folder)])
        piped = io.TextIOWrapper(io.BytesIO(stdin)) if isinstance(stdin, bytes) else stdin
        self._monkeypatch.setattr(sys, "stdin", piped)
        with pytest.raises(SystemExit) as ended:
            run()
        told = self._capsys.readouterr()
        return Said(int(ended.value.code or 0), told.out, told.err)
