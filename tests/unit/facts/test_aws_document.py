"""AWS policy documents as statements."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.facts import UNKNOWN, DocumentKind, Fact, NotYetKnown, Unjudged, read_document
from nhi_components.facts.aws.model import Condition, GrantDocument, Principal

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:orders"
ALLOW = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE}


def read(document: Any, kind: DocumentKind = DocumentKind.POLICY_DOCUMENT) -> tuple[Fact, ...]:
    return read_document(kind, "document", document)


def only_document(document: Any, kind: DocumentKind = DocumentKind.POLICY_DOCUMENT) -> GrantDocument:
    (fact,) = read(document, kind)
    assert isinstance(fact, GrantDocument)
    return fact


def test_a_single_statement_and_a_list_of_one_read_the_same_but_for_the_place() -> None:
    (single,) = only_document({"Statement": ALLOW}).statements
    (listed,) = only_document({"Statement": [ALLOW]}).statements
    assert single.actions == listed.actions == ("sqs:SendMessage",)
    assert single.resources == listed.resources == (QUEUE,)
    assert single.place("Action", "sqs:SendMessage") == "document.Statement.Action"
    assert listed.place("Action", "sqs:SendMessage") == "document.Statement[0].Action"


def test_a_place_tells_which_member_of_a_list_is_meant() -> None:
    (statement,) = only_document({"Statement": {**ALLOW, "Action": ["sqs:SendMessage", "sqs:*"]}}).statements
    assert statement.place("Action", "sqs:*") == "document.Statement.Action[1]"
    assert statement.place("Resource", QUEUE) == "document.Statement.Resource"


def test_principals_of_every_form() -> None:
    given = {"AWS": ["111122223333", "*"], "Service": "ec2.amazonaws.com"}
    document = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": given}}
    (statement,) = only_document(document, DocumentKind.TRUST_POLICY).statements
    place = "document.Statement.Principal"
    assert statement.principals == (
        Principal("AWS", "111122223333", f"{place}.AWS[0]"),
        Principal("AWS", "*", f"{place}.AWS[1]"),
        Principal("Service", "ec2.amazonaws.com", f"{place}.Service"),
    )


def test_conditions_with_qualifiers_and_values_of_every_type() -> None:
    given = {
        "ForAnyValue:StringLikeIfExists": {"aws:TagKeys": ["a", "b"]},
        "Bool": {"aws:SecureTransport": True},
        "NumericLessThan": {"s3:max-keys": 10},
        "ArnEquals": {"aws:SourceArn": UNKNOWN},
    }
    facts = read({"Statement": {**ALLOW, "Condition": given}})
    (document,) = [fact for fact in facts if isinstance(fact, GrantDocument)]
    assert document.statements[0].conditions == (
        Condition("stringlike", "aws:tagkeys", ("a", "b"), "foranyvalue", if_exists=True),
        Condition("bool", "aws:securetransport", ("true",)),
        Condition("numericlessthan", "s3:max-keys", ("10",)),
        Condition("arnequals", "aws:sourcearn", (UNKNOWN,)),
    )
    assert [type(fact) for fact in facts] == [GrantDocument, NotYetKnown]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ([], "document"),
        ({}, "document.Statement"),
        ({"Statement": "x"}, "document.Statement"),
        ({"Statement": [ALLOW, 7]}, "document.Statement[1]"),
        ({"Statement": ALLOW, "Version": "2012-10-18"}, "document.Version"),
        ({"Statement": ALLOW, "statement": ALLOW}, "document"),
        ({"Statement": {**ALLOW, "Effect": "ALLOW"}}, "document.Statement.Effect"),
        ({"Statement": {**ALLOW, "Effect": ["Allow"]}}, "document.Statement.Effect"),
        ({"Statement": {**ALLOW, "Action": {}}}, "document.Statement.Action"),
        ({"Statement": {**ALLOW, "Action": ["sqs:SendMessage", 1]}}, "document.Statement.Action[1]"),
        ({"Statement": {**ALLOW, "Action": ""}}, "document.Statement.Action"),
        ({"Statement": {**ALLOW, "Action": "sqs:"}}, "document.Statement.Action"),
        ({"Statement": {**ALLOW, "Resource": "orders"}}, "document.Statement.Resource"),
        ({"Statement": {"Effect": "Allow", "Resource": QUEUE}}, "document.Statement"),
        ({"Statement": {"Effect": "Allow", "Action": "sqs:SendMessage"}}, "document.Statement"),
        ({"Statement": {**ALLOW, "NotResource": QUEUE}}, "document.Statement"),
        ({"Statement": {**ALLOW, "Condition": []}}, "document.Statement.Condition"),
        ({"Statement": {**ALLOW, "Condition": {"Bool": "x"}}}, "document.Statement.Condition.Bool"),
        ({"Statement": {**ALLOW, "Condition": {"Bool": {"k": {}}}}}, "document.Statement.Condition.Bool.k"),
        ({"Statement": {**ALLOW, "Principal": "me"}}, "document.Statement.Principal"),
        ({"Statement": {**ALLOW, "Principal": {"Aws": "me"}}}, "document.Statement.Principal.Aws"),
    ],
)
def test_what_cannot_be_read_is_a_fact_with_its_place(document: Any, path: str) -> None:
    places = [fact.path for fact in read(document) if isinstance(fact, Unjudged)]
    assert places == [path]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (UNKNOWN, "document"),
        ({"Statement": UNKNOWN}, "document.Statement"),
        ({"Statement": [ALLOW, UNKNOWN]}, "document.Statement[1]"),
        ({"Statement": {**ALLOW, "Effect": UNKNOWN}}, "document.Statement.Effect"),
        ({"Statement": {**ALLOW, "Action": UNKNOWN}}, "document.Statement.Action"),
        ({"Statement": {**ALLOW, "Resource": [QUEUE, UNKNOWN]}}, "document.Statement.Resource[1]"),
        ({"Statement": {**ALLOW, "Principal": UNKNOWN}}, "document.Statement.Principal"),
        ({"Statement": {**ALLOW, "Condition": UNKNOWN}}, "document.Statement.Condition"),
        ({"Statement": {**ALLOW, "Condition": {"Bool": UNKNOWN}}}, "document.Statement.Condition.Bool"),
    ],
)
def test_what_is_not_known_yet_is_a_fact_with_its_place(document: Any, path: str) -> None:
    facts = read(document)
    assert [fact.path for fact in facts if isinstance(fact, NotYetKnown)] == [path]
    assert not [fact for fact in facts if isinstance(fact, Unjudged)]


def test_all_problems_are_told_at_once() -> None:
    facts = read({"Version": "1", "Statement": [{"Effect": "allow", "Action": 1}, {**ALLOW, "Sid": "ok", "Oops": 1}]})
    assert [fact.path for fact in facts if isinstance(fact, Unjudged)] == [
        "document.Version",
        "document.Statement[0].Effect",
        "document.Statement[0]",
        "document.Statement[0].Action",
        "document.Statement[1]",
    ]
