"""Every known way to more privilege: open with all its steps, closed when one is missing or its target is named."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.core.aws_action import find_action
from nhi_components.facts import DocumentKind, read_document
from nhi_components.facts.aws.escalating import methods_open_to
from nhi_components.facts.aws.escalation import METHODS, PASS_ROLE, Method
from nhi_components.facts.aws.model import GrantDocument

NAMES = [method.name for method in METHODS]
NAMED = {"iam": "role/orders", "sts": "role/orders", "lambda": "function:orders"}
ELSEWHERE = "another.amazonaws.com"


def allow(action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def steps(method: Method) -> list[str]:
    first = [*method.on_others, *([PASS_ROLE] if method.passes_role_to else [])]
    return [*first, *(alternatives[0] for alternatives in method.beside)]


def named(action: str) -> str:
    """An ARN of the action's service that names something."""
    service = action.partition(":")[0]
    owner = "iam" if service == "sts" else service
    return f"arn:aws:{owner}:eu-west-1:111122223333:{NAMED.get(service, 'thing/orders')}"


def opened(*statements: dict[str, Any]) -> list[str]:
    (document,) = read_document(DocumentKind.POLICY_DOCUMENT, "document", {"Statement": list(statements)})
    assert isinstance(document, GrantDocument)
    return [method.name for method in methods_open_to(document)]


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_all_steps_open_a_way(method: Method) -> None:
    assert method.name in opened(*(allow(action) for action in steps(method)))


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_each_alternative_of_a_step_opens_a_way(method: Method) -> None:
    first = [allow(action) for action in steps(method)[: len(steps(method)) - len(method.beside)]]
    for place, alternatives in enumerate(method.beside):
        others = [allow(each[0]) for number, each in enumerate(method.beside) if number != place]
        for action in alternatives:
            assert method.name in opened(*first, *others, allow(action)), action


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_a_way_is_closed_without_one_of_its_steps(method: Method) -> None:
    for place, missing in enumerate(steps(method)):
        left = [allow(action) for number, action in enumerate(steps(method)) if number != place]
        if missing not in [statement["Action"] for statement in left]:
            assert method.name not in opened(allow("s3:ListAllMyBuckets"), *left), missing


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_a_way_is_closed_when_what_it_works_on_is_named(method: Method) -> None:
    on_others = {*method.on_others, *([PASS_ROLE] if method.passes_role_to else [])}
    assert method.name not in opened(
        *(allow(action, named(action)) if action in on_others else allow(action) for action in steps(method))
    )


@pytest.mark.parametrize("method", METHODS, ids=NAMES)
def test_a_way_is_closed_by_a_deny_of_one_of_its_steps(method: Method) -> None:
    for action in steps(method):
        deny = {"Effect": "Deny", "Action": action.upper(), "Resource": "*"}
        assert method.name not in opened(*(allow(each) for each in steps(method)), deny)


@pytest.mark.parametrize("method", [m for m in METHODS if m.passes_role_to], ids=lambda method: method.name)
def test_a_role_passed_to_another_service_opens_no_way(method: Method) -> None:
    def passing(service: str) -> list[str]:
        condition = {"StringEquals": {"iam:PassedToService": service}}
        given = [allow(action) for action in steps(method) if action != PASS_ROLE]
        return opened(*given, allow(PASS_ROLE, Condition=condition))

    assert method.name in passing(method.passes_role_to)
    assert method.name not in passing(ELSEWHERE)


def test_aws_documents_every_step() -> None:
    every = {action for method in METHODS for each in (method.on_others, *method.beside) for action in each}
    assert [action for action in sorted(every) if find_action(action) is None] == []


def test_every_way_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES)
