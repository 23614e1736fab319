"""The line protocol: one answer a line, in order, whatever a line holds."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from nhi_components.lint import lines as protocol
from nhi_components.lint.lines import LineJudge
from nhi_components.lint.stream import answer_lines
from nhi_components.rules import JudgeConfig, RuleClass

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
SEND = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}
    ],
}
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def line(**fields: Any) -> dict[str, Any]:
    return {"id": "a", "cloud": "aws", "kind": "policy_document", "document": SEND, **fields}


def answer(given: Any) -> dict[str, Any]:
    text = given if isinstance(given, bytes) else json.dumps(given).encode()
    answered: dict[str, Any] = json.loads(LineJudge(JudgeConfig()).answer(text, NOW).text)
    return answered


def classes(answered: dict[str, Any]) -> set[str]:
    return {finding["class"] for finding in answered["findings"]}


def test_a_clean_document_is_answered_with_no_findings_and_no_error() -> None:
    assert answer(line()) == {"id": "a", "findings": []}


def test_a_finding_has_rule_class_severity_and_message() -> None:
    answered = answer(line(document=EVERYTHING))
    assert answered["id"] == "a"
    assert "error" not in answered
    assert answered["findings"]
    for finding in answered["findings"]:
        assert set(finding) == {"rule", "class", "severity", "message"}
        assert finding["class"] in set(RuleClass)
        assert finding["message"]


@pytest.mark.parametrize("cloud", ["aws", "AWS", " Aws ", "amazon"])
@pytest.mark.parametrize("kind", ["policy_document", "Policy-Document", "PolicyDocument"])
def test_spellings_of_cloud_and_kind_are_tolerated(cloud: str, kind: str) -> None:
    assert answer(line(cloud=cloud, kind=kind, document=EVERYTHING)) == answer(line(document=EVERYTHING))


@pytest.mark.parametrize("cloud", ["vault", "hashicorp", "HashiCorp Vault", "hashicorp_vault", None])
def test_a_vault_policy_is_hcl_text(cloud: str | None) -> None:
    document = 'path "*" {\n  capabilities = ["sudo"]\n}'
    assert answer(line(cloud=cloud, kind="vault_policy", document=document))["findings"]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(EVERYTHING),
        json.dumps(EVERYTHING, indent=2),
        "Version: '2012-10-17'\nStatement:\n  - Effect: Allow\n    Action: '*'\n    Resource: '*'\n",
    ],
)
def test_a_document_may_be_a_text(text: str) -> None:
    assert classes(answer(line(document=text))) == classes(answer(line(document=EVERYTHING)))


@pytest.mark.parametrize("text", ["", "{", "Statement: [", "a: 1\na: 2", "- a\n- b: c", '"text"', "&a [*a]: b"])
def test_a_text_that_cannot_be_read_is_never_silence(text: str) -> None:
    assert "unjudged" in classes(answer(line(document=text)))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (b"", None),
        (b"   ", None),
        (b"nonsense", None),
        (b"[]", None),
        (b"\xff\xfe", None),
        (b'{"id": "a", "cloud": "aws", "document": {"Stat', "a"),
        (b'{"id": 7, "cloud": "aws", "document": {"Stat', 7),
        (b'{"id": "a", "kind": "policy_document", "cloud": "aws", "document": {"x": 1, "x": 2}}', "a"),
        (b'{"id": "a", "n": NaN}', "a"),
        (b"[" * 100_000, None),
        (b'{"id": "a", "document": ' + b"[" * 100_000, "a"),
        (b'{"id": "a", "document": ' + b"9" * 10_000 + b"}", "a"),
        (b'{"id": "\\ud800"}', "\ud800"),
        (json.dumps(line(cloud="mars")).encode(), "a"),
        (json.dumps(line(cloud=3)).encode(), "a"),
        (json.dumps(line(cloud=None)).encode(), "a"),
        (json.dumps(line(kind="poem")).encode(), "a"),
        (json.dumps(line(kind=["policy_document"])).encode(), "a"),
        (json.dumps(line(document=None)).encode(), "a"),
        (json.dumps(line(document=5)).encode(), "a"),
        (json.dumps(line(document=True)).encode(), "a"),
        (json.dumps(line(context="x")).encode(), "a"),
    ],
)
def test_a_line_that_is_wrong_is_an_error_and_a_finding(given: bytes, name: object) -> None:
    answered = answer(given)
    assert answered["id"] == name
    assert answered["error"]
    assert "unjudged" in classes(answered)


def test_what_is_wrong_with_the_context_does_not_hide_the_document() -> None:
    assert classes(answer(line(document=EVERYTHING))) < classes(answer(line(document=EVERYTHING, context=[])))


def test_every_problem_of_a_line_is_told_at_once() -> None:
    error = answer(line(cloud="mars", kind="poem", document=1))["error"]
    for part in ("`cloud`", "`kind`", "`document`"):
        assert part in error


def test_a_byte_order_mark_and_windows_line_ends_are_tolerated() -> None:
    text = b"\xef\xbb\xbf" + json.dumps(line()).encode() + b"\r\n" + json.dumps(line(id="b")).encode() + b"\r\n"
    assert [answered["id"] for answered in stream(text)] == ["a", "b"]


def test_a_fault_of_ours_in_one_line_is_answered_and_the_next_line_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    real = protocol.read_document

    def read(*given: Any) -> Any:
        if given[1] == "bad":
            raise ZeroDivisionError("secret-value")
        return real(*given)

    monkeypatch.setattr(protocol, "read_document", read)
    bad, good = stream(json.dumps(line(id="bad")).encode() + b"\n" + json.dumps(line()).encode())
    assert bad["id"] == "bad"
    assert bad["error"] == "internal error: this was not judged"
    assert [finding["class"] for finding in bad["findings"]] == ["unjudged"]
    assert "secret-value" not in json.dumps(bad)
    assert good == {"id": "a", "findings": []}


def test_an_exception_permits_what_it_names() -> None:
    config = JudgeConfig.parse(
        {
            "exceptions": [
                {
                    "rule": "document.unjudged",
                    "resource": "a",
                    "reason": "a test of exceptions",
                    "approver": "dana@example.com",
                    "ends": "2027-01-01",
                }
            ]
        }
    )
    text = json.dumps(line(document="{")).encode()
    assert json.loads(LineJudge(config).answer(text, NOW).text)["findings"] == []


def stream(text: bytes) -> list[dict[str, Any]]:
    target = io.BytesIO()
    answer_lines(io.BytesIO(text), target, LineJudge(JudgeConfig()), lambda: NOW)
    return [json.loads(answered) for answered in target.getvalue().splitlines()]


def test_a_hundred_thousand_lines_are_answered_in_order() -> None:
    text = b"".join(json.dumps(line(id=number)).encode() + b"\n" for number in range(100_000))
    assert [answered["id"] for answered in stream(text)] == list(range(100_000))


def test_a_document_of_a_megabyte_is_answered_in_time() -> None:
    document = {"Version": "2012-10-17", "Statement": [SEND["Statement"][0]] * 9_600}
    text = json.dumps(line(document=document)).encode()
    assert len(text) > 1_000_000
    begun = time.process_time()
    assert [answered["id"] for answered in stream(text)] == ["a"]
    assert time.process_time() - begun < 20


def test_an_empty_stream_has_no_answers() -> None:
    assert stream(b"") == []


COMMAND = [sys.executable, "-m", "nhi_components.cli.main", "lint", "--format", "jsonl"]


def test_a_slow_writer_gets_each_answer_before_it_writes_on() -> None:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin
        assert running.stdout
        for name in ("first", "second"):
            running.stdin.write(json.dumps(line(id=name)).encode() + b"\n")
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["id"] == name
        running.stdin.close()
        assert running.wait(30) == 0


@pytest.mark.parametrize(
    ("text", "arguments", "code"),
    [
        (json.dumps(line()), [], 0),
        (json.dumps(line(document=EVERYTHING)), [], 1),
        (json.dumps(line(document=EVERYTHING)), ["--threshold", "never"], 0),
        ("nonsense", [], 2),
        ("", [], 0),
    ],
)
def test_the_exit_code_tells_the_outcome(text: str, arguments: list[str], code: int) -> None:
    done = subprocess.run([*COMMAND, *arguments], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert done.stderr == ""


def test_a_reader_that_goes_away_ends_the_command_quietly() -> None:
    text = (json.dumps(line(document=EVERYTHING)) + "\n") * 5_000
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdin
        assert running.stdout
        assert running.stderr
        running.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            running.stdin.write(text.encode())
            running.stdin.close()
        assert b"Traceback" not in running.stderr.read()
