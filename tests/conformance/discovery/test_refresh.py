"""`nhi refresh` on the emulated AWS: what is told is read again, and nothing else; killed, beside a full scan."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import http.client
import json
import os
import secrets
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.aws_world import TRUST
from tests.conformance.discovery.aws_world import AwsDiscoveryWorld
from tests.conformance.discovery.test_killed import nhi
from tools.lab.gate import Gate, When, operation
from tools.lab.sandbox import aws as lab

SECRET = secrets.token_hex(16)
REACH_SECONDS = 60
DETAILS, KEYS = "GetAccountAuthorizationDetails", "ListUsers"


class Followed:
    """A scanned account, what tells of it, and a gate before it that sees what is asked."""

    def __init__(self, world: AwsDiscoveryWorld, folder: Path, gate: Gate) -> None:
        self.world, self.gate, self.folder = world, gate, folder
        self.connections = folder / "connections.json"
        self.connections.write_text(json.dumps({"aws": {"default": {"regions": [lab.REGION]}}}))
        self.logs = folder / "logs"
        self.logs.mkdir()

    def start(self, command: str, *arguments: str) -> subprocess.Popen[str]:
        return nhi(command, "--connections", str(self.connections), *arguments)

    def run(self, command: str, *arguments: str, code: int = 0) -> dict[str, Any]:
        ended = self.start(command, *arguments, "--output", "json")
        told, errors = ended.communicate()
        assert ended.returncode == code, told + errors
        found: dict[str, Any] = json.loads(told)
        return found

    def refresh(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        return self.run("refresh", "--log", f"aws={self.logs}", *arguments, code=code)

    def rows(self, name: str) -> list[dict[str, Any]]:
        told, _ = nhi("inventory", name, "--output", "json").communicate()
        found: list[dict[str, Any]] = json.loads(told)
        return found

    def make_role(self) -> str:
        name = f"new-{secrets.token_hex(4)}"
        self.world.iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
        return name

    def record(self, name: str, **fields: Any) -> dict[str, Any]:
        return {
            "eventID": secrets.token_hex(8),
            "eventTime": f"{datetime.now(UTC) - timedelta(seconds=30):%Y-%m-%dT%H:%M:%SZ}",
            "eventSource": "iam.amazonaws.com",
            "eventName": name,
            "awsRegion": "us-east-1",
            "recipientAccountId": lab.ACCOUNT,
            "readOnly": False,
            "userIdentity": {"type": "AWSService"},
            **fields,
        }

    def deliver(self, *records: dict[str, Any]) -> None:
        """Write a file as CloudTrail delivers it."""
        file = self.logs / f"{secrets.token_hex(4)}.json.gz"
        file.write_bytes(gzip.compress(json.dumps({"Records": records}).encode()))

    def asked(self, since: int) -> set[str]:
        return {request.operation for request in self.gate.seen[since:]} - {"GetCallerIdentity"}


@pytest.fixture
def followed(
    aws_discovery_world: AwsDiscoveryWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Followed]:
    monkeypatch.setenv("NHI_INVENTORY", str(tmp_path / "inventory.db"))
    monkeypatch.setenv("NHI_EVIDENCE_DIR", str(tmp_path / "evidence"))
    monkeypatch.setenv("NHI_WEBHOOK_SECRET", SECRET)
    aws_discovery_world.plant()
    aws_discovery_world.discovery()
    with Gate(os.environ["AWS_ENDPOINT_URL"]) as gate:
        monkeypatch.setenv("AWS_ENDPOINT_URL", gate.url)
        yield Followed(aws_discovery_world, tmp_path, gate)


@pytest.fixture
def recording(aws_discovery_world: AwsDiscoveryWorld) -> Iterator[None]:
    """Have the emulator's CloudTrail note what is asked."""
    address = f"{os.environ['AWS_ENDPOINT_URL']}/_ministack/config"

    def turn(on: str) -> None:
        body = json.dumps({"cloudtrail._recording_enabled": on}).encode()
        with urllib.request.urlopen(urllib.request.Request(address, body, method="POST")) as answer:  # noqa: S310
            assert "cloudtrail._recording_enabled" in json.load(answer)["applied"]

    turn("true")
    yield
    turn("false")


