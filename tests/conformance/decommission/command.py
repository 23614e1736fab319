"""`nhi` on the emulated AWS, as a person or cron runs it: in this process, or in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nhi_components.cli.app import app
from nhi_components.core.inventory.records import FoundGrant, FoundIdentity, Record
from nhi_components.lifecycle.discovery.ports import Page
from nhi_components.lifecycle.inventory.store import open_inventory
from tests.conformance.decommission.aws_world import AwsRetirementWorld
from tests.conformance.decommission.world import Planted
from tests.conformance.world import now
from tools.lab.sandbox import aws as lab

BY = ("--approver", "Ada Example", "--reason", "CHG-7")
_SOURCE = f"aws/{lab.ACCOUNT}"


@dataclass
class Command:
    """The command, with an inventory that knows what was planted."""

    world: AwsRetirementWorld
    folder: Path

    def knows(self, planted: Planted, *records: Record, **fields: Any) -> None:
        """Have a scan find an identity."""
        target = planted.target
        told = {"marks": {"team": "payments"}, **fields}
        found = FoundIdentity(
            target.key, target.system, target.place, target.kind, target.name, target.unique_id, **told
        )
        inventory = open_inventory(self.folder / "inventory.db")
        scan = inventory.begin(now())
        section = f"iam/{target.name}"
        inventory.open_sections(scan, _SOURCE, [section])
        page = Page([found, FoundGrant(target.key, "iam:ListRoles", "*", via="inline"), *records])
        inventory.write(scan, _SOURCE, section, page, now())
        inventory.close()

    def run(self, *arguments: str) -> Result:
        """Run it in this process."""
        return CliRunner().invoke(app, [*arguments])

    def told(self, *arguments: str, code: int = 0) -> Any:
        """Run it in this process, and read its answer."""
        done = self.run(*arguments, "--output", "json")
        assert done.exit_code == code, (done.output, done.exception)
        return json.loads(done.stdout)

    def start(self, *arguments: str, days: int = 0) -> subprocess.Popen[str]:
        """Start it in a process of its own, on a machine whose clock is some days ahead."""
        later = Path(__file__).with_name("later.py")
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
        return subprocess.Popen(
            [sys.executable, str(later), str(days), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def told_later(self, days: int, *arguments: str, code: int = 0) -> Any:
        """Run it in a process of its own, and read its answer."""
        process = self.start(*arguments, "--output", "json", days=days)
        out, err = process.communicate(timeout=120)
        assert process.returncode == code, out + err
        return json.loads(out)


def command_in(folder: Path, world: AwsRetirementWorld, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Give the command an inventory, an evidence store and a connection of their own."""
    monkeypatch.setenv("NHI_INVENTORY", str(folder / "inventory.db"))
    monkeypatch.setenv("NHI_EVIDENCE_DIR", str(folder / "evidence"))
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("NHI_AS_OF", "NHI_APPROVER", "NHI_REASON", "NHI_TEMPLATES"):
        monkeypatch.delenv(name, raising=False)
    return Command(world, folder)


def connections(folder: Path, **more: Any) -> str:
    """A file that limits what is looked through to one region."""
    file = folder / "connections.json"
    file.write_text(json.dumps({"aws": {"default": {"regions": [lab.REGION]}}, **more}))
    return str(file)
