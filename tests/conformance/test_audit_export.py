"""`nhi audit export` as a process of its own, against doubles of receivers: killed, throttled, refused, distrusted."""

from __future__ import annotations

import json
import os
import random
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from nhi_components.lifecycle.audit.destinations.ports import Busy
from nhi_components.lifecycle.audit.destinations.syslog import SyslogDestination
from nhi_components.lifecycle.audit.recording import AuditLog
from nhi_components.lifecycle.audit.trail import Trail
from nhi_components.lifecycle.clock import system_clock
from nhi_components.lifecycle.evidence.audit_events import AuditedIdentity, AuditEvent, EventType, details_of
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore
from nhi_components.lifecycle.evidence.local_signer import LocalSigner
from nhi_components.lifecycle.evidence.reader import by_fingerprint
from nhi_components.lifecycle.evidence.recorder import EvidenceRecorder
from tools.doubles.collector import PATH, Collector
from tools.doubles.server import HttpDouble
from tools.doubles.syslog_receiver import SyslogReceiver
from tools.doubles.tls import server_context, write_authority

STATEMENTS, EVENTS_OF_EACH = 12, 5
TOTAL = STATEMENTS * EVENTS_OF_EACH
BATCH = ("--batch", "7")
TOKEN = "collector-token-5f1c9a"
WAIT_SECONDS = 60


def record(directory: Path, statements: int) -> None:
    signer = LocalSigner(directory / "keys" / "evidence-ed25519.pem")
    log = AuditLog(EvidenceRecorder(DirectoryStore(directory), signer, None, system_clock))
    for statement in range(statements):
        log.record(*(_event(statement, each) for each in range(EVENTS_OF_EACH)))


def _event(statement: int, number: int) -> AuditEvent:
    key = f"arn:aws:iam::123456789012:user/batch-{statement}-{number}"
    identity = AuditedIdentity(
        key=key, unique_id=None, system="aws", place="123456789012", kind="iam-user", name=key.rpartition("/")[2]
    )
    return AuditEvent(
        type=EventType.VERDICT_FOUND,
        at=system_clock(),
        identity=identity,
        verdict="unused",
        detail=details_of({"n": number}),
    )


@pytest.fixture
def evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "evidence"
    record(directory, STATEMENTS)
    monkeypatch.setenv("NHI_EVIDENCE_DIR", str(directory))
    monkeypatch.setenv("COLLECTOR_AUTHORIZATION", f"Bearer {TOKEN}")
    for name in ("NHI_EVIDENCE_ANCHOR", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    return directory


def uids(directory: Path) -> list[str]:
    (chain_id,) = DirectoryStore(directory).chain_ids()
    numbers = range(1, len(list(directory.glob("chains/*/*.dsse.json"))) + 1)
    return [f"{chain_id}-{number:08d}-{each:04d}" for number in numbers for each in range(1, EVENTS_OF_EACH + 1)]


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "nhi_components.cli.main", "audit", "export", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))


def export(*arguments: str) -> tuple[int, str]:
    process = start(*arguments)
    out, err = process.communicate(timeout=WAIT_SECONDS)
    assert TOKEN not in out + err
    assert "Traceback" not in err
    return process.returncode, out + err


def wait_until(ready: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not ready():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)


def assert_whole(events: Sequence[dict[str, Any]], directory: Path) -> None:
    """Every event at least once, each once when repetitions are left out, then in the order of the chain."""
    assert list(dict.fromkeys(event["metadata"]["uid"] for event in events)) == uids(directory)


@pytest.fixture
def collector() -> Iterator[tuple[Collector, HttpDouble]]:
    taken = Collector()
    with HttpDouble(taken, tls=server_context()) as double:
        double.grant(TOKEN, "exporter")
        yield taken, double


@pytest.fixture
def to_collector(collector: tuple[Collector, HttpDouble], tmp_path: Path) -> list[str]:
    ca = str(write_authority(tmp_path))
    return ["--to", collector[1].url + PATH, "--authorization-from", "COLLECTOR_AUTHORIZATION", "--ca", ca, *BATCH]


class Killer:
    """Kills the exporter from within a receiver, when it has taken so many batches or messages."""

    def __init__(self, after: int) -> None:
        self.process: subprocess.Popen[str] | None = None
        self._left = after

    def __call__(self) -> None:
        self._left -= 1
        if self._left == 0 and self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


