"""Judging takes time linear in the size of what is judged, however hostile it is: four times as much, not sixteen.

CPU time of the same process is compared, the least of some runs, and no text is seen twice.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from nhi_components.facts import DocumentKind, Platform, Unjudged, read_document
from nhi_components.facts.aws.document import MOST_PATTERNS
from tests.properties.policies import verdict

TIMES = 4
AT_MOST = 3 * TIMES
"""Linear is 4, quadratic 16; caches that fill up and a busy machine lie between."""
MEASURABLE = 0.05
RUNS = 3
SERIAL = count()

Build = Callable[[int, str], Any]


def queue(name: str) -> str:
    return f"arn:aws:sqs:eu-west-1:111122223333:{name}"


def statement(effect: str, action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def of(members: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": members}


def allows(size: int, salt: str) -> Any:
    return of([statement("Allow", "sqs:SendMessage", queue(f"{salt}{n}")) for n in range(size)])


def wide_allows(size: int, salt: str) -> Any:
    return of([statement("Allow", [f"sqs:{salt}{n}*", "iam:*"], "*") for n in range(size)])


def actions(size: int, salt: str) -> Any:
    return of([statement("Allow", [f"sqs:{salt}{n}" for n in range(size)], "*")])


def patterns(size: int, salt: str) -> Any:
    return of([statement("Allow", [f"s3:*{salt}{n}?*" for n in range(size)], "*")])


def resources(size: int, salt: str) -> Any:
    return of([statement("Allow", "sqs:*", [queue(f"{salt}{n}*") for n in range(size)])])


def allows_and_denials(size: int, salt: str) -> Any:
    pairs = range(size // 2)
    return of(
        [statement("Allow", "sqs:*", queue(f"{salt}{n}*")) for n in pairs]
        + [statement("Deny", "sqs:SendMessage", queue(f"{salt}{n}")) for n in pairs]
    )


def sparing_denials(size: int, salt: str) -> Any:
    pairs = range(size // 2)
    denials = [{"Effect": "Deny", "Action": "iam:*", "NotResource": queue(f"{salt}{n}/*")} for n in pairs]
    return of([statement("Allow", "*", f"arn:aws:sqs:*:*:*{n}*") for n in pairs] + denials)


def conditions(size: int, salt: str) -> Any:
    values = [f"{salt}{n}" for n in range(size)]
    return of([statement("Allow", "sqs:*", "*", Condition={"StringLike": {"aws:ResourceTag/team": values}})])


def one_long_pattern(size: int, salt: str) -> Any:
    hostile = "*?" * size + salt
    return of([statement("Allow", f"sqs:{hostile}", f"arn:aws:sqs:::{hostile}")])


def a_long_pattern_and_a_long_text(size: int, salt: str) -> Any:
    denial = statement("Deny", "sqs:*", f"arn:aws:sqs:::{'*a' * size}*b{salt}")
    return of([statement("Allow", "sqs:*", f"arn:aws:sqs:::{'a' * size}{salt}"), denial])


BUILDS: dict[Build, int] = {
    allows: 2000,
    wide_allows: 800,
    actions: 2000,
    patterns: 200,
    resources: 2000,
    allows_and_denials: 2500,
    sparing_denials: 2500,
    conditions: 4000,
    one_long_pattern: 20_000,
    a_long_pattern_and_a_long_text: 2000,
}


def seconds(build: Build, size: int, kind: DocumentKind, platform: Platform = Platform.AWS) -> float:
    least = float("inf")
    for _ in range(RUNS):
        text = json.dumps(build(size, f"x{next(SERIAL)}x"))
        started = time.process_time()
        verdict(kind, text, platform)
        least = min(least, time.process_time() - started)
    return least


@pytest.mark.parametrize("build", BUILDS, ids=lambda build: build.__name__)
def test_aws_policies(build: Build) -> None:
    small = seconds(build, BUILDS[build], DocumentKind.POLICY_DOCUMENT)
    large = seconds(build, BUILDS[build] * TIMES, DocumentKind.POLICY_DOCUMENT)
    assert large < AT_MOST * max(small, MEASURABLE)


def test_more_patterns_over_all_services_than_aws_takes_are_refused() -> None:
    patterns = [f"*:a*{number}" for number in range(MOST_PATTERNS + 1)]
    document = {"Statement": {"Effect": "Allow", "Action": patterns, "Resource": "*"}}
    facts = read_document(DocumentKind.POLICY_DOCUMENT, "a", document)
    assert [type(fact) for fact in facts] == [Unjudged]
