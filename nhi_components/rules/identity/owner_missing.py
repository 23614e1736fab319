"""identity.owner-missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import UNKNOWN, Facts, Ownership
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.identity.governed import governed, label_of
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="identity.owner-missing",
    rule_class=RuleClass.METADATA,
    severity=Severity.HIGH,
    about=(Ownership,),
    title="Every governed identity names its owner",
    why="Nobody reviews, renews or removes an identity that belongs to nobody; it outlives its purpose.",
    fix="add the tag that names the owner",
    bad=Example(
        '{"type": "aws:iam/role:Role", "inputs": {"tags": {"nhi:managed-by": "nhi_components", '
        '"nhi:ends": "2099-01-01"}}}'
    ),
    good=Example(
        '{"type": "aws:iam/role:Role", "inputs": {"tags": {"nhi:managed-by": "nhi_components", '
        '"nhi:ends": "2099-01-01", "nhi:owner": "orders@example.com"}}}'
    ),
    references=(Reference.IMPROPER_OFFBOARDING, Reference.CREDENTIALS_MANAGED),
)
def owner_missing(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find governed resources of which neither they nor what encloses them names an owner."""
    for own, answering in governed(facts, config):
        labels = label_of(own, config, "owner"), label_of(answering, config, "owner")
        if not any(label is UNKNOWN or (label and label.strip()) for label in labels):
            expected = f"`{config.tags.owner}` with somebody who answers for it"
            yield this.finding(own.resource, own.path, "no owner", expected)
