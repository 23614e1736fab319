"""aws.wildcard-resource."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.model import GrantDocument
from nhi_components.facts.aws.traits import SCOPABLE
from nhi_components.rules.aws.statements import HELD, MOST_LOOKED_FOR, documents, listed
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="aws.wildcard-resource",
    rule_class=RuleClass.RESOURCE_WILDCARD,
    severity=Severity.HIGH,
    about=(GrantDocument,),
    needs=SCOPABLE,
    title="Every policy names the resources on which it allows actions",
    why="On `*`, on `arn:aws:logs:*:*:*` or on `role/*` an identity reaches every resource of its kind, those of "
    "others and those of tomorrow included. Actions that AWS defines without a resource are not meant: for them `*` is "
    "the only way.",
    fix="name the resources, or narrow them by a condition on a resource tag; split off actions that take no resource",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", '
        '"Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def wildcard_resource(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find statements that allow actions on all, or nearly all, resources."""
    for document in documents(facts, now, HELD):
        if not document.permissions.wide_traits & SCOPABLE:
            continue
        for permission in document.permissions.each:
            if permission.wide_traits & SCOPABLE:
                actions = listed(permission.held_widely(SCOPABLE, MOST_LOOKED_FOR))
                element = "NotResource" if permission.statement.not_resources is not None else "Resource"
                place = permission.statement.place(element, permission.wide[0])
                got = f"{listed(permission.wide)} for {actions}"
                yield this.finding(document.resource, place, got, "ARNs that name their resource")
