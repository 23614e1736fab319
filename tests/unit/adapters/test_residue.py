"""Every residue is data with a source, docs/residue.md says the same, and what it names as proof exists."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.residue import (
    RESIDUES,
    Figure,
    Residue,
    deadline_for,
    deadline_of,
    figure_of,
)

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "residue.md"


def words(time: timedelta) -> str:
    for unit, length in (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("min", timedelta(minutes=1))):
        if time >= length and not time % length:
            return f"{time // length} {unit}"
    return f"{time.total_seconds():g} s"


def figure(given: Figure | None) -> str:
    if given is None:
        return "none documented"
    shortest, longest = words(given.shortest), words(given.longest)
    return shortest if shortest == longest else f"{shortest} to {longest}"


def section(residue: Residue) -> str:
    """What docs/residue.md says of a residue, but for its proofs."""
    return (
        f"## {residue.id}\n\n"
        f"- Deleted or changed: {residue.what}\n"
        f"- Remains: {residue.remains}\n"
        f"- Figure: {figure(residue.figure)}\n"
        f"- Source: {residue.source}\n"
        f"- Handling: {residue.handling}\n"
    )


def deadline_rows() -> str:
    rows = ["| kind | at most | for | why |", "| --- | --- | --- | --- |"]
    for kind in LinkKind:
        deadline = deadline_for(kind)
        rows.append(f"| {kind} | {words(deadline.longest)} | {deadline.residue} | {deadline.why} |")
    return "\n".join(rows) + "\n"


def system_of(kind: LinkKind) -> System:
    beginning = kind.partition("-")[0]
    others = {"entra": System.AZURE, "key": System.AZURE, "file": System.HOST}
    known = {str(system): system for system in System} | others
    return known.get(beginning, System.AWS)


def proofs(residue: Residue) -> str:
    return DOCUMENT.read_text().split(section(residue))[1].split("\n## ")[0]


@cache
def existing_tests() -> frozenset[str]:
    files = (ROOT / "tests").rglob("test_*.py")
    nodes = (node for file in files for node in ast.walk(ast.parse(file.read_text())))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("residue", RESIDUES, ids=lambda residue: residue.id)
def test_the_document_says_what_the_data_say(residue: Residue) -> None:
    assert section(residue) in DOCUMENT.read_text()


@pytest.mark.parametrize("residue", RESIDUES, ids=lambda residue: residue.id)
def test_each_is_proved_by_a_test_or_says_why_it_can_t_be(residue: Residue) -> None:
    named = set(re.findall(r"`(test_\w+)`", proofs(residue)))
    assert named or "Not reproduced here:" in proofs(residue)
    assert named <= existing_tests()


def test_the_document_holds_nothing_else() -> None:
    headings = re.findall(r"^## (.*)$", DOCUMENT.read_text(), re.MULTILINE)
    assert headings == [*(residue.id for residue in RESIDUES), "Deadlines"]
    assert deadline_rows() in DOCUMENT.read_text()


def test_ids_are_unique_and_name_their_system() -> None:
    ids = [residue.id for residue in RESIDUES]
    assert len(set(ids)) == len(ids)
    assert all(residue.id.startswith(f"{residue.system}.") for residue in RESIDUES)
    assert {residue.system for residue in RESIDUES} == set(System)


def test_every_kind_has_a_deadline_for_a_residue_of_its_system() -> None:
    for kind in LinkKind:
        residue = figure_of(kind)
        assert residue.id == deadline_for(kind).residue
        assert residue.system is system_of(kind)
        assert timedelta(0) < deadline_of(kind) <= timedelta(minutes=10)


def test_documented_is_the_longest_figure() -> None:
    by_id = {residue.id: residue for residue in RESIDUES}
    assert by_id["aws.secretsmanager.recovery"].documented == timedelta(days=30)
    assert by_id["aws.iam.sessions"].documented == timedelta(hours=12)
    assert by_id["aws.iam.propagation"].documented is None
