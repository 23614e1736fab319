"""The documents of the judge's bench: another text every run, the same grants."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from bench.judge.documents import managed_policies, mutated, write_documents, write_requests

ORDERS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Send", "Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"], "Resource": "*"},
        {"Effect": "Deny", "NotAction": "sqs:*", "Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"},
    ],
}


@pytest.fixture
def chance() -> random.Random:
    return random.Random(1)  # noqa: S311 - no secret: the same changes every time


def _grants(document: dict[str, object]) -> list[str]:
    """What a document grants, however it is written."""
    found = []
    for statement in document["Statement"]:
        rest = {name: sorted(value) if isinstance(value, list) else value for name, value in statement.items()}
        rest.pop("Sid")
        found.append(json.dumps(rest, sort_keys=True))
    return sorted(found)


def test_a_changed_document_grants_what_the_first_one_granted(chance: random.Random) -> None:
    first, second = mutated(ORDERS, chance), mutated(ORDERS, chance)
    assert json.dumps(first) != json.dumps(second)
    assert _grants(first) == _grants(second)
    assert _grants(first) == _grants({"Statement": [{"Sid": "", **one} for one in ORDERS["Statement"]]})


def test_a_single_statement_becomes_a_list_and_keeps_what_it_says(chance: random.Random) -> None:
    single = {"Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}}
    (statement,) = mutated(single, chance)["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Resource"]) == ("Allow", "sqs:SendMessage", "*")


def test_changing_leaves_the_given_document_alone(chance: random.Random) -> None:
    before = json.dumps(ORDERS)
    mutated(ORDERS, chance)
    assert json.dumps(ORDERS) == before


def test_no_two_lines_are_the_same_text_within_a_run(tmp_path: Path, chance: random.Random) -> None:
    file = tmp_path / "documents.jsonl"
    write_documents([ORDERS] * 50, file, chance)
    assert len(set(file.read_text().splitlines())) == 50


def test_requests_go_over_the_set_until_there_are_enough(tmp_path: Path, chance: random.Random) -> None:
    file = tmp_path / "requests.jsonl"
    write_requests({"a": ORDERS, "b": ORDERS}, 5, file, chance)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["id"] for line in lines] == ["a-0", "b-1", "a-2", "b-3", "a-4"]
    assert {(line["cloud"], line["kind"]) for line in lines} == {("aws", "policy_document")}


def test_the_set_is_the_managed_policies_that_the_judge_knows() -> None:
    policies = managed_policies()
    assert len(policies) > 1_500
    assert policies["AdministratorAccess"]["Statement"][0]["Action"] == "*"
