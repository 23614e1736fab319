"""What a destination is, and files: torn lines, full disks, rotation."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from audit_samples import chain

from nhi_components.core.errors import SpecError
from nhi_components.lifecycle.audit.destinations import file as file_module
from nhi_components.lifecycle.audit.destinations.file import FileDestination
from nhi_components.lifecycle.audit.destinations.opening import Options, open_destination
from nhi_components.lifecycle.audit.destinations.ports import Busy, Refused
from nhi_components.lifecycle.audit.trail import Outgoing, Trail
from nhi_components.lifecycle.evidence.reader import by_fingerprint


@pytest.fixture
def outgoing(tmp_path: Path) -> list[Outgoing]:
    store = chain(tmp_path / "evidence", (4,))
    return list(Trail(store, by_fingerprint(store.pinned_keys()), store.chain_ids()[0], None).read())


def lines(path: Path) -> list[str]:
    assert path.read_bytes().endswith(b"\n")
    return [json.loads(line)["metadata"]["uid"] for line in path.read_bytes().splitlines()]


def uids(outgoing: list[Outgoing]) -> list[str]:
    return [each.event["metadata"]["uid"] for each in outgoing]


def test_lines_are_appended_to_a_private_file(tmp_path, outgoing):
    path = tmp_path / "audit.jsonl"
    destination = FileDestination(path)
    destination.send(outgoing[:2])
    destination.send(outgoing[2:])
    assert lines(path) == uids(outgoing)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_was_rotated_is_made_anew(tmp_path, outgoing):
    path = tmp_path / "audit.jsonl"
    destination = FileDestination(path)
    destination.send(outgoing[:2])
    path.rename(tmp_path / "audit.1")
    destination.send(outgoing[2:])
    assert lines(tmp_path / "audit.1") == uids(outgoing[:2])
    assert lines(path) == uids(outgoing[2:])


@pytest.mark.parametrize("kept", [1, 5, 20, 300, -1])
def test_a_line_that_a_kill_has_torn_is_taken_away(tmp_path, outgoing, kept):
    path = tmp_path / "audit.jsonl"
    destination = FileDestination(path)
    destination.send(outgoing[:2])
    with path.open("ab") as file:
        file.write(outgoing[2].line[:kept])
    destination.send(outgoing[2:])
    assert lines(path) == uids(outgoing)


@pytest.mark.parametrize("content", [b"not ours", b'{"a":1}\nhalf a line of somebody', b'{"activity"'])
def test_a_last_line_of_somebody_else_is_not_touched(tmp_path, outgoing, content):
    path = tmp_path / "other.log"
    path.write_bytes(content)
    with pytest.raises(Refused, match="no export has written"):
        FileDestination(path).send(outgoing)
    assert path.read_bytes() == content


def test_a_disk_that_gets_full_leaves_whole_lines_and_is_tried_again(tmp_path, outgoing, monkeypatch):
    path = tmp_path / "audit.jsonl"
    destination = FileDestination(path)
    destination.send(outgoing[:2])
    write, full = os.write, [True]

    def half(descriptor: int, data: bytes) -> int:
        if not full:
            return write(descriptor, data)
        if len(data) < 100:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(file_module.os, "write", half)
    with pytest.raises(Busy, match="No space left"):
        destination.send(outgoing[2:])
    assert lines(path) == uids(outgoing[:2])
    full.clear()
    destination.send(outgoing[2:])
    assert lines(path) == uids(outgoing)


def test_a_device_without_room_is_busy(outgoing):
    with pytest.raises(Busy, match="No space left"):
        FileDestination(Path("/dev/full")).send(outgoing)


@pytest.mark.parametrize("path", ["folder", "missing/audit.jsonl", "file/audit.jsonl"])
def test_what_can_never_be_written_is_refused(tmp_path, outgoing, path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="cannot be written"):
        FileDestination(tmp_path / path).send(outgoing)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("file:/var/log/nhi.jsonl", "file:/var/log/nhi.jsonl"),
        ("file:///var/log/nhi.jsonl", "file:/var/log/nhi.jsonl"),
        ("syslog://127.0.0.1:601", "syslog://127.0.0.1:601"),
        ("syslog+tls://logs.example.com", "syslog+tls://logs.example.com"),
        (
            "https://collector.example.com/services/collector/raw",
            "https://collector.example.com/services/collector/raw",
        ),
        ("http://127.0.0.1:8088/events", "http://127.0.0.1:8088/events"),
    ],
)
def test_destinations_that_are_known(written, name):
    assert open_destination(written, Options()).name == name


def test_a_file_is_one_destination_from_wherever_it_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert open_destination("file:a.jsonl", Options()).name == f"file:{tmp_path}/a.jsonl"


@pytest.mark.parametrize(
    ("written", "options", "got"),
    [
        ("file:", Options(), "no path"),
        ("file://host/path", Options(), "no path"),
        ("audit.jsonl", Options(), "no destination"),
        ("ftp://example.com", Options(), "no destination"),
        ("https://", Options(), "no destination"),
        ("https://example.com:port", Options(), "no destination"),
        ("https://user:s3cr3t-word@example.com/", Options(), "a user or password"),
        ("https://example.com/?token=s3cr3t-word", Options(), "a credential in its query"),
        ("http://example.com/", Options(), "http"),
        ("syslog://example.com", Options(), "no port"),
        ("syslog+tls://example.com/path", Options(), "more than host and port"),
        ("file:a", Options(authorization="A"), "--authorization-from"),
        ("syslog://example.com:601", Options(lines=True), "--ndjson"),
        ("syslog://example.com:601", Options(authority=Path("ca.pem")), "--ca"),
        ("file:a", Options(certificate=Path("own.pem")), "--client-certificate"),
        ("syslog+tls://example.com", Options(authority=Path("/missing.pem")), "certificates"),
    ],
)
def test_what_is_no_destination_is_refused_without_telling_a_credential(written, options, got):
    with pytest.raises(SpecError) as refused:
        open_destination(written, options)
    assert got in str(refused.value)
    assert "s3cr3t-word" not in str(refused.value)
