"""document.unjudged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Unjudged
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="document.unjudged",
    rule_class=RuleClass.UNJUDGED,
    severity=Severity.HIGH,
    about=(Unjudged,),
    title="Every document that grants something can be read",
    why="What no rule could read, no rule has judged: a key that stands twice hides a grant, a misspelt element means "
    "nothing to the judge and perhaps something to the cloud.",
    fix="write the document as its system documents it",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Action": "sqs:*", '
        '"Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", '
        '"Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def unjudged(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Report what readers could not understand."""
    for fact in facts.of(Unjudged):
        yield this.finding(fact.resource, fact.path, fact.got, fact.expected, fix=fact.fix)
