"""aws.pass-role."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.model import GrantDocument
from nhi_components.facts.aws.traits import PASSES_ROLE
from nhi_components.rules.aws.statements import on_resources_not_named
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="aws.pass-role",
    rule_class=RuleClass.PASS_ROLE,
    severity=Severity.HIGH,
    about=(GrantDocument,),
    needs=PASSES_ROLE,
    together=on_resources_not_named,
    expected="named roles",
    title="Every role that an identity may pass to a service is named",
    why="Who may pass any role to a service can have that service act with the permissions of the most "
    "powerful one. A condition on `iam:PassedToService` chooses the service, never the role.",
    fix="name the roles that the workload passes, and keep a condition on iam:PassedToService beside",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": '
        '"*", "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:PassRole", "Resource": '
        '"arn:aws:iam::111122223333:role/orders", "Condition": {"StringEquals": {"iam:PassedToService": '
        '"lambda.amazonaws.com"}}}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def pass_role(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find iam:PassRole on roles that are not named."""
    yield from on_resources_not_named((this,), facts, now)
