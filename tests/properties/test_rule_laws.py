"""Laws of the verdict: what cannot matter to what a document grants does not matter to what is found in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nhi_components.facts import DocumentKind, Facts, read_document
from nhi_components.facts.vault.paths import overlaps
from nhi_components.rules import JudgeConfig, find, rules

NOW = datetime(2026, 1, 15, tzinfo=UTC)
CONFIG = JudgeConfig()
Document = dict[str, Any]

ACTIONS = st.sampled_from(
    [
        "*",
        "*:*",
        "sqs:*",
        "ia?:*",
        "iam:*Policy*",
        "s3:Get*",
        "sqs:SendMessage",
        "s3:GetObject",
        "ecr:GetAuthorizationToken",
    ]
)
RESOURCES = st.sampled_from(
    ["*", "arn:aws:logs:*:*:*", "arn:aws:iam::111122223333:role/*", "arn:aws:s3:::orders/*", "arn:aws:sqs:::orders"]
)
PRINCIPALS = st.sampled_from(["*", "111122223333", "arn:aws:iam::111122223333:role/orders"])
CONDITIONS = st.sampled_from(
    [
        None,
        {"Bool": {"aws:SecureTransport": "true"}},
        {"StringEquals": {"aws:PrincipalOrgID": "o-abc", "aws:ResourceTag/team": "orders"}},
        {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}},
    ]
)


def some(of: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(of, min_size=1, max_size=3)


@st.composite
def statements(draw: st.DrawFn, kind: DocumentKind) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
    statement[draw(st.sampled_from(["Action", "Action", "NotAction"]))] = draw(some(ACTIONS))
    if kind is not DocumentKind.TRUST_POLICY:
        statement[draw(st.sampled_from(["Resource", "Resource", "NotResource"]))] = draw(some(RESOURCES))
    if kind is not DocumentKind.POLICY_DOCUMENT:
        statement[draw(st.sampled_from(["Principal", "Principal", "NotPrincipal"]))] = {"AWS": draw(some(PRINCIPALS))}
    condition = draw(CONDITIONS)
    return {**statement, "Condition": condition} if condition else statement


KINDS = st.sampled_from([DocumentKind.POLICY_DOCUMENT, DocumentKind.TRUST_POLICY, DocumentKind.RESOURCE_POLICY])
GIVEN = KINDS.flatmap(lambda kind: st.tuples(st.just(kind), st.lists(statements(kind), min_size=1, max_size=4)))


def verdict(kind: DocumentKind, document: Any) -> set[str]:
    """The rules that find something, and what they find, wherever it stands."""
    return {finding.rule for finding in find(Facts(read_document(kind, "document", document)), CONFIG, NOW)}


def of(members: list[Document]) -> Document:
    return {"Version": "2012-10-17", "Statement": members}


@given(GIVEN, st.randoms(use_true_random=False))
def test_the_order_of_statements_and_of_their_elements_does_not_matter(
    case: tuple[DocumentKind, list[Document]], random: Any
) -> None:
    kind, members = case
    shuffled = [
        {name: random.sample(value, len(value)) if isinstance(value, list) else value for name, value in member.items()}
        for member in random.sample(members, len(members))
    ]
    assert verdict(kind, of(shuffled)) == verdict(kind, of(members))


@given(GIVEN)
def test_single_values_and_lists_of_one_mean_the_same(case: tuple[DocumentKind, list[Document]]) -> None:
    kind, members = case

    def single(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: single(member) for name, member in value.items()}
        return value[0] if isinstance(value, list) and len(value) == 1 else value

    unlisted = [single(member) for member in members]
    document = {"Version": "2012-10-17", "Statement": unlisted[0] if len(unlisted) == 1 else unlisted}
    assert verdict(kind, document) == verdict(kind, of(members))


@given(GIVEN, st.sampled_from(["Action", "Resource", "Principal"]))
def test_splitting_a_statement_changes_nothing(case: tuple[DocumentKind, list[Document]], name: str) -> None:
    kind, members = case
    split: list[Document] = []
    for member in members:
        value = member.get(name)
        values = value["AWS"] if isinstance(value, dict) else value
        if not values:
            split.append(member)
            continue
        split += [{**member, name: {"AWS": [part]} if isinstance(value, dict) else [part]} for part in values]
    assert verdict(kind, of(split)) == verdict(kind, of(members))


@given(GIVEN)
def test_a_deny_changes_nothing(case: tuple[DocumentKind, list[Document]]) -> None:
    kind, members = case
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*", "Principal": "*"}
    assert verdict(kind, of([*members, deny])) == verdict(kind, of(members))


@given(GIVEN, GIVEN)
def test_one_more_statement_takes_nothing_away(
    case: tuple[DocumentKind, list[Document]], other: tuple[DocumentKind, list[Document]]
) -> None:
    kind, members = case
    assert verdict(kind, of(members)) <= verdict(kind, of([*members, *other[1]]))


@given(GIVEN, st.sampled_from([str.upper, str.lower, str.swapcase]))
def test_the_case_of_actions_does_not_matter(
    case: tuple[DocumentKind, list[Document]], change: Callable[[str], str]
) -> None:
    kind, members = case
    changed = [
        {name: [change(v) for v in value] if name.endswith("Action") else value for name, value in member.items()}
        for member in members
    ]
    assert verdict(kind, of(changed)) == verdict(kind, of(members))


@given(GIVEN)
def test_text_and_data_mean_the_same(case: tuple[DocumentKind, list[Document]]) -> None:
    kind, members = case
    assert verdict(kind, json.dumps(of(members), indent=1)) == verdict(kind, of(members))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["Allow", "*", "sqs:*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Version", "Statement", "Effect", "Action", "Resource", "Principal", "AWS", "Condition", "path"]
            )
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(st.sampled_from(list(DocumentKind)), JSON | st.text(max_size=60))
def test_no_document_makes_a_reader_or_a_rule_fail(kind: DocumentKind, document: Any) -> None:
    readable = json.dumps(document) if not isinstance(document, str) else document
    for given_document in (document, readable):
        for finding in find(Facts(read_document(kind, "document", given_document)), CONFIG, NOW):
            assert finding.rule in rules()


@pytest.mark.parametrize("kind", list(DocumentKind))
@given(document=st.none() | st.integers() | st.lists(st.integers()) | st.just("[") | st.just("17"))
def test_what_is_no_document_is_never_passed_in_silence(kind: DocumentKind, document: Any) -> None:
    assert verdict(kind, document) == {"document.unjudged"}


SEGMENTS = st.lists(st.sampled_from(["a", "b", "data", "+"]), min_size=1, max_size=4)
PATHS = st.tuples(SEGMENTS, st.sampled_from(["", "*", "/*", "x*"])).map(lambda parts: "/".join(parts[0]) + parts[1])


@given(PATHS, PATHS)
def test_overlap_is_symmetric_and_everything_overlaps_everything(one: str, other: str) -> None:
    assert overlaps(one, other) == overlaps(other, one)
    assert overlaps(one, one)
    assert overlaps("*", other)


@given(SEGMENTS, SEGMENTS)
def test_a_longer_path_below_a_wide_one_is_reached_by_it(prefix: list[str], rest: list[str]) -> None:
    assert overlaps("/".join(prefix) + "/*", "/".join([*prefix, *rest]))
