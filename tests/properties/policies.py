"""AWS policies to try laws on: small ones, drawn from texts that rules tell apart."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from nhi_components.facts import DocumentKind, Facts, Platform, read_document
from nhi_components.rules import Judge, JudgeConfig

NOW = datetime(2026, 1, 15, tzinfo=UTC)
JUDGE = Judge(JudgeConfig())
Document = dict[str, Any]
Case = tuple[DocumentKind, list[Document]]

ACTIONS = st.sampled_from(
    [
        "*",
        "*:*",
        "sqs:*",
        "ia?:*",
        "iam:*",
        "iam:*Policy*",
        "iam:Get*",
        "s3:Get*",
        "s3:Put*",
        "sqs:SendMessage",
        "s3:GetObject",
        "s3:PutBucketPolicy",
        "iam:PassRole",
        "iam:GetRole",
        "iam:CreateRole",
        "iam:AttachRolePolicy",
        "iam:CreateAccessKey",
        "lambda:CreateFunction",
        "lambda:InvokeFunction",
        "sts:AssumeRole",
        "secretsmanager:GetSecretValue",
        "ecr:GetAuthorizationToken",
        "sqs:SendMesage",
    ]
)
RESOURCES = st.sampled_from(
    [
        "*",
        "arn:aws:logs:*:*:*",
        "arn:aws:iam::111122223333:role/*",
        "arn:aws:iam::*:policy/*",
        "arn:aws:iam::111122223333:role/orders",
        "arn:aws:iam::111122223333:user/${aws:username}",
        "arn:aws:s3:::*",
        "arn:aws:s3:::orders/*",
        "arn:aws:sqs:eu-west-1:111122223333:orders",
    ]
)
PRINCIPALS = st.sampled_from(["*", "111122223333", "arn:aws:iam::111122223333:role/orders"])
CONDITIONS = st.sampled_from(
    [
        None,
        None,
        {"Bool": {"aws:SecureTransport": "true"}},
        {"StringEquals": {"aws:PrincipalOrgID": "o-abc", "aws:ResourceTag/team": "orders"}},
        {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
        {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}},
    ]
)
KINDS = st.sampled_from(
    [
        DocumentKind.POLICY_DOCUMENT,
        DocumentKind.POLICY_DOCUMENT,
        DocumentKind.TRUST_POLICY,
        DocumentKind.RESOURCE_POLICY,
        DocumentKind.PERMISSION_BOUNDARY,
    ]
)
_WITHOUT_PRINCIPAL = (DocumentKind.POLICY_DOCUMENT, DocumentKind.PERMISSION_BOUNDARY)


def some(of: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """A few of the texts, each once."""
    return st.lists(of, min_size=1, max_size=3, unique=True)


@st.composite
def statements(draw: st.DrawFn, kind: DocumentKind, effects: tuple[str, ...] = ("Allow", "Allow", "Deny")) -> Document:
    """A statement as its kind of document asks for it."""
    statement: Document = {"Effect": draw(st.sampled_from(effects))}
    statement[draw(st.sampled_from(["Action", "Action", "Action", "NotAction"]))] = draw(some(ACTIONS))
    if kind is not DocumentKind.TRUST_POLICY:
        statement[draw(st.sampled_from(["Resource", "Resource", "Resource", "NotResource"]))] = draw(some(RESOURCES))
    if kind not in _WITHOUT_PRINCIPAL:
        statement[draw(st.sampled_from(["Principal", "Principal", "NotPrincipal"]))] = {"AWS": draw(some(PRINCIPALS))}
    condition = draw(CONDITIONS)
    return {**statement, "Condition": condition} if condition else statement


def with_more(effect: str) -> st.SearchStrategy[tuple[DocumentKind, list[Document], Document]]:
    """A policy, and one statement more of the same kind."""
    return KINDS.flatmap(
        lambda kind: st.tuples(
            st.just(kind), st.lists(statements(kind), min_size=1, max_size=3), statements(kind, (effect,))
        )
    )


CASES = KINDS.flatmap(lambda kind: st.tuples(st.just(kind), st.lists(statements(kind), min_size=1, max_size=4)))


def of(members: list[Document]) -> Document:
    """A document of these statements."""
    return {"Version": "2012-10-17", "Statement": members}


def verdict(kind: DocumentKind, document: Any, platform: Platform = Platform.AWS, /, **context: Any) -> set[str]:
    """Name the rules that find something."""
    facts = read_document(kind, "document", document, context, platform)
    return {finding.rule for finding in JUDGE.find(Facts(facts), NOW)}
