"""aws.unconstrained-write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.model import GrantDocument
from nhi_components.facts.aws.traits import SCOPABLE_CHANGE
from nhi_components.rules.aws.statements import on_resources_not_named
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="aws.unconstrained-write",
    rule_class=RuleClass.WRITE_WITHOUT_CONSTRAINT,
    severity=Severity.MEDIUM,
    about=(GrantDocument,),
    needs=SCOPABLE_CHANGE,
    together=on_resources_not_named,
    expected="named resources",
    title="No identity changes resources that it does not name",
    why="Actions that create, change or delete, on all resources although they could be scoped, reach the "
    "infrastructure of everybody in the account.",
    fix="name the resources, or narrow them by a condition on a resource tag",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:DeleteTable", '
        '"Resource": "*"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:DeleteTable", '
        '"Resource": "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def unconstrained_write(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find actions that change resources, on resources that are not named."""
    yield from on_resources_not_named((this,), facts, now)
