"""What does the same as another, and what only nearly does."""

from __future__ import annotations

from pathlib import Path

from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundGrant,
    FoundStep,
    Knowledge,
    Record,
    Subject,
)
from nhi_components.lifecycle.discovery.ports import Page
from nhi_components.lifecycle.verdicts import answering, likeness
from nhi_components.lifecycle.verdicts.estate import duckdb_estate
from nhi_components.lifecycle.verdicts.settings import STANDARD
from tests.unit.verdicts.conftest import Find
from tests.unit.verdicts.planting import NOW, arn, exported, owned, planted, role


def worker(name: str, *more: Record, target: str = "*") -> list[Record]:
    return [
        role(name),
        owned(name),
        FoundGrant(arn(name), "sqs:SendMessage", target),
        FoundCarrier(arn(name), "arn:aws:iam::aws:policy/Read", "managed-policy"),
        FoundStep("ec2.amazonaws.com", arn(name), "assume"),
        *more,
    ]


def test_who_does_the_same_for_the_same_is_a_duplicate(find: Find) -> None:
    told = find(
        lambda estate: likeness.duplicate(estate, STANDARD),
        [
            *worker("one"),
            *worker("two"),
            *worker("elsewhere", target="arn:aws:sqs:eu-central-1:1:orders"),
            *worker("other-way", FoundStep("lambda.amazonaws.com", arn("other-way"), "assume")),
            *worker("others", owned("others", "shipping@example.com")),
            *worker("tested", Knowledge(arn("tested"), Subject.ENVIRONMENT, "test", "mark env")),
            role("empty-1"),
            role("empty-2"),
        ],
    )
    points = STANDARD.weights.duplicate
    assert told == {
        "one": [("", "the same may become it, and it may do the same, as two", points)],
        "two": [("", "the same may become it, and it may do the same, as one", points)],
    }


def test_who_does_the_same_by_another_document_or_under_another_name_is_a_duplicate(find: Find) -> None:
    policy = "arn:aws:iam::111122223333:policy/send"
    of_app = [FoundCarrier(arn(f"app-{number}"), f"client-{number}", "client-id") for number in range(3)]
    of_client = [FoundCarrier(f"client-{number}", f"object-{number}", "service-principal") for number in range(3)]
    told = find(
        lambda estate: likeness.duplicate(estate, STANDARD),
        [
            role("inline"),
            FoundGrant(arn("inline"), "sqs:SendMessage", "*", via="inline"),
            role("managed"),
            FoundCarrier(arn("managed"), policy, "managed-policy"),
            FoundGrant(policy, "sqs:SendMessage", "*", via="send"),
            role("capped"),
            FoundGrant(arn("capped"), "sqs:SendMessage", "*", via="inline"),
            FoundCarrier(arn("capped"), "arn:aws:iam::111122223333:policy/cap", "permissions-boundary"),
            *(role(f"app-{number}") for number in range(3)),
            *of_app,
            *of_client,
            *(FoundGrant(f"object-{number}", "Reader", "/subscriptions/s") for number in range(2)),
        ],
    )
    assert set(told) == {"inline", "managed", "app-0", "app-1"}


def test_what_two_sections_tell_of_is_judged_once_and_no_duplicate_of_itself(tmp_path: Path) -> None:
    inventory = planted(tmp_path, worker("one"))
    number = inventory.begin(NOW)
    inventory.open_sections(number, "aws/111122223333", ["everything", "again"])
    for section in ("everything", "again"):
        inventory.write(number, "aws/111122223333", section, Page(worker("one")), NOW)
    with duckdb_estate(exported(inventory, tmp_path)) as estate:
        assert likeness.duplicate(estate, STANDARD).count().to_pyarrow().as_py() == 0
        assert answering.shadow(estate, STANDARD).count().to_pyarrow().as_py() == 1
    inventory.close()