@pytest.mark.parametrize("kind", ["application/json", "application/x-ndjson"])
def test_a_collector_gets_everything_once(evidence, collector, to_collector, kind):
    code, told = export(*to_collector, *(["--ndjson"] if "ndjson" in kind else []))
    assert (code, told.startswith(f"{TOTAL} events to https://")) == (0, True)
    assert_whole(collector[0].events, evidence)
    assert len(collector[0].events) == TOTAL
    assert {len(batch) for batch in collector[0].batches} == {7, TOTAL % 7}
    assert set(collector[0].kinds) == {kind}
    assert export(*to_collector)[1].startswith("0 events")


def test_a_collector_misses_nothing_when_the_exporter_is_killed_before_it_learns_of_it(
    evidence, collector, to_collector
):
    for after in (1, 3, 2):
        killer = Killer(after)
        collector[0].taken = killer
        killer.process = start(*to_collector)
        killer.process.wait(WAIT_SECONDS)
        assert killer.process.returncode == -signal.SIGKILL
        killer.process.communicate()
    collector[0].taken = lambda: None
    assert export(*to_collector)[0] == 0
    assert_whole(collector[0].events, evidence)
    assert len(collector[0].events) == TOTAL + 3 * 7


@pytest.mark.parametrize("form", ["https", "syslog", "syslog+tls", "file"])
def test_nothing_is_lost_when_it_is_killed_at_random_points(evidence, collector, to_collector, tmp_path, form):
    chosen = random.Random(form)  # noqa: S311 - points in time, no secret
    tls = server_context() if form == "syslog+tls" else None
    path = tmp_path / "audit.jsonl"
    with SyslogReceiver(tls) as receiver:
        collector[1].latency_ms = 15
        receiver.pause = 0.002
        ca = ["--ca", str(write_authority(tmp_path))] if tls else []
        arguments = {
            "https": to_collector,
            "file": ["--to", f"file:{path}", "--batch", "2"],
        }.get(form, ["--to", f"{form}://127.0.0.1:{receiver.port}", *ca, *BATCH])

        def events() -> list[dict[str, Any]]:
            if form == "file":
                whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
                return [json.loads(line) for line in whole.splitlines()]
            return collector[0].events if form == "https" else receiver.events

        killed = 0
        for _ in range(5):
            before = len(events())
            process = start(*arguments)
            wait_until(lambda before=before, process=process: len(events()) > before or process.poll() is not None)
            time.sleep(chosen.uniform(0, 0.03))
            killed += process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.communicate()
        code, told = export(*arguments)
        assert (code, killed > 0) == (0, True), told
        assert_whole(events(), evidence)


def test_a_throttled_a_failing_and_a_slow_collector_are_waited_for(evidence, collector, to_collector):
    collector[1].fail(429, retry_after=1, times=2)
    collector[1].fail(503, times=2)
    collector[1].latency_ms = 50
    began = time.monotonic()
    assert export(*to_collector)[0] == 0
    assert time.monotonic() - began >= 2
    assert_whole(collector[0].events, evidence)
    assert [each.status for each in collector[1].log[:5]] == [429, 429, 503, 503, 202]


def test_a_collector_that_stays_away_is_told_and_gets_the_rest_later(evidence, collector, to_collector):
    left = [2]

    def away() -> None:
        left[0] -= 1
        if left[0] == 0:
            collector[1].fail(503)

    collector[0].taken = away
    code, told = export(*to_collector, "--patience", "1")
    assert (code, "status 503" in told) == (3, True)
    assert len(collector[0].events) == 2 * 7
    collector[1].recover()
    assert export(*to_collector)[0] == 0
    assert len(collector[0].events) == TOTAL
    assert_whole(collector[0].events, evidence)


@pytest.mark.parametrize(
    ("status", "advice"), [(400, "its log"), (403, "allow the sender"), (301, "the URL that answers")]
)
def test_a_collector_that_refuses_is_not_asked_again(evidence, collector, to_collector, status, advice):
    collector[1].fail(status)
    code, told = export(*to_collector)
    assert (code, f"status {status}" in told, advice in told) == (3, True, True)
    assert len(collector[1].log) == 1
    collector[1].recover()
    assert export(*to_collector)[0] == 0
    assert_whole(collector[0].events, evidence)


def test_a_batch_that_is_too_large_is_told_with_what_to_do(evidence, collector, to_collector):
    collector[0].most = 5
    code, told = export(*to_collector)
    assert (code, "--batch" in told) == (3, True)
    assert export(*to_collector[:-2], "--batch", "5")[0] == 0
    assert_whole(collector[0].events, evidence)