def test_what_a_delivered_file_tells_is_read_again_and_nothing_else(followed: Followed) -> None:
    followed.run("discover")
    name = followed.make_role()
    followed.deliver(followed.record("CreateRole"), followed.record("PutObject", eventSource="s3.amazonaws.com"))
    assert followed.rows(name) == []
    before = len(followed.gate.seen)
    would = followed.refresh("--dry-run")
    assert (would["stale"], followed.asked(before), followed.rows(name)) == (
        {f"aws/{lab.ACCOUNT}": ["iam/roles"]},
        set(),
        [],
    )
    told = followed.refresh()
    assert (told["complete"], [each["section"] for each in told["sections"]]) == (True, ["iam/roles"])
    trail, _ = nhi("audit", "show").communicate()
    assert trail.count("a scan of the identities ended") == 2
    assert followed.asked(before) == {DETAILS}
    (row,) = followed.rows(name)
    followed.world.iam.delete_role(RoleName=name)
    followed.deliver(followed.record("DeleteRole"))
    assert followed.refresh()["newEvents"] == 1
    assert followed.rows(name) == []
    before = len(followed.gate.seen)
    assert followed.refresh()["sections"] == []
    assert followed.asked(before) == set()
    assert row["goneAt"] is None


def test_what_the_emulators_cloudtrail_answers_is_read_again(followed: Followed, recording: None) -> None:
    """The emulator's records name no call of IAM, so that each of them makes everything stale."""
    followed.run("discover")
    name = followed.make_role()
    told = followed.run("refresh")
    assert set(told["stale"][f"aws/{lab.ACCOUNT}"]) > {"iam/roles", "iam/users", f"lambda/{lab.REGION}"}
    assert {each["what"] for each in told["because"]} >= {"iam:POST.iam"}
    assert (told["complete"], len(followed.rows(name))) == (True, 1)


def test_what_cloudtrail_answers_is_read_again_and_nothing_else(followed: Followed) -> None:
    followed.run("discover")
    name, record = followed.make_role(), followed.record("CreateRole")
    at = datetime.fromisoformat(record["eventTime"]).timestamp()
    event = {"EventId": record["eventID"], "EventTime": at, "CloudTrailEvent": json.dumps(record)}
    before = len(followed.gate.seen)
    with followed.gate.answering(operation("LookupEvents"), 200, json.dumps({"Events": [event]}).encode()):
        told = followed.run("refresh")
        again = followed.run("refresh")
    assert (told["complete"], told["newEvents"], [each["section"] for each in told["sections"]]) == (
        True,
        1,
        ["iam/roles"],
    )
    assert followed.asked(before) == {"LookupEvents", DETAILS}
    assert len(followed.rows(name)) == 1
    assert (again["complete"], again["newEvents"], again["sections"]) == (True, 0, [])


def test_without_leave_to_ask_cloudtrail_it_says_so(followed: Followed) -> None:
    followed.run("discover")
    followed.world.discovery_of(["iam:GetAccountAuthorizationDetails"])
    told = followed.run("refresh", code=3)
    ((reader, reason),) = told["unread"].items()
    assert reader == "cloudtrail aws.default"
    assert "LookupEvents is denied; fix: allow" in reason


def test_killed_in_the_middle_it_goes_on(followed: Followed) -> None:
    followed.run("discover")
    name = followed.make_role()
    user = f"new-{secrets.token_hex(4)}"
    followed.world.iam.create_user(UserName=user)
    followed.deliver(followed.record("CreateRole"), followed.record("CreateUser"))
    held = followed.gate.hold(operation(DETAILS), When.AFTER)
    killed = followed.start("refresh", "--log", f"aws={followed.logs}", "--at-once", "1")
    held.wait(alive=lambda: killed.poll() is None)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    held.release()
    before = len(followed.gate.seen)
    told = followed.refresh()
    assert (told["complete"], told["newEvents"]) == (True, 0)
    assert {each["section"] for each in told["sections"]} == {"iam/roles", "iam/users", "iam/access-keys"}
    # Sections are read by their names: that of keys had been read when the kill came.
    assert followed.asked(before) == {DETAILS}
    assert len(followed.rows(name)) == len(followed.rows(user)) == 1
    assert followed.refresh()["sections"] == []


