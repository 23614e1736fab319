"""aws.whole-service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.model import GrantDocument
from nhi_components.facts.aws.traits import EVERY_OF_SERVICE
from nhi_components.rules.aws.statements import on_resources_not_named
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="aws.whole-service",
    rule_class=RuleClass.SERVICE_WILDCARD,
    severity=Severity.HIGH,
    about=(GrantDocument,),
    needs=EVERY_OF_SERVICE,
    together=on_resources_not_named,
    expected="chosen actions on named resources",
    title="No identity holds a whole service",
    why="Every action of a service on every resource is the administrator of that service: it deletes, opens to others "
    "and reads whatever anybody keeps there.",
    fix="list the actions that the workload calls, and the resources on which it calls them",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", '
        '"Resource": "arn:aws:s3:::orders/*"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def whole_service(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find patterns that cover all actions of a service, on resources that are not named."""
    yield from on_resources_not_named((this,), facts, now)