@pytest.mark.parametrize("value", ["", "two\nlines", "Bearer wrong"])
def test_without_the_right_header_nothing_is_taken(evidence, collector, to_collector, monkeypatch, value):
    monkeypatch.setenv("COLLECTOR_AUTHORIZATION", value)
    code, told = export(*to_collector)
    assert (code, "COLLECTOR_AUTHORIZATION" in told) == (3, True)
    assert "wrong" not in told
    assert collector[0].events == []


@pytest.mark.parametrize("form", ["https", "syslog+tls"])
def test_a_certificate_of_another_authority_is_refused_at_once(evidence, collector, form):
    with SyslogReceiver(server_context()) as receiver:
        to = collector[1].url + PATH if form == "https" else f"syslog+tls://127.0.0.1:{receiver.port}"
        began = time.monotonic()
        code, told = export("--to", to)
        assert (code, "trusted" in told, "--ca" in told) == (3, True, True)
        assert time.monotonic() - began < 30
        assert receiver.events == collector[0].events == []


def test_a_receiver_without_tls_is_not_trusted_with_events(evidence, tmp_path):
    with SyslogReceiver() as receiver:
        code, _ = export(
            "--to",
            f"syslog+tls://127.0.0.1:{receiver.port}",
            "--ca",
            str(write_authority(tmp_path)),
            "--patience",
            "0",
        )
        assert code == 3
        assert receiver.messages == []


