"""aws.wildcard-resource."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.aws_action import takes_no_resource
from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.conditions import narrows_resources
from nhi_components.facts.aws.model import GrantDocument, Statement
from nhi_components.facts.aws.patterns import names_nearly_everything
from nhi_components.rules.aws.statements import HELD, allowing
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_SHOWN_ACTIONS = 3


@rule(
    id="aws.wildcard-resource",
    rule_class=RuleClass.RESOURCE_WILDCARD,
    severity=Severity.HIGH,
    about=(GrantDocument,),
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
    for document, statement in allowing(facts, HELD):
        wide = [resource for resource in statement.resources if names_nearly_everything(resource.text)]
        if not wide or _needs_no_resource(statement) or narrows_resources(statement.conditions):
            continue
        actions = _scopable(statement)
        for resource in wide:
            yield this.finding(
                document.resource, resource.path, f"{resource.text} for {actions}", "ARNs that name their resource"
            )


def _needs_no_resource(statement: Statement) -> bool:
    if statement.not_actions is not None:
        return False
    return all(takes_no_resource(action.text) for action in statement.actions)


def _scopable(statement: Statement) -> str:
    if statement.not_actions is not None:
        return "all actions but those in NotAction"
    actions = [action.text for action in statement.actions if not takes_no_resource(action.text)]
    more = len(actions) - _SHOWN_ACTIONS
    return ", ".join(actions[:_SHOWN_ACTIONS]) + (f" and {more} more" if more > 0 else "")
