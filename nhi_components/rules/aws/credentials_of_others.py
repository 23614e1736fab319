"""aws.credentials-of-others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.model import GrantDocument
from nhi_components.facts.aws.traits import GIVES_CREDENTIALS
from nhi_components.rules.aws.statements import on_resources_not_named
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="aws.credentials-of-others",
    rule_class=RuleClass.CREDENTIALS_EXPOSURE,
    severity=Severity.HIGH,
    about=(GrantDocument,),
    needs=GIVES_CREDENTIALS,
    together=on_resources_not_named,
    expected="credentials of named principals",
    title="No identity can get the credentials of any other",
    why="Some actions return or make credentials of others: access keys, passwords, session tokens, database "
    "logins. On all resources they turn one leaked identity into all of them.",
    fix="name the roles, users, secrets or databases whose credentials the workload needs",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": '
        '"arn:aws:iam::111122223333:role/orders-reader"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    references=(
        Reference.OVERPRIVILEGED,
        Reference.SECRET_LEAKAGE,
        Reference.CREDENTIALS_MANAGED,
        Reference.ACCESS_MANAGED,
    ),
)
def credentials_of_others(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find actions that give credentials of others, on principals that are not named."""
    yield from on_resources_not_named((this,), facts, now)
