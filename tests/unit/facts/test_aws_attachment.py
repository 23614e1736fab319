"""Attachments of policies to principals, in whatever shape they are written down."""

from __future__ import annotations

from typing import Any

import pytest

from nhi_components.facts import DocumentKind, Unjudged, read_document
from nhi_components.facts.aws.model import GrantDocument, ManagedPolicyAttachment

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.mark.parametrize(
    "given",
    [
        {"role": "orders", "policy_arn": ADMINISTRATOR},
        {"RoleName": "orders", "PolicyArn": ADMINISTRATOR},
        {"role": "orders", "policy": "AdministratorAccess"},
        {"role": "orders", "policyName": "AdministratorAccess"},
        {"role": ADMINISTRATOR, "member": "arn:aws:iam::111122223333:role/orders"},
        {"user": "orders", "managedPolicyArns": [ADMINISTRATOR]},
        {
            "UserName": "orders",
            "AttachedManagedPolicies": [{"PolicyName": "AdministratorAccess", "PolicyArn": ADMINISTRATOR}],
        },
        f'{{"group": "operators", "policy_arn": "{ADMINISTRATOR}"}}',
    ],
)
def test_a_policy_of_aws_is_judged_by_its_document(given: Any) -> None:
    attachment, document = read_document(DocumentKind.BINDING, "attachment", given)
    assert isinstance(attachment, ManagedPolicyAttachment)
    assert isinstance(document, GrantDocument)
    assert document.statements[0].actions == ("*",)


def test_a_policy_of_ones_own_is_judged_where_it_is_defined() -> None:
    facts = read_document(DocumentKind.BINDING, "a", {"policy_arn": "arn:aws:iam::111122223333:policy/orders"})
    assert [type(fact) for fact in facts] == [ManagedPolicyAttachment]


def test_an_inline_document_is_judged() -> None:
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    (document,) = read_document(DocumentKind.BINDING, "a", {"role": "orders", "policy": {"Statement": statement}})
    assert isinstance(document, GrantDocument)


@pytest.mark.parametrize(
    "given", [{}, [], 7, "text", {"role": "orders"}, {"policy_arn": 7}, {"policy_arn": "arn:aws:iam::aws:policy/Gone"}]
)
def test_what_names_no_known_policy_is_not_passed(given: Any) -> None:
    assert any(isinstance(fact, Unjudged) for fact in read_document(DocumentKind.BINDING, "a", given))
