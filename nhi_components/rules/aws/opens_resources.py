"""aws.opens-resources."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.model import GrantDocument
from nhi_components.facts.aws.traits import CHANGES_ACCESS
from nhi_components.rules.aws.statements import on_resources_not_named
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="aws.opens-resources",
    rule_class=RuleClass.RESOURCE_EXPOSURE,
    severity=Severity.HIGH,
    about=(GrantDocument,),
    needs=CHANGES_ACCESS,
    together=on_resources_not_named,
    expected="named resources",
    title="No identity changes who may access every resource",
    why="Actions that change resource policies, shares, grants or the permissions of principals, on all "
    "resources, can open anything to anybody.",
    fix="name the resources whose permissions the workload manages",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutBucketPolicy", '
        '"Resource": "*"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutBucketPolicy", '
        '"Resource": "arn:aws:s3:::orders"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def opens_resources(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find actions that change who may access a resource, on resources that are not named."""
    yield from on_resources_not_named((this,), facts, now)
