"""aws.trusted-service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.conditions import narrows_callers, narrows_to_principals
from nhi_components.facts.aws.model import GrantDocument, PolicyKind, Principal
from nhi_components.facts.aws.traits import ADMITS_CALLERS
from nhi_components.facts.aws.trusting import ACTS_FOR_OTHERS
from nhi_components.rules.aws.statements import ADMITTING, allowing
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EXPECTED = "a condition on aws:SourceArn or aws:SourceAccount"


@rule(
    id="aws.trusted-service",
    rule_class=RuleClass.TRUST,
    severity=Severity.MEDIUM,
    about=(GrantDocument,),
    needs=ADMITS_CALLERS,
    title="A service that acts for many accounts is trusted only when it acts for this one",
    why="A service acts for whoever asks it. Without a condition on the source, anybody's topic, bucket or rule can "
    "make the service call this resource: the confused deputy.",
    fix="add a condition on aws:SourceArn, or at least on aws:SourceAccount",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, '
        '"Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}]}',
        DocumentKind.RESOURCE_POLICY,
        context={"service": "sqs"},
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, '
        '"Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:111122223333:orders", '
        '"Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:eu-west-1:111122223333:orders"}}}]}',
        DocumentKind.RESOURCE_POLICY,
        context={"service": "sqs"},
    ),
    references=(Reference.INSECURE_AUTHENTICATION, Reference.AUTHENTICATED),
    sources=("IAM user guide, Cross-service confused deputy prevention",),
)
def trusted_service(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find service principals without a condition on whom the service acts for."""
    for document, statement in allowing(facts, now, ADMITTING):
        if narrows_callers(statement.conditions) or narrows_to_principals(statement.conditions):
            continue
        for principal in statement.principals:
            if principal.kind == "Service" and _needs_a_source(document, principal):
                yield this.finding(document.resource, principal.path, principal.text, _EXPECTED)


def _needs_a_source(document: GrantDocument, principal: Principal) -> bool:
    if document.kind is PolicyKind.RESOURCE:
        return True
    return principal.text.lower().partition(".amazonaws.")[0] in ACTS_FOR_OTHERS
