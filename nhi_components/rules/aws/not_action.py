"""aws.not-action."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.model import GrantDocument
from nhi_components.facts.aws.traits import NOT_ACTION
from nhi_components.rules.aws.statements import GRANTING, allowing
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="aws.not-action",
    rule_class=RuleClass.NOT_ACTION,
    severity=Severity.CRITICAL,
    about=(GrantDocument,),
    needs=NOT_ACTION,
    title="No policy allows everything but a list of actions",
    why="Allow with NotAction grants every action of every service that the list forgets, and each new one. "
    "PowerUserAccess is built so.",
    fix="turn the list round: Allow with Action; to forbid something, use Deny",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "NotAction": "iam:*", '
        '"Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "NotAction": "sqs:SendMessage", "Resource": "*"}, '
        '{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def not_action(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find NotAction in statements that allow."""
    for document, statement in allowing(facts, now, GRANTING):
        if statement.not_actions is not None:
            place = f"{statement.path}.NotAction"
            yield this.finding(document.resource, place, "Allow with NotAction", "Allow with Action")
