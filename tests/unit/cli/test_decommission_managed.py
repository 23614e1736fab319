"""`nhi decommission` of identities that our components have made; the engine is one that obeys the test."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nhi_components.cli.app import app
from nhi_components.core.inventory.records import Declaration, FoundIdentity, Manager, Record
from nhi_components.core.links import System
from nhi_components.lifecycle.decommission.known import known_as
from nhi_components.lifecycle.decommission.managing import Managed, manager_of
from nhi_components.lifecycle.discovery.ports import Page
from nhi_components.lifecycle.inventory.store import open_inventory
from nhi_components.provider.engine import Engine

BY = ("--approver", "Ada Example", "--reason", "CHG-7")
KEY = "arn:aws:iam::111111111111:role/nhi/orders-test-abc"
TODAY = datetime.now(UTC).date()
STATE: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "states" / "0.1.0" / "stack.json")
    .read_text()
    .replace("2026-12-22", str(TODAY + timedelta(days=60)))
)
MARKS = {
    "nhi:lease": "lease-a",
    "nhi:managed-by": "nhi_components",
    "nhi:identity": "orders",
    "nhi:environment": "test",
    "nhi:stack": "shop/dev",
}


class Kept:
    """What the engine keeps."""

    def __init__(self) -> None:
        self.life: Any = None


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Kept:
    kept = Kept()
    monkeypatch.setattr(Engine, "export", lambda _: STATE)
    monkeypatch.setattr(Engine, "configured", lambda _, key: kept.life)
    monkeypatch.setattr(Engine, "configure", lambda _, key, value: setattr(kept, "life", value))
    for name in ("NHI_APPROVER", "NHI_REASON", "NHI_AS_OF"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NHI_INVENTORY", str(tmp_path / "inventory.db"))
    monkeypatch.setenv("NHI_EVIDENCE_DIR", str(tmp_path / "evidence"))
    return kept


def scan(folder: Path, *records: Record, marks: dict[str, str]) -> None:
    inventory = open_inventory(folder / "inventory.db")
    now = datetime.now(UTC)
    number = inventory.begin(now)
    found = FoundIdentity(KEY, System.AWS, "111111111111", "iam-role", "orders-test-abc", "AROA1", marks=marks)
    inventory.open_sections(number, "aws/111111111111", ["iam/roles"])
    inventory.write(number, "aws/111111111111", "iam/roles", Page([found, *records]), now)
    inventory.close()


def told(*arguments: str, code: int = 0) -> Any:
    done = CliRunner().invoke(app, ["decommission", KEY, *arguments, "--output", "json"])
    assert done.exit_code == code, (done.output, done.exception)
    (one,) = json.loads(done.stdout)
    return one


def test_with_its_project_it_is_suspended_and_after_the_grace_retired_by_the_same_command(
    kept: Kept, tmp_path: Path
) -> None:
    scan(tmp_path, marks=MARKS)
    at = ("--cwd", str(tmp_path), "--stack", "dev")
    planned = told(*at, "--dry-run")
    assert (planned["outcome"], "would be written" in planned["detail"], kept.life) == ("planned", True, None)

    decided = told(*at, *BY)
    assert decided["outcome"] == "decided"
    assert f"from {TODAY + timedelta(days=14)} on" in decided["detail"]
    assert kept.life["orders.test"]["state"] == "suspended"
    assert "decided so already" in told(*at, *BY)["detail"]
    assert kept.life["orders.test"]["state"] == "suspended"

    kept.life["orders.test"]["on"] = str(TODAY - timedelta(days=14))
    assert "retire orders.test: written" in told(*at, *BY)["detail"]
    assert kept.life["orders.test"]["state"] == "retired"
    assert "decided so already" in told(*at, *BY)["detail"]


def test_without_its_project_the_commands_are_told_and_nothing_is_written(kept: Kept, tmp_path: Path) -> None:
    scan(tmp_path, marks=MARKS)
    refused = told(*BY, code=1)
    assert refused["outcome"] == "refused"
    assert "nhi suspend orders.test --stack dev --approver WHO --reason WHY && pulumi up" in refused["detail"]
    assert "nhi retire orders.test --stack dev" in refused["detail"]
    assert kept.life is None


def test_a_stack_that_declares_it_through_our_component_makes_it_managed_without_marks(tmp_path: Path) -> None:
    ours = "urn:pulumi:dev::shop::nhi:aws:WorkloadIdentity$aws:iam/role:Role::orders"
    plain = "urn:pulumi:dev::shop::aws:iam/role:Role::orders"

    def declared(address: str) -> Declaration:
        return Declaration(KEY, "AROA1", System.AWS, "aws:iam/role:Role", Manager.PULUMI, "shop/dev", address)

    scan(tmp_path, declared(ours), marks={})
    inventory = open_inventory(tmp_path / "inventory.db")
    (known,) = known_as(inventory, KEY)
    assert manager_of(known) == Managed("", "shop/dev")
    scan(tmp_path, declared(plain), marks={})
    (known,) = known_as(inventory, "AROA1")
    assert not isinstance(manager_of(known), Managed)
    assert manager_of(known) is not None
    inventory.close()
