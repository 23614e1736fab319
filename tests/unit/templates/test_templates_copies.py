"""No identity copies another one's privileges."""

from __future__ import annotations

from typing import Any

import pytest
from template_samples import OWNER, QUEUE, SEND

from nhi_components.core.errors import SpecError
from nhi_components.core.grant import Grant
from nhi_components.core.spec import BundleSpec
from nhi_components.templates import Holder, explained_copying, shared_grants

ENDS = "2027-01-01"
OTHER_QUEUE = QUEUE + "-2"


def grant(*actions: str, targets: Any = (QUEUE,), **more: Any) -> Grant:
    return Grant(actions=list(actions or ("sqs:SendMessage",)), targets=list(targets), **more)


def told(**fields: Any) -> dict[str, str]:
    identity = {
        "name": "orders",
        "environment": "dev",
        "owner": OWNER,
        "purpose": "sends events",
        "expires": "2027-01-01",
    }
    given = {"identity": {**identity, **fields.pop("identity", {})}, "grants": [SEND], **fields}
    with pytest.raises(SpecError) as caught:
        BundleSpec.parse(given)
    return {problem.path: problem.expected for problem in explained_copying(caught.value.problems, given)}


@pytest.mark.parametrize("field", ["copy_from", "like", "same_as", "sameAs", "copyGrantsFrom", "based-on", "inherits"])
def test_a_field_that_copies_is_told_why_there_is_none(field: str) -> None:
    for problems, place in (
        (told(**{field: "billing"}), field),
        (told(identity={field: "billing"}), f"identity.{field}"),
        (told(grants=[SEND, {**SEND, field: "billing"}]), f"grants[1].{field}"),
    ):
        assert list(problems) == [place]
        assert "grants of its own" in problems[place]


def test_other_problems_stay_as_they_are() -> None:
    problems = told(like="billing", colour="red", identity={"name": "Orders"})
    assert set(problems) == {"like", "colour", "identity.name"}
    assert problems["colour"] == "only known fields"


def test_a_purpose_that_says_like_is_fine() -> None:
    assert explained_copying([], {"identity": {"purpose": "works like billing"}, "grants": [SEND]}) == []


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