@pytest.mark.parametrize("form", ["syslog", "syslog+tls"])
def test_a_syslog_receiver_gets_messages_of_rfc_5424(evidence, tmp_path, form):
    tls: ssl.SSLContext | None = server_context() if form == "syslog+tls" else None
    ca = ["--ca", str(write_authority(tmp_path))] if tls else []
    with SyslogReceiver(tls) as receiver:
        code, told = export("--to", f"{form}://127.0.0.1:{receiver.port}", *ca, *BATCH)
        assert code == 0, told
        assert_whole(receiver.events, evidence)
        assert len(receiver.messages) == TOTAL
        assert receiver.connections == -(-TOTAL // 7)
        first = receiver.messages[0]
        assert (first.priority, first.app, first.id) == (13 * 8 + 4, "nhi", "audit")
        assert first.time.endswith("Z")


def test_a_syslog_receiver_that_leaves_messages_unread_gets_the_batch_again(evidence):
    with SyslogReceiver() as receiver:
        receiver.cut_after = 1
        to = f"syslog://127.0.0.1:{receiver.port}"
        code, told = export("--to", to, "--batch", "100", "--patience", "1")
        assert (code, "not read to the end" in told) == (3, True)
        receiver.cut_after = 0
        assert export("--to", to, "--batch", "100")[0] == 0
        assert_whole(receiver.events, evidence)


def test_over_tls_a_receiver_that_ends_after_reading_everything_gets_the_batch_again(evidence, tmp_path):
    with SyslogReceiver(server_context()) as receiver:
        receiver.cut_after = 3
        to = ["--to", f"syslog+tls://127.0.0.1:{receiver.port}", "--ca", str(write_authority(tmp_path)), *BATCH]
        code, told = export(*to, "--patience", "1")
        assert (code, "not read to the end" in told) == (3, True)
        assert len(receiver.events) >= 3
        receiver.cut_after = 0
        assert export(*to)[0] == 0
        assert_whole(receiver.events, evidence)


def test_a_broken_chain_is_exported_up_to_the_break(evidence, tmp_path):
    path = tmp_path / "audit.jsonl"
    before = uids(evidence)
    third = sorted(evidence.glob("chains/*/*.dsse.json"))[2]
    content = third.read_bytes()
    third.write_bytes(content.replace(b'"sig"', b'"sIg"'))
    code, told = export("--to", f"file:{path}")
    assert (code, str(third) in told, "a chain is broken" in told) == (1, True, True)
    lines = [json.loads(line)["metadata"]["uid"] for line in path.read_bytes().splitlines()]
    assert lines == before[: 2 * EVENTS_OF_EACH]
    third.write_bytes(content)
    assert export("--to", f"file:{path}")[0] == 0
    assert [json.loads(line)["metadata"]["uid"] for line in path.read_bytes().splitlines()] == before


def test_what_comes_later_is_followed_and_the_file_may_be_rotated(evidence, tmp_path):
    path, rotated = tmp_path / "audit.jsonl", tmp_path / "audit.1"
    process = start("--to", f"file:{path}", "--follow", "--every", "0.1")
    try:
        wait_until(lambda: path.exists() and path.read_bytes().count(b"\n") == TOTAL)
        path.rename(rotated)
        record(evidence, 2)
        wait_until(lambda: path.exists() and path.read_bytes().count(b"\n") == 2 * EVENTS_OF_EACH)
        code, told = export("--to", f"file:{path}")
        assert (code, "another export" in told) == (1, True)
        assert process.poll() is None
    finally:
        process.kill()
        process.communicate()
    lines = [*rotated.read_bytes().splitlines(), *path.read_bytes().splitlines()]
    assert_whole([json.loads(line) for line in lines], evidence)


def test_no_evidence_and_wrong_input_are_told(tmp_path, monkeypatch):
    monkeypatch.setenv("NHI_EVIDENCE_DIR", str(tmp_path / "none"))
    assert export("--to", f"file:{tmp_path / 'a'}")[0] == 2
    code, told = export("--to", "https://user:word-in-clear@example.com/")
    assert (code, "--authorization-from" in told, "word-in-clear" in told) == (2, True, False)


def test_a_receiver_that_never_closes_has_not_taken_the_batch(evidence):
    store = DirectoryStore(evidence)
    trail = Trail(store, by_fingerprint(store.pinned_keys()), store.chain_ids()[0], None)
    with SyslogReceiver() as receiver:
        receiver.deaf = True
        destination = SyslogDestination("syslog:", ("127.0.0.1", receiver.port), None, seconds=0.3)
        with pytest.raises(Busy, match="closes within"):
            destination.send(list(trail.read())[:2])


def test_the_end_of_a_scan_is_in_the_trail_with_what_it_did_not_see(tmp_path):
    state = tmp_path / "empty.tfstate"
    state.write_text('{"version": 4, "terraform_version": "1.9.0", "resources": []}')
    environment = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        "AWS_EC2_METADATA_DISABLED": "true",
        "GITHUB_ACTOR": "octo-operator",
        "NHI_EVIDENCE_DIR": str(tmp_path / "evidence"),
        "NHI_INVENTORY": str(tmp_path / "inventory.db"),
    }
    command = [sys.executable, "-m", "nhi_components.cli.main"]
    scan = subprocess.run([*command, "discover", "--terraform", str(state)], env=environment, capture_output=True)
    assert scan.returncode == 3
    shown = subprocess.run(
        [*command, "audit", "show", "--since", "1h", "-o", "json"], env=environment, capture_output=True, check=True
    )
    (event,) = [json.loads(line) for line in shown.stdout.splitlines()]
    assert event["type_uid"] == 600706
    assert event["status_detail"] == "1 sections or connections could not be seen"
    assert "no usable credentials" in event["unmapped"]["detail"]["unreachable.aws.default"]
    assert event["unmapped"]["actor"]["user"]["name"] == "octo-operator"
    for_people = subprocess.run(
        [*command, "audit", "show"], env=environment, capture_output=True, text=True, check=True
    )
    assert "Scan Activity: Error  a scan of the identities ended; not everything was seen" in for_people.stdout


def test_the_head_is_anchored_and_a_chain_that_lost_its_end_is_told(evidence, vault_world, monkeypatch):
    command = [sys.executable, "-m", "nhi_components.cli.main", "audit", "anchor"]

    def anchor() -> tuple[int, str]:
        done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True)
        assert vault_world.server.token not in done.stdout + done.stderr
        return done.returncode, done.stdout + done.stderr

    assert anchor()[0] == 2
    (chain_id,) = DirectoryStore(evidence).chain_ids()
    place = f"vault-kv:secret/audit-{chain_id}"
    monkeypatch.setenv("NHI_EVIDENCE_ANCHOR", place)
    code, told = anchor()
    assert code == 0, told
    assert told.startswith(f"chain {chain_id}: {STATEMENTS} statements, head ")
    assert f"anchored in {place}\nbefore: not anchored" in told
    record(evidence, 1)
    code, told = anchor()
    assert (code, f"before: {STATEMENTS} statements" in told) == (0, True)
    *_, kept, removed = sorted(evidence.glob("chains/*/*.dsse.json"))
    removed.unlink()
    digest = sha256(kept.read_bytes()).hexdigest()
    (kept.parent / "head").write_text(f'{{"digest":"{digest}","sequence":{STATEMENTS}}}')
    code, told = anchor()
    assert (code, "[truncated]" in told) == (1, True)