def test_a_full_scan_that_stands_half_way_goes_on(followed: Followed) -> None:
    followed.run("discover")
    held = followed.gate.hold(operation(KEYS), When.AFTER)
    killed = followed.start("discover", "--at-once", "1")
    held.wait(alive=lambda: killed.poll() is None)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    held.release()
    name = followed.make_role()
    followed.deliver(followed.record("CreateRole"))
    assert followed.refresh()["complete"]
    assert len(followed.rows(name)) == 1
    before = len(followed.gate.seen)
    scan = followed.run("discover")
    assert (scan["scan"], scan["wentOn"], scan["complete"]) == (2, True, True)
    assert "DescribeInstances" not in followed.asked(before)
    assert len(followed.rows(name)) == 1


def test_what_is_posted_with_the_right_signature_is_read_again_and_survives_a_kill(followed: Followed) -> None:
    followed.run("discover")
    name, body = followed.make_role(), _wrapped(followed.record("CreateRole"))
    listening = followed.start("refresh", "--no-ask", "--listen", "127.0.0.1:0", "--follow", "1")
    try:
        port = _port(listening)
        assert _post(port, body, "a-wrong-secret-of-nobody") == 401
        assert _post(port, body, "") == 401
        held = followed.gate.hold(operation(DETAILS), When.BEFORE)
        assert _post(port, body, SECRET) == 202
        held.wait(alive=lambda: listening.poll() is None)
    finally:
        listening.send_signal(signal.SIGKILL)
        _, errors = listening.communicate()
    held.drop()
    assert SECRET not in errors
    assert followed.rows(name) == []
    again = followed.start("refresh", "--no-ask", "--listen", "127.0.0.1:0", "--follow", "1")
    try:
        port = _port(again)
        assert _post(port, body, SECRET) == 202
        deadline = time.monotonic() + REACH_SECONDS
        while not followed.rows(name) and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        again.send_signal(signal.SIGINT)
        told, errors = again.communicate()
    assert again.returncode == 130, told + errors
    assert len(followed.rows(name)) == 1


def test_receiving_without_a_secret_is_refused(followed: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    followed.run("discover")
    monkeypatch.delenv("NHI_WEBHOOK_SECRET")
    refused = followed.start("refresh", "--no-ask", "--listen", "127.0.0.1:0")
    _, errors = refused.communicate()
    assert refused.returncode == 2
    assert "at least 16 characters" in errors


def test_without_a_scan_and_with_bad_input_it_says_what_to_do(followed: Followed) -> None:
    for arguments, expected in (
        ((), "run `nhi discover` first"),
        (("--system", "mars"), "one of aws"),
        (("--log", "scim=x"), "SYSTEM[.CONNECTION]=PATH"),
        (("--dry-run", "--follow", "1"), "one of the two"),
    ):
        refused = followed.start("refresh", *arguments)
        _, errors = refused.communicate()
        assert (refused.returncode, expected in errors) == (2, True), errors


def _wrapped(record: dict[str, Any]) -> bytes:
    event = {"detail-type": "AWS API Call via CloudTrail", "account": lab.ACCOUNT, "detail": record}
    return json.dumps(event).encode()


def _port(process: subprocess.Popen[str]) -> int:
    assert process.stderr is not None
    first = process.stderr.readline()
    assert first.startswith("receiving on 127.0.0.1:"), first
    return int(first.rpartition(":")[2])


def _post(port: int, body: bytes, secret: str) -> int:
    headers = {}
    if secret:
        headers["X-Hub-Signature-256"] = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/eventbridge", body, headers)
        return connection.getresponse().status
    finally:
        connection.close()
