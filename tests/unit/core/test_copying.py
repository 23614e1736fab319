"""There is no field for another identity's privileges, and who looks for one is told why."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.core.copying import explained_copying
from nhi_components.core.errors import SpecError
from nhi_components.core.spec import BundleSpec

SEND = {"actions": ["sqs:SendMessage"], "targets": ["arn:aws:sqs:eu-central-1:111111111111:orders"]}
OWNER = {"team": "orders", "email": "orders@example.com"}
ENDS = "2027-01-01"


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
