"""No two identities of a program hold the same grants by accident."""

from __future__ import annotations

from typing import Any

import pytest
from template_samples import QUEUE

from nhi_components.core.grant import Grant
from nhi_components.templates import Holder, shared_grants

OTHER_QUEUE = QUEUE + "-2"


def grant(*actions: str, targets: Any = (QUEUE,), **more: Any) -> Grant:
    return Grant(actions=list(actions or ("sqs:SendMessage",)), targets=list(targets), **more)


@pytest.mark.parametrize(
    "grants",
    [
        [grant()],
        [grant("SQS:sendmessage")],
        [grant(), grant()],
        [grant("sqs:SendMessage", exception=None)],
    ],
)
def test_the_same_grants_of_two_identities_are_refused(grants: list[Grant]) -> None:
    (problem,) = shared_grants(Holder("billing", grants), [Holder("orders", [grant()])])
    assert problem.path == "grants"
    assert "'orders'" in problem.got


def test_it_does_not_matter_how_they_are_divided() -> None:
    one = [grant("sqs:SendMessage", "sqs:GetQueueUrl", targets=[QUEUE, OTHER_QUEUE])]
    divided = [
        grant(action, targets=[t]) for t in (OTHER_QUEUE, QUEUE) for action in ("sqs:GetQueueUrl", "sqs:SendMessage")
    ]
    assert shared_grants(Holder("billing", divided), [Holder("orders", one)])


@pytest.mark.parametrize(
    ("name", "grants"),
    [
        ("billing", [grant(targets=[OTHER_QUEUE])]),
        ("billing", [grant("sqs:ReceiveMessage")]),
        ("billing", [grant(), grant(targets=[OTHER_QUEUE])]),
        ("billing", [grant(conditions={"StringEquals": {"aws:PrincipalTag/team": ["orders"]}})]),
        ("billing", []),
        ("orders", [grant()]),
    ],
)
def test_other_targets_actions_or_conditions_and_the_same_identity_are_fine(name: str, grants: list[Grant]) -> None:
    assert shared_grants(Holder(name, grants), [Holder("orders", [grant()]), Holder("idle", [])]) == []


def test_a_target_that_is_not_known_yet_is_only_itself() -> None:
    one, other = object(), object()
    held = [Holder("orders", [grant(targets=[one])])]
    assert shared_grants(Holder("billing", [grant(targets=[one])]), held)
    assert shared_grants(Holder("billing", [grant(targets=[other])]), held) == []


def test_a_reason_of_either_permits_it() -> None:
    why = "blue and green of one service"
    assert shared_grants(Holder("green", [grant()], why), [Holder("blue", [grant()])]) == []
    assert shared_grants(Holder("green", [grant()]), [Holder("blue", [grant()], why)]) == []
    assert shared_grants(Holder("green", [grant()], "so"), [Holder("blue", [grant()], "   so     ")])


def test_each_identity_that_holds_the_same_is_named() -> None:
    problems = shared_grants(Holder("c", [grant()]), [Holder("a", [grant()]), Holder("b", [grant()])])
    assert [problem.got for problem in problems] == ["exactly those of identity 'a'", "exactly those of identity 'b'"]
