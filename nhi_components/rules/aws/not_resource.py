"""aws.not-resource."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.model import GrantDocument
from nhi_components.facts.aws.traits import NOT_RESOURCE
from nhi_components.rules.aws.statements import GRANTING, allowing
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="aws.not-resource",
    rule_class=RuleClass.NOT_RESOURCE,
    severity=Severity.HIGH,
    about=(GrantDocument,),
    needs=NOT_RESOURCE,
    title="No policy allows actions on everything but a list of resources",
    why="Allow with NotResource grants the actions on every resource that the list forgets, and on each new one.",
    fix="turn the list round: Allow with Resource; to protect a resource, use Deny",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", '
        '"NotResource": "arn:aws:s3:::payroll/*"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", '
        '"Resource": "arn:aws:s3:::orders/*"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def not_resource(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find NotResource in statements that allow."""
    for document, statement in allowing(facts, now, GRANTING):
        if statement.not_resources is not None:
            place = f"{statement.path}.NotResource"
            yield this.finding(document.resource, place, "Allow with NotResource", "Allow with Resource")
