"""The papers on the estate: stacks, states, people and a CMDB's export, as they stood before and as they stand now."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tools.estate.truth import ANN, BOB, EVE, KIM, LEE, By, Ledger, Resource

_STACKS: Final[Mapping[bool, Mapping[str, Sequence[By]]]] = {
    True: {"shop.json": (By.STACK, By.WAS, By.MOVED), "billing.json": ()},
    False: {"shop.json": (By.STACK,), "billing.json": (By.MOVED,)},
}
"""What each stack declares, before the change and after it."""


def write(ledger: Ledger, folder: Path, *, before: bool) -> list[str]:
    """Write all of them, and give the options of `nhi discover` that name them.

    Args:
        ledger: what was planted.
        folder: of the estate.
        before: as they stood at the first scan.
    """
    stacks = folder / "stacks"
    stacks.mkdir(exist_ok=True)
    for name, declaring in _STACKS[before].items():
        (stacks / name).write_text(json.dumps(_export(_of(ledger, declaring))))
    state = folder / "estate.tfstate"
    state.write_text(json.dumps(_state(_of(ledger, (By.STATE,)))))
    people, cmdb = folder / "people.csv", folder / "cmdb.csv"
    _table(people, ("id", "mail", "login", "team", "left"), _people())
    _table(cmdb, ("key", "pattern", "owner", "environment"), ledger.cmdb)
    named = {"--stacks": stacks, "--terraform": state, "--people": people, "--cmdb": cmdb}
    return [part for option, file in named.items() for part in (option, str(file))]


def _of(ledger: Ledger, declaring: Sequence[By]) -> list[Resource]:
    return [resource for by, resource in ledger.declared if by in declaring]


def _export(resources: Iterable[Resource]) -> dict[str, Any]:
    made = [
        {
            "urn": f"urn:pulumi:prod::shop::{each.pulumi}::r{number}",
            "type": each.pulumi,
            "id": str(each.fields.get("id", number)),
            "outputs": dict(each.fields),
        }
        for number, each in enumerate(resources)
    ]
    return {"version": 3, "deployment": {"resources": made}}


def _state(resources: Iterable[Resource]) -> dict[str, Any]:
    made = [
        {
            "mode": "managed",
            "type": each.terraform,
            "name": f"r{number}",
            "provider": 'provider["registry.terraform.io/hashicorp/any"]',
            "instances": [{"schema_version": 0, "attributes": _attributes(each.fields)}],
        }
        for number, each in enumerate(resources)
    ]
    about = {"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "estate", "outputs": {}}
    return {**about, "resources": made}


def _attributes(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Terraform writes a block as a list."""
    named = {re.sub("([A-Z])", r"_\1", name).lower(): value for name, value in fields.items()}
    return {name: [value] if isinstance(value, dict) else value for name, value in named.items()}


def _people() -> list[dict[str, str]]:
    now = datetime.now(UTC)
    past, next_month = (f"{now + timedelta(days=days):%Y-%m-%d}" for days in (-40, 30))
    return [
        {"id": "1", "mail": ANN, "login": "ann", "team": "payments"},
        {"id": "2", "mail": KIM, "login": "kim"},
        {"id": "3", "mail": LEE, "login": "lee", "left": next_month},
        {"id": "4", "mail": EVE, "login": "eve", "team": "payments;legacy", "left": past},
        {"id": "5", "mail": BOB, "login": "bob", "team": "legacy", "left": past},
    ]


def _table(file: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
