"""A policy that others write too: lost updates, old answers, sizes, and principals that AWS does not know yet."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from nhi_components.core.errors import NhiError, SpecError
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.appearance import APPEARANCE_SECONDS
from nhi_components.lifecycle.adapters.aws.delegations import editing, holders
from nhi_components.lifecycle.adapters.aws.delegations.documents import Document, with_statement
from nhi_components.lifecycle.adapters.aws.delegations.holders import Bucket, HeldSecret, Key, Limits, Queue, Topic

STATEMENT = {"Sid": "Ours", "Effect": "Allow", "Principal": {"AWS": "x"}, "Action": "sqs:SendMessage"}
THEIRS = {**STATEMENT, "Sid": "Theirs"}


class Held:
    """A policy in memory.

    Attributes:
        answers: what the next reads give instead of what is there.
        before_write: called before each write: another writer.
    """

    arn = "arn:aws:sqs:eu-central-1:111111111111:q"
    limits = Limits(300, 3, "a test")

    def __init__(self, document: Any = None) -> None:
        self.text: str | None = json.dumps(document) if document else None
        self.answers: list[str | None] = []
        self.writes: list[str | None] = []
        self.after_write: list[Callable[[], None]] = []

    def read(self) -> str | None:
        return self.answers.pop(0) if self.answers else self.text

    def write(self, document: str) -> None:
        self.writes.append(document)
        self.text = document
        if self.after_write:
            self.after_write.pop(0)()

    def clear(self) -> None:
        self.writes.append(None)
        self.text = None

    @property
    def sids(self) -> list[str]:
        return [statement["Sid"] for statement in json.loads(self.text or '{"Statement": []}')["Statement"]]


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)


def add(document: Document | None) -> Document:
    return with_statement(document, STATEMENT)


def test_what_is_as_it_shall_be_is_not_written() -> None:
    held = Held(add(None))
    editing.settle(held, add)
    assert held.writes == []


def test_an_update_that_somebody_else_s_overwrote_is_made_on_top_of_theirs() -> None:
    held = Held()
    held.after_write = [lambda: setattr(held, "text", json.dumps({"Statement": [THEIRS]}))]
    editing.settle(held, add)
    assert held.sids == ["Theirs", "Ours"]


def test_an_old_answer_after_the_write_does_no_harm() -> None:
    held = Held({"Statement": [THEIRS]})
    old = held.text
    held.answers = [old, old, old]
    editing.settle(held, add)
    assert held.sids == ["Theirs", "Ours"]
    assert len(held.writes) == 1


def test_a_policy_that_never_reads_back_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editing, "SETTLING_SECONDS", 0.05)
    held = Held({"Statement": [THEIRS]})
    monkeypatch.setattr(held, "read", lambda text=held.text: text)
    with pytest.raises(NhiError, match="see who else writes it"):
        editing.settle(held, add)
    assert len(held.writes) == 1


def test_two_others_in_turn_are_both_built_upon() -> None:
    held = Held()
    one, two = ({**THEIRS, "Sid": sid} for sid in ("One", "Two"))
    held.after_write = [
        lambda: setattr(held, "text", json.dumps({"Statement": [one]})),
        lambda: setattr(held, "text", json.dumps({"Statement": [one, two]})),
    ]
    editing.settle(held, add)
    assert held.sids == ["One", "Two", "Ours"]


def test_the_last_statement_clears_the_policy() -> None:
    held = Held(add(None))
    editing.settle(held, lambda document: None if document else document)
    assert held.writes == [None]


class TestSize:
    def test_what_is_too_large_is_named_with_its_source(self) -> None:
        document = {"Statement": [THEIRS] * 4}
        with pytest.raises(SpecError) as caught:
            editing.check_size(Held(), document)
        assert [problem.got for problem in caught.value.problems] == [
            f"{len(json.dumps(document, separators=(',', ':')))} bytes with the delegation",
            "4 statements with the delegation",
        ]
        assert all("(a test)" in problem.expected for problem in caught.value.problems)

    def test_what_fits_exactly_passes(self) -> None:
        held = Held()
        document = {"Statement": [THEIRS], "Id": ""}
        room = held.limits.bytes - len(json.dumps(document, separators=(",", ":")))
        editing.check_size(held, {**document, "Id": "x" * room})
        with pytest.raises(SpecError):
            editing.check_size(held, {**document, "Id": "x" * (room + 1)})

    def test_the_documented_figures(self) -> None:
        figures = {
            kind: (kind.limits.bytes, kind.limits.statements) for kind in (Bucket, Queue, Topic, Key, HeldSecret)
        }
        assert figures == {
            Bucket: (20 * 1024, None),
            Queue: (8192, 20),
            Topic: (30 * 1024, 100),
            Key: (32 * 1024, None),
            HeldSecret: (20_480, None),
        }


class TestPrincipalNotKnownYet:
    def test_a_role_just_made_is_tried_again(self) -> None:
        held, refusals = Held(), [refusal("MalformedPolicy")] * 2
        write = held.write

        def sometimes(document: str) -> None:
            if refusals:
                raise refusals.pop()
            write(document)

        held.write = sometimes  # type: ignore[method-assign] # in the service's place
        editing.settle(held, add)
        assert held.sids == ["Ours"]

    def test_it_is_not_tried_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(APPEARANCE_SECONDS, System.AWS, 0.05)
        held = Held()

        def never(_: str) -> None:
            raise refusal("MalformedPolicyDocument")

        held.write = never  # type: ignore[method-assign] # in the service's place
        with pytest.raises(ClientError, match="MalformedPolicyDocument"):
            editing.settle(held, add)

    def test_one_that_is_gone_for_good_is_named_at_once(self) -> None:
        held = Held({"Statement": [{**THEIRS, "Principal": {"AWS": ["AROAGONE", "y"]}}]})
        tries: list[str] = []

        def never(document: str) -> None:
            tries.append(document)
            raise refusal("MalformedPolicy")

        held.write = never  # type: ignore[method-assign] # in the service's place
        with pytest.raises(NhiError, match=r"got AROAGONE, which .*remove them by hand"):
            editing.settle(held, add)
        assert len(tries) == 1


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "Invalid principal in policy"}}, "PutPolicy")


def test_a_key_is_never_left_without_anybody_to_administer_it() -> None:
    with pytest.raises(NhiError, match="administer the key"):
        holders.Key(None, "arn:aws:kms:eu-central-1:111111111111:key/x").clear()
