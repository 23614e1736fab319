"""Changing single statements of a policy: everything else keeps its meaning and its order."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhi_components.lifecycle.adapters.aws.delegations.documents import (
    UnreadablePolicy,
    mark_of,
    means_the_same,
    read_document,
    statements_of,
    with_statement,
    written,
)
from nhi_components.lifecycle.adapters.aws.delegations.principals import Principals, Standing, without_entries
from nhi_components.lifecycle.adapters.aws.delegations.statements import paths_in, without_roles
from nhi_components.lifecycle.ports import Ownership

ACCOUNT, ROLE, UNIQUE_ID = "111111111111", "orders-dev-abc234", "AROAORDERS"
OURS = f"arn:aws:iam::{ACCOUNT}:role/nhi/{ROLE}"
LEASE = "lease-abc234abc234abcd"
SID = "Nhiabc234abc234abcd0"
PRINCIPALS = Principals(
    LEASE, ACCOUNT, {ROLE: Standing(frozenset({UNIQUE_ID}), Ownership.OURS, UNIQUE_ID)}, beyond=False
)
STATEMENT = {"Sid": SID, "Effect": "Allow", "Principal": {"AWS": OURS}, "Action": ["sqs:SendMessage"], "Resource": "*"}
OURSELVES = [OURS, OURS.replace("/nhi/", "/"), UNIQUE_ID, f"arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/x"]

others = st.sampled_from(
    ["*", ACCOUNT, "AROASOMEBODY", f"arn:aws:iam::{ACCOUNT}:role/nhi/billing-dev-zzzzzz", f"{OURS}x"]
)
foreign_principals = st.one_of(
    st.just("*"),
    st.builds(lambda entries: {"AWS": entries}, st.one_of(others, st.lists(others, min_size=1, unique=True))),
    st.just({"Service": ["s3.amazonaws.com"]}),
    st.builds(lambda entry: {"AWS": entry, "Federated": "cognito-identity.amazonaws.com"}, others),
)
texts = st.text("ab:*/", min_size=1, max_size=6)
foreign_statements = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Principal": foreign_principals,
        "Action": st.one_of(texts, st.lists(texts, min_size=1)),
    },
    optional={
        "Sid": st.sampled_from(["", "Theirs", "Nhizzz234abc234abcd1", "with a space"]),
        "Resource": st.one_of(texts, st.lists(texts, min_size=1)),
        "Condition": st.just({"StringEquals": {"aws:SourceAccount": ACCOUNT}}),
    },
)
documents = st.fixed_dictionaries(
    {"Statement": st.one_of(foreign_statements, st.lists(foreign_statements, min_size=1, max_size=4))},
    optional={"Version": st.sampled_from(["2008-10-17", "2012-10-17"]), "Id": texts},
)


def without_ours(document: Any) -> Any:
    return without_roles(document, SID, PRINCIPALS)


class TestAddAndRemove:
    @given(documents)
    def test_removing_what_was_added_gives_the_same_meaning(self, document: dict[str, Any]) -> None:
        before = copy.deepcopy(document)
        left = without_ours(with_statement(document, STATEMENT))
        assert document == before
        assert {**left, "Statement": statements_of(left)} == {**before, "Statement": statements_of(before)}

    @given(documents)
    def test_adding_twice_is_adding_once(self, document: dict[str, Any]) -> None:
        once = with_statement(document, STATEMENT)
        assert with_statement(once, STATEMENT) is once
        again = read_document(written(once), "a queue")
        assert with_statement(again, copy.deepcopy(STATEMENT)) is again

    @given(documents)
    def test_what_does_not_name_us_is_the_same_object(self, document: dict[str, Any]) -> None:
        assert without_ours(document) is document
        assert paths_in(PRINCIPALS, "arn:aws:sqs:eu-central-1:111111111111:q", document, "default") == []

    @given(documents, st.sampled_from(OURSELVES), st.integers(0, 4), st.lists(others, max_size=3, unique=True))
    def test_only_our_entry_leaves_a_list(
        self, document: dict[str, Any], ours: str, place: int, beside: list[str]
    ) -> None:
        entries = [*beside[:place], ours, *beside[place:]]
        mixed = {**STATEMENT, "Principal": {"AWS": entries}}
        theirs = statements_of(document)
        left = without_ours({**document, "Statement": [*theirs, mixed]})
        kept = [{**mixed, "Principal": {"AWS": beside}}] if beside else []
        assert statements_of(left) == [*theirs, *kept]

    def test_nothing_is_left_of_a_policy_that_held_nothing_else(self) -> None:
        assert without_ours({"Version": "2012-10-17", "Statement": STATEMENT}) is None
        assert without_ours(None) is None

    def test_a_unique_id_of_ours_leaves_every_statement_because_aws_takes_none_back(self) -> None:
        gone = {**STATEMENT, "Principal": {"AWS": UNIQUE_ID}}
        beside = {**STATEMENT, "Sid": "Beside", "Principal": {"AWS": [UNIQUE_ID, "AROASOMEBODY"]}}
        living = {**STATEMENT, "Sid": "Living"}
        left = without_ours({"Statement": [gone, {**gone, "Sid": "Another"}, beside, living]})
        assert statements_of(left) == [{**beside, "Principal": {"AWS": ["AROASOMEBODY"]}}, living]

    def test_a_new_policy_has_a_version(self) -> None:
        assert with_statement(None, STATEMENT) == {"Version": "2012-10-17", "Statement": [STATEMENT]}

    def test_a_changed_statement_keeps_its_place(self) -> None:
        document = {"Statement": [STATEMENT, {**STATEMENT, "Sid": "Theirs"}]}
        changed = with_statement(document, {**STATEMENT, "Action": ["sqs:ReceiveMessage"]})
        assert [s["Sid"] for s in statements_of(changed)] == [SID, "Theirs"]
        assert statements_of(changed)[0]["Action"] == ["sqs:ReceiveMessage"]

    def test_principals_of_another_kind_stay(self) -> None:
        statement = {**STATEMENT, "Principal": {"AWS": OURS, "Service": "s3.amazonaws.com"}}
        assert without_entries(statement, [OURS]) == {**statement, "Principal": {"Service": "s3.amazonaws.com"}}


class TestMeaning:
    @pytest.mark.parametrize(
        "change",
        [
            {"Action": "SQS:sendmessage"},
            {"Principal": {"AWS": [OURS]}},
            {"Resource": ["*"]},
            {"Action": ["sqs:SendMessage"]},
        ],
        ids=str,
    )
    def test_a_service_may_write_the_same_in_another_way(self, change: dict[str, Any]) -> None:
        assert means_the_same(STATEMENT, {**STATEMENT, **change})

    @pytest.mark.parametrize(
        "change",
        [
            {"Effect": "Deny"},
            {"Action": ["sqs:SendMessage", "sqs:ReceiveMessage"]},
            {"Principal": "*"},
            {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        ],
        ids=str,
    )
    def test_another_meaning_is_seen(self, change: dict[str, Any]) -> None:
        assert not means_the_same(STATEMENT, {**STATEMENT, **change})

    def test_values_of_conditions_are_compared_without_order(self) -> None:
        one = {**STATEMENT, "Condition": {"StringEquals": {"aws:SourceVpc": ["a", "b"]}}}
        other = {**STATEMENT, "Condition": {"StringEquals": {"AWS:SourceVpc": ["b", "a"]}}}
        assert means_the_same(one, other)


class TestMark:
    def test_a_sid_is_the_mark(self) -> None:
        assert mark_of(STATEMENT) == SID

    def test_without_one_the_mark_outlives_that_aws_rewrites_the_principal(self) -> None:
        bare = {name: value for name, value in STATEMENT.items() if name != "Sid"}
        rewritten = {**bare, "Principal": {"AWS": UNIQUE_ID}}
        assert mark_of(bare) == mark_of(rewritten)
        assert mark_of(bare) != mark_of({**bare, "Action": "sqs:*"})


class TestReading:
    @pytest.mark.parametrize(
        "text",
        ["", "{", "[]", '"x"', '{"Statement": "x"}', '{"Statement": [1]}', '{"Statement": [], "Statement": []}'],
    )
    def test_what_can_t_be_read_exactly_is_refused(self, text: str) -> None:
        with pytest.raises(UnreadablePolicy, match=r"policy of a queue: got .*expected"):
            read_document(text, "a queue")

    @given(documents)
    def test_what_is_written_reads_back(self, document: dict[str, Any]) -> None:
        assert read_document(written(document), "a queue") == document
        assert written(document) == json.dumps(document, separators=(",", ":"))
