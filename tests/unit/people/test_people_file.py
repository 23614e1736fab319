"""A file of people in all three formats, and everything that can be wrong with one, told at once."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nhi_components.core.errors import SpecError, SystemUnreachable
from nhi_components.core.inventory.records import FoundPerson, Record
from nhi_components.lifecycle.discovery.ports import NotSeen
from nhi_components.lifecycle.people.file import PeopleFile
from nhi_components.lifecycle.row_files import file_of_rows
from tests.unit.discovery.fakes import NOW
from tests.unit.people.reading import records_of

ROWS: list[dict[str, Any]] = [
    {"id": "1", "Mail": "Ann@Example.com", "login": "ann", "aliases": "@ann-gh; A.", "active": "yes", "team": "pay"},
    {"id": "2", "Mail": "bob@example.com", "left": "2026-10-31", "team": "pay|Ops"},
    {"id": "3", "Mail": "cid@example.com", "left": "2027-01-01", "team": ""},
    {"id": "", "Mail": "Dan@example.com", "active": "no"},
]
LEFT = datetime(2026, 10, 31, tzinfo=UTC)
PEOPLE = [
    FoundPerson("1", ("ann@example.com", "ann", "@ann-gh", "a.", "1"), active=True),
    FoundPerson("2", ("bob@example.com", "2"), active=False, since=LEFT),
    FoundPerson("3", ("cid@example.com", "3"), active=True),
    FoundPerson("dan@example.com", ("dan@example.com",), active=False),
    FoundPerson("team pay", ("pay",), active=True),
    FoundPerson("team ops", ("ops",), active=False, since=LEFT),
]
SECRET = "hunter2-of-a-directory"


def as_csv(rows: list[dict[str, Any]], delimiter: str = ",") -> str:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read(file: Path) -> list[Record]:
    return records_of(PeopleFile(file, lambda: NOW))


def read_or_told(file: Path) -> tuple[list[Record], str]:
    try:
        return read(file), ""
    except NotSeen as refused:
        return [], str(refused)


def refusal(file: Path) -> str:
    with pytest.raises(NotSeen) as refused:
        read(file)
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("people.csv", as_csv(ROWS)),
        ("people.CSV", "\ufeff" + as_csv(ROWS, ";")),
        ("people.csv", as_csv(ROWS, "\t") + "\r\n"),
        ("people.json", json.dumps(ROWS)),
        ("people.json", json.dumps({"result": ROWS})),
        ("people.yaml", yaml.safe_dump(ROWS)),
        ("people.yml", yaml.safe_dump({"people": ROWS})),
    ],
)
def test_all_formats_tell_the_same(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    source = PeopleFile(file_of_rows("nhi discover", "--people", str(tmp_path / name)), lambda: NOW)
    assert records_of(source) == PEOPLE
    assert (source.system, source.place()) == ("people", str(tmp_path / name))


def test_lists_numbers_and_days_are_read_as_json_and_yaml_have_them(tmp_path: Path) -> None:
    file = tmp_path / "people.yaml"
    file.write_text("- {id: 7, mail: [a@x, b@x], left: 2026-11-29T23:30:00-02:00}\n- {id: 8, active: yes, left: }\n")
    assert read(file) == [
        FoundPerson("7", ("a@x", "b@x", "7"), active=True),
        FoundPerson("8", ("8",), active=True),
    ]


def test_all_that_is_wrong_is_told_at_once_with_its_row_and_nothing_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "people.json"
    rows = [
        {"id": "1", "active": True},
        {"id": "1", "active": SECRET},
        {"mail": "", "active": True},
        {"id": "4", "mail": "a@x"},
        {"id": "5", "active": True, "left": "2020-01-01"},
        {"id": "6", "left": f"{SECRET}-2"},
        {"id": [SECRET], "active": True},
        {"id": "8\x1b[31m", "active": True},
        SECRET,
        {"id": "10", "ID": "10", "active": True},
        {"id": "11", "active": 2},
    ]
    file.write_text(json.dumps(rows))
    told = refusal(file)
    assert told.startswith(f"{file}: 11 problems: ")
    for part in (
        "row 2: active: got a string that is neither",
        "row 2: id: got the id of row 1",
        "row 3: id: got nothing",
        "row 4: active: got neither `active` nor `left`",
        "row 5: active: got yes, of somebody who has left",
        "row 6: left: got a string that is no day",
        "row 7: id: got a list",
        "row 8: id: got a text with control characters",
        "row 9: got a string",
        "row 10: got a column twice",
        "row 11: active: got a number that is neither",
    ):
        assert part in told
    assert SECRET not in told


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("p.csv", b"", "got no row"),
        ("p.csv", b"id,active\n", "got no row"),
        ("p.csv", b"id,active\n1,yes,3\n2\n", "row 1: got 3 cells, expected 2"),
        ("p.csv", b'id,active\n"1,yes\n', "cannot be read"),
        ("p.csv", b"id,active,active\n1,yes,no\n", "row 1: got a column twice"),
        ("p.csv", b"\xff\xfe", "no UTF-8"),
        ("p.json", b"[]", "got no row"),
        ("p.json", b"{", "cannot be read"),
        ("p.json", b'{"a": [], "b": []}', "got an object"),
        ("p.json", b'[{"id": "\\ud800", "active": true}]', "control characters"),
        ("p.json", b"[" + b"9" * 5000 + b"]", "cannot be read"),
        ("p.yaml", b"", "got no row"),
        ("p.yaml", b"a\n---\nb\n", "got null"),
        ("p.yaml", b"- {id: 0x" + b"f" * 6000 + b", active: true}", "row 1: id: got a number"),
        ("p.yaml", b"- *nothing", "cannot be read"),
    ],
)
def test_a_file_that_is_no_list_of_rows_is_not_seen(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    (tmp_path / name).write_bytes(content)
    assert expected in refusal(tmp_path / name)


def test_beyond_fifty_problems_it_tells_how_many_more(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("id,active\n" + "".join(f"{number},maybe\n" for number in range(70)))
    told = refusal(file)
    assert "70 problems" in told
    assert told.count("fix:") == 50
    assert told.endswith("and 20 more")


def test_a_file_that_is_not_there_or_of_another_kind_is_wrong_input_and_one_that_goes_is_unreachable(
    tmp_path: Path,
) -> None:
    for name, expected in (("none.csv", "no file"), ("people.xlsx", "a file of .csv")):
        (tmp_path / "people.xlsx").touch()
        with pytest.raises(SpecError, match=expected):
            file_of_rows("nhi discover", "--people", str(tmp_path / name))
    source = PeopleFile(tmp_path / "gone.csv", lambda: NOW)
    with pytest.raises(SystemUnreachable, match="correct its path"):
        source.place()
    with pytest.raises(NotSeen):
        records_of(source)


_CELLS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.just("2026-11-30"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
_COLUMNS = st.sampled_from(["id", "mail", "login", "aliases", "active", "left", "team", "Left ", "other"])
_ENTRIES = st.lists(st.dictionaries(_COLUMNS, _CELLS, max_size=5) | _CELLS, max_size=4)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=_ENTRIES)
def test_whatever_rows_hold_they_are_people_or_told(tmp_path: Path, entries: list[Any]) -> None:
    file = tmp_path / "people.json"
    file.write_text(json.dumps(entries))
    found, told = read_or_told(file)
    if told:
        assert told.startswith(f"{file}: ")
        assert "fix:" in told
        return
    people = [each for each in found if isinstance(each, FoundPerson)]
    assert len(people) == len(found) >= len(entries) > 0
    assert len({each.id for each in people}) == len(people)
    for each in people:
        each.id.encode()
        assert all(name == name.lower() and name.strip() for name in each.names)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60) | st.text(alphabet='id,active\n";\r1yes\t\x00', max_size=60).map(str.encode))
@pytest.mark.parametrize("suffix", ["csv", "json", "yaml"])
def test_whatever_a_file_holds_it_is_read_or_told(tmp_path: Path, content: bytes, suffix: str) -> None:
    file = tmp_path / f"people.{suffix}"
    file.write_bytes(content)
    found, told = read_or_told(file)
    assert found or told.startswith(f"{file}: ")
