"""CSV that no sheet runs, Parquet that keeps types, JSON with its form."""

from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nhi_components.lifecycle.reporting.content import Content
from nhi_components.lifecycle.reporting.document import SCHEMA
from nhi_components.lifecycle.reporting.tables import (
    IDENTITIES,
    VERDICTS,
    as_csv,
    as_parquet,
    identity_rows,
    verdict_rows,
)
from nhi_components.lifecycle.reporting.writing import Format, write_report
from tests.unit.reporting.worlds import FORMULA, IN_A_MARK, STRANGERS, evidence, organised
from tests.unit.verdicts.worlds import arn


def read(content: Content) -> list[dict[str, str]]:
    text = as_csv(list(IDENTITIES), identity_rows(content)).decode()
    return list(csv.DictReader(StringIO(text, newline="")))


def test_a_cell_that_a_sheet_would_run_begins_with_an_apostrophe(content: Content) -> None:
    names = {row["name"] for row in read(content)}
    assert f"'{FORMULA}" in names
    assert "'@SUM(1)" in names
    for row in read(content):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in row.values()), row


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1"])
def test_every_beginning_of_a_formula_is_known(text: str) -> None:
    (cell,) = list(csv.reader(StringIO(as_csv(["a"], iter([{"a": text}])).decode(), newline="")))[1]
    assert cell == f"'{text}"


def test_what_was_not_judged_has_no_score_in_any_table(content: Content) -> None:
    rows = {row["name"]: row for row in read(content)}
    assert (rows["of-a-service"]["score"], rows["of-a-service"]["judgement"]) == ("", "service-linked")
    assert rows["ci"]["score"] == "45"
    assert rows["ci"]["hops_to_admin"] == "2"


def test_parquet_keeps_names_lists_numbers_and_times(content: Content) -> None:
    table = pq.read_table(BytesIO(as_parquet(IDENTITIES, identity_rows(content))))
    rows = {row["name"]: row for row in table.to_pylist()}
    assert set(STRANGERS) <= set(rows)
    assert rows["of-a-service"]["score"] is None
    assert rows["ci"]["owners"] == ["ann@example.com"]
    assert table.schema.field("found_at").type == pa.timestamp("us", tz="UTC")
    told = pq.read_table(BytesIO(as_parquet(VERDICTS, verdict_rows(content)))).to_pylist()
    assert len(told) == sum(len(each.verdicts) for each in content.identities)
    assert {row["points"] for row in told if row["key"] == arn("ci") and row["verdict"] == "path-to-admin"} == {30}


def test_the_same_input_gives_the_same_files(tmp_path: Path, content: Content) -> None:
    from nhi_components.lifecycle.reporting.gathering import gather
    from nhi_components.lifecycle.verdicts.settings import STANDARD

    inventory, store = organised(tmp_path), evidence(tmp_path)
    written = [
        write_report(gather(inventory, store, STANDARD), list(Format), tmp_path / name) for name in ("one", "other")
    ]
    inventory.close()
    assert len(written[0]) == 6
    for one, other in zip(*written, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
        assert one.stat().st_mode & 0o777 == 0o600


def test_json_names_its_form_and_holds_everything(tmp_path: Path, content: Content) -> None:
    (file,) = write_report(content, [Format.JSON], tmp_path / "out")
    told = json.loads(file.read_text())
    assert told["schema"] == SCHEMA
    assert len(told["identities"]) == len(content.identities)
    assert told["identities"][0].keys() >= {"key", "score", "judgement", "verdicts", "credentials", "waysIn", "changes"}


def test_what_may_hold_a_secret_by_mistake_is_in_no_file(tmp_path: Path, content: Content) -> None:
    for file in write_report(content, [Format.HTML, Format.JSON, Format.CSV], tmp_path / "out"):
        assert IN_A_MARK not in file.read_text(), file.name
