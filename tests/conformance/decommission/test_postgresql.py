"""Cases in PostgreSQL, the real server: they go the same way as in a file, and turns end with whoever is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nhi_components.lifecycle.decommission.turns as turns
from nhi_components.lifecycle.decommission.records import record_in
from nhi_components.lifecycle.decommission.result import Outcome
from nhi_components.lifecycle.decommission.turns import TurnTaken, turn
from nhi_components.lifecycle.inventory.store import open_inventory
from tests.unit.decommission.fakes import ADA, GRACE, KEY, TARGET, TERMS, Estate, stages
from tools.lab.sandbox.ports import LOOPBACK
from tools.lab.sandbox.postgres import SUPERUSER, Postgres

HOLDER = """
import os, sys, time
from nhi_components.lifecycle.decommission.turns import turn
from nhi_components.lifecycle.inventory.store import open_inventory
from tests.unit.decommission.fakes import TARGET

with turn(open_inventory(os.environ["WHERE"]), TARGET):
    print("holds", flush=True)
    time.sleep(600)
"""
"""Takes a turn and keeps it."""


@pytest.fixture(params=["file", "server"])
def where(request: pytest.FixtureRequest, postgres: Postgres, tmp_path: Path) -> str:
    if request.param == "file":
        return str(tmp_path / "inventory.db")
    return f"postgresql+psycopg://{SUPERUSER}:{postgres.password}@{LOOPBACK}:{postgres.port}/postgres"


def test_a_case_goes_all_the_way_and_the_next_one_is_another(where: str, tmp_path: Path) -> None:
    estate = Estate(tmp_path, where=where)
    assert estate.process().begin(estate.known(), ADA, TERMS).outcome is Outcome.DISABLED
    (case,) = estate.cases().of([KEY])
    assert estate.cases().open(TARGET, ADA, TERMS, estate.known().held, estate.now, estate.now).id == case.id
    assert estate.process().restore(case, ADA).outcome is Outcome.RESTORED
    assert estate.process().begin(estate.known(), ADA, TERMS).outcome is Outcome.DISABLED
    (second,) = estate.cases().of([KEY])
    assert second.id != case.id
    estate.pass_days(GRACE)
    assert estate.process().go_on(second).outcome is Outcome.REMOVED
    record = record_in(estate.cases().get(second.id).record)
    assert record is not None
    assert record.removed[-1].name == TARGET.name
    assert stages(estate)[-5:] == ["noticed", "disabling", "disabled", "deleting", "removed"]
    estate.inventory.close()


def test_a_turn_is_one_persons_and_ends_with_the_process_that_is_killed(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory = open_inventory(where)
    monkeypatch.setenv("WHERE", where)
    monkeypatch.setattr(turns, "TURN_SECONDS", 1)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holds\n"
        with pytest.raises(TurnTaken, match="somebody else"), turn(inventory, TARGET):
            pass
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    monkeypatch.setattr(turns, "TURN_SECONDS", 30)
    begun = time.monotonic()
    with turn(inventory, TARGET):
        assert time.monotonic() - begun < 30
    with turn(inventory, TARGET):
        pass
    inventory.close()
