"""aws.unknown-action."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.aws_action import catalogue_source
from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.model import GrantDocument, PolicyKind
from nhi_components.facts.aws.traits import UNKNOWN_TO_AWS, traits_of
from nhi_components.rules.aws.statements import documents
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Level, Reference, Rule, RuleClass, rule


@rule(
    id="aws.unknown-action",
    rule_class=RuleClass.UNJUDGED,
    severity=Severity.LOW,
    about=(GrantDocument,),
    needs=UNKNOWN_TO_AWS,
    title="Every action that a policy names is one that AWS documents",
    why="What an action does that no data knows, no rule can tell: it is misspelt and has no effect, or it is new and "
    "grants something that was not judged.",
    fix="correct the spelling; if the action is new, bring the catalogue of actions up to date",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMesage", '
        '"Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", '
        '"Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    baseline=Level.ADVISORY,
)
def unknown_action(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find actions and patterns that cover nothing that AWS documents, in whichever statement."""
    expected = f"an action of the {catalogue_source()}"
    for document in documents(facts, now, frozenset(PolicyKind)):
        if document.traits & UNKNOWN_TO_AWS:
            for statement in document.statements:
                for element, texts in (("Action", statement.actions), ("NotAction", statement.not_actions or ())):
                    for text in texts:
                        if traits_of(text) & UNKNOWN_TO_AWS:
                            yield this.finding(document.resource, statement.place(element, text), text, expected)
