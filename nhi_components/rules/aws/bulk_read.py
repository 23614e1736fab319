"""aws.bulk-read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.model import GrantDocument
from nhi_components.facts.aws.traits import READS_DATA
from nhi_components.rules.aws.statements import on_resources_not_named
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="aws.bulk-read",
    rule_class=RuleClass.EXFILTRATION,
    severity=Severity.HIGH,
    about=(GrantDocument,),
    needs=READS_DATA,
    together=on_resources_not_named,
    expected="data of named stores",
    title="No identity reads the data of every store",
    why="Reading objects, items, rows, secrets or snapshots on all resources is what an attacker does with a "
    "leaked key first: everything that the account holds can be copied out.",
    fix="name the buckets, tables, secrets or parameters that the workload reads",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": '
        '"arn:aws:s3:::orders/*"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.SECRET_LEAKAGE, Reference.ACCESS_MANAGED),
)
def bulk_read(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find actions that return data, on stores that are not named."""
    yield from on_resources_not_named((this,), facts, now)
