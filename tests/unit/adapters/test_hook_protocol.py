"""The protocol of hooks: what is asked, what may be answered, and that nothing of an answer is ever shown."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.connection import HookConnection
from nhi_components.core.credential.dependents import CommandHook, HttpHook
from nhi_components.core.credential.places import VaultKvPlace
from nhi_components.core.credential.sources import CommandSource
from nhi_components.core.errors import NhiError, SystemUnreachable
from nhi_components.core.links import NotChecked
from nhi_components.lifecycle.adapters.hook import program
from nhi_components.lifecycle.adapters.hook.credentials import Credentials
from nhi_components.lifecycle.adapters.hook.program import Program
from nhi_components.lifecycle.adapters.hook.protocol import Action, Description, Keys, LastUsed, Made, Tried
from nhi_components.lifecycle.adapters.hook.speaking import Hook, HookFailed, HookRefused
from nhi_components.lifecycle.credentials.ports import LimitReached, Material, NoSuchKind, NotSearchable
from tests.conformance.world import new_tags
from tools.doubles.server import Answer, HttpDouble, Request

VALUE = "s3cr3t-value-of-a-key"
LEASE = new_tags(b"hooks")


def command(code: str, timeout_seconds: int = 20) -> CommandHook:
    return CommandHook(command=(sys.executable, "-c", code), timeout_seconds=timeout_seconds)


def saying(answer: Any) -> CommandHook:
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return command(f"import sys; sys.stdin.read(); sys.stdout.write({text!r})")


def test_a_request_tells_version_action_and_facts_and_no_value_in_arguments_or_environment(tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    code = (
        "import json, os, sys; asked = json.load(sys.stdin);"
        f"json.dump([asked, sys.argv, dict(os.environ)], open({str(seen)!r}, 'w'));"
        "print(json.dumps({'ok': True, 'works': True}))"
    )
    source = Credentials("default", HookConnection()).source(
        CommandSource(command=(sys.executable, "-c", code), account="orders@vendor")
    )
    assert source.works(Material("key-1", {"api_key": VALUE}))
    asked, arguments, environment = json.loads(seen.read_text())
    expected = {"version": 1, "action": "keys.test", "account": "orders@vendor", "key_id": "key-1"}
    assert asked == {**expected, "fields": {"api_key": VALUE}}
    assert VALUE not in repr([arguments, environment])
    assert environment["PATH"] == os.environ["PATH"]


def test_whoever_a_key_is_for_is_told(tmp_path: Path) -> None:
    seen = tmp_path / "seen.json"
    answer = {"ok": True, "key_id": "key-1", "fields": {"api_key": VALUE}}
    code = f"import sys; open({str(seen)!r}, 'w').write(sys.stdin.read()); print({json.dumps(answer)!r})"
    spec = CommandSource(command=(sys.executable, "-c", code), account="orders@vendor")
    made = Credentials("default", HookConnection()).source(spec).create(LEASE)
    assert (made.key_id, dict(made.fields)) == ("key-1", {"api_key": VALUE})
    facts = {
        "lease": LEASE.lease,
        "identity": "orders",
        "environment": "dev",
        "owner": "team@example.com",
        "purpose": "conformance",
        "ends": "2030-01-01",
        "stack": "tests/dev",
    }
    assert json.loads(seen.read_text()) == {
        "version": 1,
        "action": "keys.create",
        "account": "orders@vendor",
        **facts,
    }


@pytest.mark.parametrize(
    ("answer", "model", "got"),
    [
        ("", Made, "with no JSON; expected one JSON object"),
        (f"{VALUE}: done", Made, "with no JSON"),
        ('{"ok": true, "key_id": "a"', Made, "with no JSON"),
        ([VALUE], Made, "another the answer"),
        ({"key_id": "a", "fields": {"api_key": VALUE}}, Made, "with no field ok"),
        ({"ok": "yes", "key_id": "a", "fields": {"api_key": VALUE}}, Made, "another ok"),
        ({"ok": True, "fields": {"api_key": VALUE}}, Made, "with no field key_id"),
        ({"ok": True, "key_id": "a"}, Made, "with no field fields"),
        ({"ok": True, "key_id": "a", "fields": {}}, Made, "another fields"),
        ({"ok": True, "key_id": "a b", "fields": {"api_key": VALUE}}, Made, "another key_id"),
        ({"ok": True, "key_id": 4711, "fields": {"api_key": VALUE}}, Made, "another key_id"),
        ({"ok": True, "key_id": "a", "fields": {"api_key": 4711}}, Made, "another fields.api_key"),
        ({"ok": True, "key_id": "a", "fields": {"api_key": ""}}, Made, "another fields.api_key"),
        ({"ok": True, "key_id": "a", "fields": {VALUE.upper(): "x"}}, Made, r"another fields\.\(hidden\)"),
        ({"ok": True, "key_id": "a", "fields": {"api_key": "x"}, "secret": VALUE}, Made, "secret, a field that is not"),
        ({"ok": True, "key_id": "a", "fields": {"api_key": "x"}, VALUE: 1}, Made, r"\(hidden\), a field that is not"),
        ({"ok": False, "key_id": "a", "fields": {"api_key": VALUE}}, Made, "no field error and 2 more problems"),
        ({"ok": False, "error": VALUE, "code": "odd"}, Made, "another code"),
        ({"ok": True, "keys": [{"key_id": "a"}]}, Keys, r"no field keys\.0\.enabled"),
        ({"ok": True, "keys": [{"key_id": "a", "enabled": 1}]}, Keys, r"another keys\.0\.enabled"),
        ({"ok": True, "keys": [{"key_id": "a", "enabled": True}] * 2}, Keys, "each key once"),
        (
            {"ok": True, "keys": [{"key_id": "a", "enabled": True, "created_at": "2027-01-31T10:00:00"}]},
            Keys,
            "should have timezone info",
        ),
        ({"ok": True, "works": "true"}, Tried, "another works"),
        ({"ok": True}, LastUsed, "no field last_used"),
        ({"ok": True, "most": 0}, Description, "another most"),
    ],
)
def test_what_is_not_of_the_protocol_is_refused_without_showing_it(answer: Any, model: Any, got: str) -> None:
    hook = Hook("default", saying(answer))
    with pytest.raises(HookFailed, match=got) as caught:
        hook.ask(Action.KEYS_CREATE, model, {})
    told = str(caught.value)
    assert told.startswith(f"hook.default: command {Path(sys.executable).name} answered keys.create with ")
    assert "; expected " in told
    assert "; fix: " in told
    assert VALUE not in told.lower()


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("refused", HookRefused),
        ("limit", LimitReached),
        ("unauthorized", SystemUnreachable),
        ("unavailable", SystemUnreachable),
    ],
)
def test_a_refusal_says_why_without_the_values_that_were_sent(code: str, error: type[NhiError]) -> None:
    said = f"the vendor\nsays \x1b[31m{VALUE} is bad" + "!" * 400
    hook = Hook("default", saying({"ok": False, "error": said, "code": code}))
    with pytest.raises(error, match=r"refused keys.test: the vendor says \[31m\(hidden\) is bad!+…") as caught:
        hook.ask(Action.KEYS_TEST, Tried, {}, [VALUE, ""])
    assert "fix:" in str(caught.value)
    assert VALUE not in str(caught.value)


def test_a_command_that_fails_shows_nothing_that_it_wrote() -> None:
    hook = Hook("default", command(f"import sys; print({VALUE!r}); sys.stderr.write({VALUE!r}); sys.exit(7)"))
    with pytest.raises(SystemUnreachable, match=f"status 7, {len(VALUE)} bytes on standard error") as caught:
        hook.ask(Action.KEYS_CREATE, Made, {})
    assert caught.value.problem.path == "hook.default"
    assert VALUE not in str(caught.value)


@pytest.mark.parametrize("words", [("/nowhere/at-all",), ("a\0b",), (str(Path(__file__).parent),)])
def test_a_command_that_cannot_be_started_is_named_without_its_arguments(words: tuple[str, ...]) -> None:
    hook = Hook("default", CommandHook(command=(*words, VALUE)))
    with pytest.raises(SystemUnreachable, match="it can't be started") as caught:
        hook.ask(Action.DESCRIBE, Description, {})
    assert VALUE not in str(caught.value)


def test_a_command_that_takes_too_long_is_ended_with_what_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "child-lived-on"
    child = f"import time; time.sleep(4); open({str(mark)!r}, 'w')"
    parent = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"
    started = time.monotonic()
    with pytest.raises(SystemUnreachable, match="expected: one within 1 s"):
        Hook("default", command(parent, timeout_seconds=1)).ask(Action.DESCRIBE, Description, {})
    assert time.monotonic() - started < 10
    time.sleep(max(0, 6 - (time.monotonic() - started)))
    assert not mark.exists()


def test_an_output_that_a_leftover_keeps_open_is_an_error(tmp_path: Path) -> None:
    parent = (
        "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); print('{}')"
    )
    with pytest.raises(SystemUnreachable, match="it ended, but its output did not"):
        Hook("default", command(parent, timeout_seconds=1)).ask(Action.DESCRIBE, Description, {})


def test_a_command_that_writes_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "MOST_BYTES", 1_000)
    code = "import sys; sys.stderr.write('x' * 300_000); sys.stdout.write('y' * 300_000)"
    with pytest.raises(SystemUnreachable, match="300,000 bytes"):
        Hook("default", command(code)).ask(Action.DESCRIBE, Description, {})


def test_a_command_need_not_read_its_request() -> None:
    ran = Program("hook.default", (sys.executable, "-c", "print('{}')"), 20).ask(b"x" * 3_000_000)
    assert (ran.status, ran.output.strip()) == (0, b"{}")
    assert "output" not in repr(ran)


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpDouble]:
    monkeypatch.setenv("HOOK_TOKEN", VALUE)
    with HttpDouble() as double:
        double.grant(VALUE, "nhi")
        yield double


def described(url: str, *, bearing: bool = True) -> Description:
    variable = "HOOK_TOKEN" if bearing else None
    hook = Hook("default", HttpHook(url=url, token_variable=variable, timeout_seconds=2))
    return hook.ask(Action.DESCRIBE, Description, {})


def test_a_web_hook_is_asked_with_its_token(web: HttpDouble) -> None:
    web.route("POST", "/hook", lambda asked: {"ok": True, "most": asked.json()["version"]})
    assert described(f"{web.url}/hook").most == 1
    with pytest.raises(SystemUnreachable, match=r"401 from POST .* with no token"):
        described(f"{web.url}/hook", bearing=False)


def test_no_other_credential_of_the_machine_is_sent(
    web: HttpDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    seen: list[str] = []

    def answer(asked: Request) -> object:
        seen.append(asked.headers.get("authorization", ""))
        return {"ok": True}

    web.route("POST", "/hook", answer, public=True)
    described(f"{web.url}/hook")
    described(f"{web.url}/hook", bearing=False)
    assert seen == [f"Bearer {VALUE}", ""]


def test_what_is_meant_for_loopback_goes_through_no_proxy(web: HttpDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    web.route("POST", "/hook", lambda _: {"ok": True})
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert described(f"{web.url}/hook").ok


def test_a_redirect_is_not_followed(web: HttpDouble) -> None:
    web.route("POST", "/hook", lambda _: Answer(307, None, {"Location": f"{web.url}/other"}))
    web.route("POST", "/other", lambda _: {"ok": True})
    with pytest.raises(SystemUnreachable, match="307, a redirect"):
        described(f"{web.url}/hook")
    assert web.asked("POST", "/other") == []


@pytest.mark.parametrize(
    ("status", "error", "got"),
    [
        (401, SystemUnreachable, "401 from"),
        (403, SystemUnreachable, "403 from"),
        (404, HookFailed, "answered 404; expected 200"),
        (204, HookFailed, "answered 204; expected 200"),
        (501, HookFailed, "answered 501; expected 200"),
        (500, SystemUnreachable, "500 from"),
        (503, SystemUnreachable, "503 from"),
    ],
)
def test_another_status_is_told(web: HttpDouble, status: int, error: type[NhiError], got: str) -> None:
    web.route("POST", "/hook", lambda _: Answer(status, {"ok": False, "error": VALUE}))
    with pytest.raises(error, match=got) as caught:
        described(f"{web.url}/hook")
    assert VALUE not in str(caught.value)


def test_an_answer_that_is_too_long_or_too_late_is_refused(web: HttpDouble) -> None:
    web.route("POST", "/hook", lambda _: "x" * 1_100_000)
    with pytest.raises(SystemUnreachable, match="a longer answer"):
        described(f"{web.url}/hook")
    web.latency_ms = 2_500
    with pytest.raises(SystemUnreachable, match=r"no answer from .*ReadTimeout"):
        described(f"{web.url}/hook")


def test_tokens_and_values_never_go_in_clear_to_another_machine(web: HttpDouble) -> None:
    with pytest.raises(SystemUnreachable, match="expected: https: tokens and values pass there"):
        described("http://hooks.example.com/hook")


def test_what_the_hook_says_of_itself_is_asked_once(tmp_path: Path) -> None:
    count = tmp_path / "count"
    code = f"import sys; sys.stdin.read(); open({str(count)!r}, 'a').write('x'); print('{{\"ok\": true}}')"
    spec = CommandSource(command=(sys.executable, "-c", code), account="orders")
    source = Credentials("default", HookConnection()).source(spec)
    assert (source.most, source.can_disable) == (None, False)
    assert isinstance(source.last_used("key-1"), NotChecked)
    for use in (source.disable, source.enable):
        with pytest.raises(NhiError, match=r"says that it can't disable keys.*fix: "):
            use("key-1")
    assert count.read_text() == "x"


def test_keys_are_told_oldest_first_where_their_times_are_known() -> None:
    late, early = "2027-02-01T00:00:00+00:00", "2027-01-31T23:00:00-01:00"
    told = [("b", late), ("a", "2027-01-31T00:00:00Z"), ("c", early)]
    listed = [{"key_id": name, "enabled": True, "created_at": at} for name, at in told]
    spec = CommandSource(command=saying({"ok": True, "keys": listed}).command, account="orders")
    keys = Credentials("default", HookConnection()).source(spec).keys(LEASE)
    assert [key.id for key in keys] == ["a", "b", "c"]
    assert keys[0].created_at == datetime(2027, 1, 31, tzinfo=UTC)
    unknown = [*listed, {"key_id": "d", "enabled": False}]
    spec = CommandSource(command=saying({"ok": True, "keys": unknown}).command, account="orders")
    keys = Credentials("default", HookConnection()).source(spec).keys(LEASE)
    assert [(key.id, key.enabled) for key in keys] == [("b", True), ("a", True), ("c", True), ("d", False)]


def test_hooks_keep_no_places_and_cannot_be_searched() -> None:
    credentials = Credentials("default", HookConnection())
    with pytest.raises(NoSuchKind, match="got a place vault-kv"):
        credentials.place(VaultKvPlace())
    with pytest.raises(NotSearchable, match=f"look for {LEASE.lease}.*fix: "):
        credentials.search(LEASE.lease)
    caller = credentials.caller()
    assert "@" in caller.principal
