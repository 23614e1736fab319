"""gcp.account-federation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.conditions import Comparison
from nhi_components.facts.gcp.model import Federation, IdentityProvider
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_ROLES = frozenset(
    {"attribute.aws_role", "assertion.arn", "google.subject", "attribute.aws_ec2_instance", "attribute.arn"}
)
_STANDS_FOR_ALL = ("", "*", "arn:aws:sts::")


def _names_a_role(comparison: Comparison) -> bool:
    if comparison.subject not in _ROLES or comparison.operator in ("!=", "has", ""):
        return False
    return bool(comparison.values) and all(
        not value.endswith((":", "assumed-role/")) and value not in _STANDS_FOR_ALL for value in comparison.values
    )


@rule(
    id="gcp.account-federation",
    rule_class=RuleClass.TRUST,
    severity=Severity.HIGH,
    about=(IdentityProvider,),
    title="A provider for an AWS account admits named roles only",
    why="A provider of kind AWS trusts every identity of the account, whichever role or user it is.",
    fix="require the role: `attribute.aws_role == 'arn:aws:sts::111122223333:assumed-role/orders'`",
    bad=Example(
        '{"aws": {"accountId": "111122223333"}}',
        DocumentKind.TRUST_POLICY,
        Platform.GCP,
    ),
    good=Example(
        '{"aws": {"accountId": "111122223333"}, '
        '"attributeCondition": "attribute.aws_role == \'arn:aws:sts::111122223333:assumed-role/orders\'"}',
        DocumentKind.TRUST_POLICY,
        Platform.GCP,
    ),
    references=(Reference.INSECURE_AUTHENTICATION, Reference.AUTHENTICATED),
    sources=("Google Cloud IAM documentation, 'Configure Workload Identity Federation with AWS or Azure VMs'",),
)
def account_federation(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find providers that trust a whole AWS account."""
    for provider in facts.of(IdentityProvider):
        if provider.federation is not Federation.AWS or provider.disabled:
            continue
        if provider.condition is None or not provider.condition.requires(_names_a_role):
            place = provider.path if provider.condition is None else provider.condition.path
            got = f"every identity of AWS account {provider.issuer}"
            yield this.finding(provider.resource, place, got, "a condition on attribute.aws_role")
