"""Requests to Vault where a server can't be brought into the state at will."""

from __future__ import annotations

from typing import Any

import pytest
from hvac import exceptions
from requests import Response

from nhi_components.core.errors import SystemUnreachable
from nhi_components.lifecycle.adapters.vault import http
from nhi_components.lifecycle.adapters.vault.errors import Refused

UPGRADING = "Upgrading from non-versioned to versioned data. This backend will be unavailable for a brief period."


class Server:
    """Stands in for hvac's adapter: gives its answers one after the other."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []

    def request(self, method: str, url: str, **_: object) -> Any:
        self.asked.append((method, url))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def talking_to(server: Server) -> http.VaultHttp:
    made = http.VaultHttp("prod", "http://127.0.0.1:8200", namespace=None, verify=True, token="x")
    made._client._adapter = server
    return made


def test_a_mount_that_was_just_made_is_waited_for() -> None:
    busy = exceptions.InvalidRequest("x", errors=[UPGRADING])
    server = Server(busy, busy, {"data": {"keys": ["nhi/"]}})
    assert talking_to(server).keys("secret/metadata") == ["nhi/"]
    assert len(server.asked) == 3


def test_a_mount_that_stays_unready_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "UPGRADE_SECONDS", 0.2)
    server = Server(*(exceptions.InvalidRequest("x", errors=[UPGRADING]) for _ in range(20)))
    with pytest.raises(Refused, match="Upgrading from non-versioned"):
        talking_to(server).keys("secret/metadata")


def test_another_refusal_is_not_repeated() -> None:
    server = Server(exceptions.InvalidRequest("x", errors=["check-and-set parameter did not match"]))
    with pytest.raises(Refused, match="check-and-set"):
        talking_to(server).write("secret/data/x", {})
    assert len(server.asked) == 1


def test_names_cannot_break_out_of_their_path() -> None:
    server = Server({"data": {}})
    talking_to(server).read("identity/entity/name/a b?list=true#x")
    assert server.asked == [("get", "/v1/identity/entity/name/a%20b%3Flist%3Dtrue%23x")]


def answered(status: int) -> Response:
    """What hvac gives for an answer without JSON in it."""
    made = Response()
    made.status_code = status
    return made


def test_an_answer_that_is_no_json_is_not_taken_for_an_empty_one() -> None:
    server = Server(*(answered(200) for _ in range(4)))
    vault = talking_to(server)
    for use in (vault.read, vault.keys, vault.delete, lambda path: vault.write(path, {})):
        with pytest.raises(SystemUnreachable, match=r"no JSON from .*secret/data/x"):
            use("secret/data/x")


def test_no_content_is_an_answer() -> None:
    assert talking_to(Server(answered(204))).write("secret/destroy/x", {}) == {}
