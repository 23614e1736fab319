"""aws.admin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.administration import administers
from nhi_components.facts.aws.model import GrantDocument, PolicyKind
from nhi_components.facts.aws.traits import WILDCARD
from nhi_components.rules.aws.statements import HELD, documents
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EXPECTED = "chosen actions on named resources"


@rule(
    id="aws.admin",
    rule_class=RuleClass.ADMIN,
    severity=Severity.CRITICAL,
    about=(GrantDocument,),
    needs=WILDCARD,
    title="No identity may do nearly everything",
    why="All or nearly all actions on all or nearly all resources is an administrator: who gets hold of its key gets "
    "hold of the account. A boundary that lets nearly everything through, escalation included, caps nothing.",
    fix="list the actions that the workload calls, and the resources on which it calls them",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], '
        '"Resource": "*"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", '
        '"Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def admin(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find documents that allow nearly all actions on resources that they do not name."""
    for document in documents(facts, now, HELD | {PolicyKind.BOUNDARY}):
        reason = administers(document)
        if reason is not None:
            place, got = reason
            yield this.finding(document.resource, place, got, _EXPECTED)
