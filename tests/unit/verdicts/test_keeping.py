"""Verdicts are kept with their history, told before they are kept, and shown by `nhi verdicts`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from nhi_components.cli.app import app
from nhi_components.core.inventory.records import FoundCredential
from nhi_components.core.inventory.verdicts import Judged, Verdict
from nhi_components.lifecycle.discovery.ports import Page
from nhi_components.lifecycle.inventory.store import Inventory, SectionState
from nhi_components.lifecycle.verdicts.keeping import Assessment, assess, standing
from nhi_components.lifecycle.verdicts.settings import STANDARD
from nhi_components.lifecycle.verdicts.tables import verdicts
from tests.unit.verdicts.planting import NOW, arn, before, declared, owned, planted, role

Run = Callable[..., Result]


def key(name: str, days: float = 1) -> FoundCredential:
    return FoundCredential(arn(name), "access-key", f"AKIA{name.upper()}", before(days))


@pytest.fixture
def inventory(tmp_path: Path) -> Iterator[Inventory]:
    inventory = planted(
        tmp_path,
        [role("kept"), owned("kept"), declared("kept"), role("keyed"), owned("keyed"), declared("keyed"), key("keyed")],
    )
    yield inventory
    inventory.close()


def scanned_again(inventory: Inventory) -> None:
    number = inventory.begin(NOW)
    inventory.open_sections(number, "aws/111122223333", ["everything"])
    page = Page([role("kept"), declared("kept"), role("keyed"), owned("keyed"), declared("keyed")])
    inventory.write(number, "aws/111122223333", "everything", page, NOW)
    inventory.end(number, NOW)


def named(judged: list[Judged] | tuple[Judged, ...]) -> list[tuple[str, Verdict]]:
    return [(each.key.rpartition("/")[2], each.verdict) for each in judged]


def test_a_verdict_stands_since_it_was_found_until_it_is_no_longer(inventory: Inventory) -> None:
    later, latest = NOW + timedelta(days=1), NOW + timedelta(days=2)
    first = assess(inventory, STANDARD, NOW)
    assert (first.standing, named(first.found), first.cleared) == (1, [("keyed", Verdict.ENDLESS)], ())
    again = assess(inventory, STANDARD, later)
    assert (again.standing, again.found, again.cleared) == (1, (), ())
    scanned_again(inventory)
    changed = assess(inventory, STANDARD, latest)
    assert named(changed.found) == [("kept", Verdict.UNOWNED)]
    assert named(changed.cleared) == [("keyed", Verdict.ENDLESS)]
    assert named(standing(inventory)) == [("kept", Verdict.UNOWNED)]
    assert standing(inventory, [Verdict.ENDLESS]) == []
    with inventory.reading() as connection:
        kept = {row.verdict: (row.since, row.judged_at, row.cleared_at) for row in connection.execute(select(verdicts))}
    assert kept == {"endless": (NOW, later, latest), "unowned": (latest, latest, None)}


def test_what_could_not_be_told_is_not_kept(inventory: Inventory) -> None:
    class KilledError(Exception):
        pass

    told: list[Assessment] = []

    def kill(changed: Assessment) -> None:
        told.append(changed)
        raise KilledError

    with pytest.raises(KilledError):
        assess(inventory, STANDARD, NOW, tell=kill)
    assert standing(inventory) == []
    assert assess(inventory, STANDARD, NOW, tell=told.append).found == told[0].found
    assert told[1] == told[0]


@pytest.fixture
def run(inventory: Inventory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("NHI_EVIDENCE_DIR", str(tmp_path / "evidence"))

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["verdicts", "--inventory", str(tmp_path / "inventory.db"), *arguments])

    return invoke


def test_the_command_tells_scores_reasons_and_what_was_not_seen(run: Run, inventory: Inventory, tmp_path: Path) -> None:
    done = run("--output", "json")
    assert done.exit_code == 1, done.output
    told = json.loads(done.stdout)
    assert (told["standing"], told["found"], told["cleared"], told["scan"]["complete"]) == (1, 1, 0, True)
    (identity,) = told["identities"]
    assert (identity["name"], identity["owners"], identity["score"]) == ("keyed", ["payments@example.com"], 5)
    assert identity["owasp"] == ["NHI7:2025"]
    assert identity["verdicts"] == [
        {
            "verdict": "endless",
            "degree": "",
            "reason": "1 of its credentials never end, such as: access-key",
            "points": 5,
            "owasp": ["NHI7:2025"],
        }
    ]
    shown = run("--details")
    assert "1 verdicts stand; 0 new, 0 cleared" in shown.stdout
    assert "+5   endless: 1 of its credentials never end, such as: access-key (NHI7)" in shown.stdout
    table = run("--no-record").stdout
    assert all(word in table for word in ("score", "keyed", "endless", "NHI7"))
    assert "not everything is judged" not in shown.stdout
    number = inventory.begin(NOW)
    inventory.open_sections(number, "aws/111122223333", ["denied"])
    inventory.give_up(number, "aws/111122223333", "denied", SectionState.UNSEEN, "ListRoles is denied")
    nothing = run("--from-score", "90", "--no-record")
    assert nothing.exit_code == 3
    assert "not everything is judged" in nothing.stdout


def test_what_was_found_is_in_the_audit_trail_once(run: Run) -> None:
    for _ in range(2):
        run()
    shown = CliRunner().invoke(app, ["audit", "show", "--output", "json"])
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.count("verdict-found") == 1
    assert arn("keyed") in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "told"), [(("--verdict", "nosy"), "--verdict"), (("--system", "moon"), "--system")]
)
def test_wrong_names_are_refused_with_what_is_known(run: Run, arguments: tuple[str, ...], told: str) -> None:
    refused = run(*arguments)
    assert refused.exit_code != 0
    assert told in str(refused.exception)


def test_a_chosen_verdict_shows_only_who_has_it(run: Run) -> None:
    assert run("--verdict", "endless").exit_code == 1
    assert run("--verdict", "unused").exit_code == 0
