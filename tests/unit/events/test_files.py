"""Reading files that grow, are rotated, emptied, gzipped or damaged."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.errors import NhiError, SpecError
from nhi_components.core.links import System
from nhi_components.lifecycle.events.files import FileEvents
from nhi_components.lifecycle.events.ports import EVERYTHING, NOT_UNDERSTOOD, Event
from nhi_components.lifecycle.events.systems import reading_of
from tests.unit.events.samples import AT, CLUSTER, audited, trail

SINCE = AT - timedelta(minutes=30)


class Reader:
    """Reads as a refresh does, and remembers where it goes on."""

    def __init__(self, pattern: Path | str, system: System = System.KUBERNETES) -> None:
        self._files = FileEvents(system, str(pattern), lambda: CLUSTER, reading_of(system))
        self.cursor: str | None = None

    def read(self) -> list[Event]:
        found: list[Event] = []
        for batch in self._files.read(self.cursor, SINCE):
            self.cursor = batch.cursor
            found += batch.told.events
        return found

    def ids(self) -> list[str]:
        return [event.id for event in self.read()]


def line(id_: str, **fields: Any) -> str:
    return json.dumps(audited("create", "secrets", auditID=id_, **fields)) + "\n"


def write_gz(file: Path, records: Iterable[dict[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(json.dumps({"Records": list(records)}).encode()))


def test_a_file_that_grows_is_read_on_where_it_stood(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(line("1") + line("2"))
    reader = Reader(log)
    assert reader.ids() == ["1", "2"]
    assert reader.ids() == []
    with log.open("a") as opened:
        opened.write(line("3") + line("4")[:-20])
    assert reader.ids() == ["3"]
    with log.open("a") as opened:
        opened.write(line("4")[-20:])
    assert reader.ids() == ["4"]


def test_a_rotated_file_is_read_to_its_end_and_the_new_one_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(line("1"))
    reader = Reader(tmp_path / "audit*")
    assert reader.ids() == ["1"]
    with log.open("a") as opened:
        opened.write(line("2"))
    log.rename(tmp_path / "audit-old.log")
    log.write_text(line("3"))
    assert sorted(reader.ids()) == ["2", "3"]


def test_a_file_that_was_emptied_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(line("1") + line("2"))
    reader = Reader(log)
    reader.read()
    log.write_text(line("3"))
    assert reader.ids() == ["3"]


def test_files_of_cloudtrail_are_read_once_and_digests_are_none(tmp_path: Path) -> None:
    write_gz(tmp_path / "AWSLogs/1/CloudTrail/eu/a.json.gz", [trail("CreateRole"), trail("PutObject", "s3")])
    (tmp_path / "AWSLogs/1/CloudTrail-Digest").mkdir()
    (tmp_path / "AWSLogs/1/CloudTrail-Digest/d.json").write_text("{}")
    reader = Reader(tmp_path, System.AWS)
    assert reader.ids() == ["id-of-CreateRole"]
    write_gz(tmp_path / "AWSLogs/1/CloudTrail/eu/b.json.gz", [trail("DeleteRole")])
    assert reader.ids() == ["id-of-DeleteRole"]
    assert reader.ids() == []


def test_a_document_that_wraps_its_records_is_read(tmp_path: Path) -> None:
    file = tmp_path / "export.json"
    file.write_text(json.dumps({"items": [audited("create", "pods")]}, indent=2))
    assert Reader(file).ids() == ["create-pods"]
    file.write_text(json.dumps([audited("create", "pods"), audited("delete", "pods")]))
    assert Reader(file).ids() == ["create-pods", "delete-pods"]


def test_a_damaged_line_makes_everything_stale_and_the_others_are_read(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(line("1") + "{damaged\n" + line("2") + '{"kind": "Other"}\n')
    found = Reader(log).read()
    assert [event.sections for event in found] == [("secrets",), EVERYTHING, ("secrets",), EVERYTHING]
    assert [event.what for event in found if event.sections == EVERYTHING] == [NOT_UNDERSTOOD] * 2


def test_a_damaged_file_keeps_no_other_from_being_read_and_is_told(tmp_path: Path) -> None:
    write_gz(tmp_path / "b.json.gz", [trail("CreateRole")])
    (tmp_path / "a.json.gz").write_bytes((tmp_path / "b.json.gz").read_bytes()[:-8])
    files = FileEvents(System.AWS, str(tmp_path), lambda: "", reading_of(System.AWS))
    told: list[str] = []

    def read() -> None:
        told.extend(event.id for batch in files.read(None, SINCE) for event in batch.told.events)

    with pytest.raises(NhiError, match=r"a\.json\.gz: not whole"):
        read()
    batches = files.read(None, SINCE)
    assert [event.id for event in next(iter(batches)).told.events] == ["id-of-CreateRole"]


def test_what_is_older_than_the_scan_is_of_no_interest(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(line("1", stageTimestamp="2026-11-01T00:00:00Z") + line("2"))
    assert Reader(log).ids() == ["2"]
    old = (SINCE - timedelta(days=1)).timestamp()
    os.utime(log, (old, old))
    assert Reader(log).ids() == []


def test_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="a file that is there"):
        Reader(tmp_path / "none.log").read()
