"""Whom a policy that admits callers trusts more widely than by name, and what narrows that.

Sources: IAM user guide, 'The confused deputy problem', 'AWS JSON policy elements: Principal' and 'AWS global condition
context keys'.
"""

from __future__ import annotations

import re
from typing import Final

from nhi_components.facts.aws.model import GrantDocument, PolicyKind, Principal, Statement

_ACCOUNT = re.compile(r"(?:arn:[^:*]*:(?:iam|sts)::)?(\d{12})(?::(root))?")
_OF_ACCOUNT = re.compile(r"arn:[^:]*:(?:iam|sts)::(\d{12}):.*")

_COLONS_OF_AN_ARN = 5

ACTS_FOR_OTHERS: Final = frozenset(
    {
        "apigateway",
        "appflow",
        "backup",
        "bedrock",
        "cloudtrail",
        "config",
        "delivery.logs",
        "events",
        "firehose",
        "iot",
        "kinesisanalytics",
        "logs",
        "pipes",
        "scheduler",
        "ses",
        "sns",
        "ssm-incidents",
        "transfer",
        "workspaces",
    }
)
"""Services whose guides ask for a condition on the source in a role's trust, and that call for many accounts at once.

Services that run the account's own code under the role (ec2, lambda, ecs-tasks, codebuild) do so only for whoever may
pass the role to them.
"""


def whole_account(principal: Principal) -> str:
    """Give the id of the account that a principal stands for as a whole; empty for anything narrower."""
    if principal.kind != "AWS":
        return ""
    match = _ACCOUNT.fullmatch(principal.text)
    return match[1] if match and (match[2] or ":" not in principal.text) else ""


def account_of(principal: Principal) -> str:
    """Give the id of the account in which a principal of kind AWS lives; empty when it tells none."""
    if principal.kind != "AWS":
        return ""
    match = _OF_ACCOUNT.fullmatch(principal.text)
    return match[1] if match else whole_account(principal)


def is_foreign(document: GrantDocument, statement: Statement, account: str) -> bool:
    """Tell whether an account is another than that in which a document applies.

    That account is told by the document's context, or else by the resources of a resource policy: one of them elsewhere
    is enough. Where nothing tells it, no account is foreign.
    """
    if not account or account in document.trusted:
        return False
    if document.account or document.kind is not PolicyKind.RESOURCE:
        return document.account not in ("", account)
    owners = (
        arn.split(":", _COLONS_OF_AN_ARN)[4] for arn in statement.resources if arn.count(":") >= _COLONS_OF_AN_ARN
    )
    return any(owner.isdigit() and owner != account for owner in owners)
