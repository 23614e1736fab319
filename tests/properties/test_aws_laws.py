"""Laws of the verdict on AWS: what cannot matter to what a policy allows does not matter to what is found in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nhi_components.facts import DocumentKind
from tests.properties.policies import CASES, Case, Document, of, statements, verdict, with_more

MANY = settings(max_examples=120, deadline=None)


@MANY
@given(CASES, st.randoms(use_true_random=False))
def test_the_order_of_statements_and_of_their_members_does_not_matter(case: Case, random: Any) -> None:
    kind, members = case
    shuffled = [
        {name: random.sample(value, len(value)) if isinstance(value, list) else value for name, value in member.items()}
        for member in random.sample(members, len(members))
    ]
    assert verdict(kind, of(shuffled)) == verdict(kind, of(members))


@MANY
@given(CASES)
def test_single_values_and_lists_of_one_mean_the_same(case: Case) -> None:
    kind, members = case

    def single(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: single(member) for name, member in value.items()}
        return value[0] if isinstance(value, list) and len(value) == 1 else value

    unlisted = [single(member) for member in members]
    document = {"Version": "2012-10-17", "Statement": unlisted[0] if len(unlisted) == 1 else unlisted}
    assert verdict(kind, document) == verdict(kind, of(members))


@MANY
@given(CASES, st.sampled_from(["Action", "Resource", "Principal"]))
def test_splitting_a_statement_changes_nothing(case: Case, name: str) -> None:
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


@MANY
@given(CASES)
def test_a_statement_twice_is_as_good_as_once(case: Case) -> None:
    kind, members = case
    assert verdict(kind, of([*members, *members])) == verdict(kind, of(members))


@MANY
@given(with_more("Allow"))
def test_one_more_allow_takes_no_finding_away(case: tuple[DocumentKind, list[Document], Document]) -> None:
    kind, members, more = case
    assert verdict(kind, of(members)) <= verdict(kind, of([*members, more]))


def granted(kind: DocumentKind, members: list[Document]) -> set[str]:
    """Name the rules that find something granted: a misspelt action is told wherever it stands."""
    return verdict(kind, of(members)) - {"aws.unknown-action"}


@MANY
@given(with_more("Deny"))
def test_one_more_deny_adds_no_finding(case: tuple[DocumentKind, list[Document], Document]) -> None:
    kind, members, more = case
    assert granted(kind, [*members, more]) <= granted(kind, members)


@MANY
@given(with_more("Deny"))
def test_a_deny_under_a_condition_takes_nothing_away(case: tuple[DocumentKind, list[Document], Document]) -> None:
    kind, members, more = case
    conditional = {**more, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}
    assert granted(kind, [*members, conditional]) == granted(kind, members)


@MANY
@given(CASES)
def test_denying_everything_leaves_no_permission(case: Case) -> None:
    kind, members = case
    deny: Document = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    if kind is DocumentKind.POLICY_DOCUMENT:
        found = granted(kind, [*members, deny])
        assert found <= {"aws.not-action", "aws.not-resource"}


@MANY
@given(
    st.lists(statements(DocumentKind.POLICY_DOCUMENT), min_size=1, max_size=3),
    st.lists(statements(DocumentKind.PERMISSION_BOUNDARY), min_size=1, max_size=3),
)
def test_a_boundary_adds_no_finding(members: list[Document], boundary: list[Document]) -> None:
    kind = DocumentKind.POLICY_DOCUMENT
    assert verdict(kind, of(members), boundary=of(boundary)) <= verdict(kind, of(members))


@MANY
@given(CASES)
def test_a_boundary_of_everything_changes_nothing(case: Case) -> None:
    kind, members = case
    boundary = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    assert verdict(kind, of(members), boundary=boundary) == verdict(kind, of(members))


@MANY
@given(st.lists(statements(DocumentKind.POLICY_DOCUMENT), min_size=2, max_size=4))
def test_policies_of_one_principal_are_judged_as_one(members: list[Document]) -> None:
    kind = DocumentKind.POLICY_DOCUMENT
    first, *others = members
    assert verdict(kind, of([first]), policies=[of([other]) for other in others]) == verdict(kind, of(members))


@MANY
@given(CASES, st.sampled_from([str.upper, str.lower, str.swapcase]))
def test_the_case_of_actions_does_not_matter(case: Case, change: Callable[[str], str]) -> None:
    kind, members = case
    changed = [
        {name: [change(v) for v in value] if name.endswith("Action") else value for name, value in member.items()}
        for member in members
    ]
    assert verdict(kind, of(changed)) == verdict(kind, of(members))


@MANY
@given(CASES)
def test_text_and_data_mean_the_same(case: Case) -> None:
    kind, members = case
    assert verdict(kind, json.dumps(of(members), indent=1)) == verdict(kind, of(members))
