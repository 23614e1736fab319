"""The receiver: who proves to know the secret is heard, and only what is kept is said to be taken."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from nhi_components.core.errors import SpecError
from nhi_components.lifecycle.events.journal import Journal
from nhi_components.lifecycle.events.listening import LONGEST, Receiver, listening
from nhi_components.lifecycle.events.tables import events
from nhi_components.lifecycle.inventory.store import Inventory, open_inventory
from tests.unit.discovery.fakes import NOW
from tests.unit.events.samples import ACCOUNT, audited, trail

SECRET = "a-secret-that-nobody-knows"
EVENT = {"system": "aws", "place": ACCOUNT, "id": "1", "at": "2026-11-30T09:00:00Z", "what": "iam:CreateRole"}


@pytest.fixture
def inventory(tmp_path: Path) -> Iterator[Inventory]:
    opened = open_inventory(tmp_path / "inventory.db")
    yield opened
    opened.close()


@pytest.fixture
def port(inventory: Inventory) -> Iterator[int]:
    with listening(Receiver(Journal(inventory), SECRET, lambda: NOW), "127.0.0.1", 0) as bound:
        yield bound


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def post(port: int, path: str, body: Any, headers: dict[str, str] | None = None) -> tuple[int, dict[str, Any]]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", path, content, signed(content) if headers is None else headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def kept(inventory: Inventory) -> list[tuple[str, str, list[str]]]:
    with inventory.reading() as connection:
        rows = connection.execute(select(events).order_by(events.c.id)).all()
    return [(row.id, row.system, row.sections) for row in rows]


def test_what_is_signed_is_kept_before_it_is_taken_and_twice_it_is_known(port: int, inventory: Inventory) -> None:
    body = {"events": [{**EVENT, "sections": ["iam/roles"]}, {**EVENT, "id": "2"}]}
    assert post(port, "/events", body) == (202, {"kept": 2, "known": 0})
    assert kept(inventory) == [("1", "aws", ["iam/roles"]), ("2", "aws", ["*"])]
    assert post(port, "/events?x=1", body) == (202, {"kept": 0, "known": 2})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Hub-Signature-256": "sha256=" + "0" * 64},
        {"X-Hub-Signature-256": "", "X-Api-Key": SECRET},
        signed(b"another body"),
        signed(json.dumps({"events": [EVENT]}).encode(), "another secret that is long"),
        {"Authorization": f"Basic {SECRET}"},
        {"Authorization": "Bearer wrong"},
        {"X-Api-Key": SECRET + "x"},
        {"X-Api-Key": ""},
    ],
)
def test_what_is_not_proved_is_refused_and_not_kept(port: int, inventory: Inventory, headers: dict[str, str]) -> None:
    status, told = post(port, "/events", {"events": [EVENT]}, headers)
    assert (status, kept(inventory)) == (401, [])
    assert SECRET not in json.dumps(told)


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {SECRET}"}, {"X-Api-Key": SECRET}])
def test_eventbridge_shows_a_key(port: int, inventory: Inventory, headers: dict[str, str]) -> None:
    body = {"detail-type": "AWS API Call via CloudTrail", "account": ACCOUNT, "detail": trail("CreateRole")}
    assert post(port, "/eventbridge", body, headers)[0] == 202
    assert kept(inventory) == [("id-of-CreateRole", "aws", ["iam/roles"])]


def test_github_is_told_apart_by_its_delivery(port: int, inventory: Inventory) -> None:
    body = json.dumps({"action": "created", "organization": {"login": "shop"}}).encode()
    headers = {"X-GitHub-Event": "deploy_key", "X-GitHub-Delivery": "d-1", **signed(body)}
    assert post(port, "/github", body, headers) == (202, {"kept": 1, "known": 0})
    assert post(port, "/github", body, headers) == (202, {"kept": 0, "known": 1})
    assert kept(inventory) == [("d-1", "github", ["deploy-keys/shop", "deploy-keys/shop/*"])]
    assert post(port, "/github", body)[0] == 400


def test_records_of_a_system_are_read_as_its_log_has_them(port: int, inventory: Inventory) -> None:
    body = {"system": "kubernetes", "place": "c", "records": [audited("create", "secrets"), audited("list", "pods")]}
    assert post(port, "/events", body) == (202, {"kept": 1, "known": 0})
    assert kept(inventory) == [("create-secrets", "kubernetes", ["secrets"])]


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"[" * 100_000,
        [EVENT],
        {"events": [{**EVENT, "at": "hunter2"}]},
        {"events": [{**EVENT, "at": "2026-11-30T09:00:00"}]},
        {"events": [{**EVENT, "system": "hunter2"}]},
        {"events": [{**EVENT, "sections": []}]},
        {"events": [{**EVENT, "hunter2": "hunter2"}]},
        {"records": [{"password": "hunter2"}]},
        {"system": "scim", "records": [{"password": "hunter2"}]},
        {"system": "aws", "records": [{"password": "hunter2"}]},
    ],
)
def test_what_is_not_understood_is_refused_without_quoting_it(port: int, inventory: Inventory, body: Any) -> None:
    status, told = post(port, "/events", body)
    assert (status, kept(inventory)) == (400, [])
    # The name of an unknown field is no value.
    assert ": hunter2" not in told["error"].replace("].hunter2", "")
    assert "'hunter2'" not in told["error"]


def test_of_values_nothing_is_kept(port: int, tmp_path: Path) -> None:
    record = trail("CreateAccessKey", responseElements={"accessKey": {"secretAccessKey": "hunter2"}})
    body = {"detail-type": "AWS API Call via CloudTrail", "account": ACCOUNT, "detail": record}
    assert post(port, "/eventbridge", body)[0] == 202
    whole = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"CreateAccessKey" in whole
    assert b"hunter2" not in whole
    assert SECRET.encode() not in whole


def test_other_paths_lengths_and_methods_are_refused(port: int) -> None:
    assert post(port, "/other", {})[0] == 404
    with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
        raw.sendall(f"POST /events HTTP/1.1\r\nContent-Length: {LONGEST + 1}\r\n\r\n".encode())
        assert b" 413 " in raw.recv(1000)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
        raw.sendall(b"POST /events HTTP/1.1\r\nContent-Length: -1\r\n\r\n")
        assert b" 411 " in raw.recv(1000)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
        raw.sendall(b"GET /events HTTP/1.1\r\n\r\n")
        assert b" 501 " in raw.recv(1000)


def test_what_cannot_be_kept_is_not_said_to_be_taken(inventory: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(inventory)

    def full(*_: object) -> int:
        raise OperationalError("insert", {}, Exception("database or disk is full"))

    monkeypatch.setattr(journal, "keep", full)
    with listening(Receiver(journal, SECRET, lambda: NOW), "127.0.0.1", 0) as bound:
        assert post(bound, "/events", {"events": [EVENT]})[0] == 503


def test_a_secret_that_is_short_or_missing_is_refused(inventory: Inventory) -> None:
    with pytest.raises(SpecError, match="openssl"):
        Receiver(Journal(inventory), "short", lambda: NOW)


def test_an_address_that_is_taken_is_told(port: int, inventory: Inventory) -> None:
    receiver = Receiver(Journal(inventory), SECRET, lambda: NOW)
    with pytest.raises(SpecError, match="choose another"), listening(receiver, "127.0.0.1", port):
        pass
