"""aws.admin-managed-policy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts
from nhi_components.facts.aws.model import ManagedPolicyAttachment
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_OWNED_BY_AWS = ":iam::aws:policy/"
_ADMINISTRATORS = frozenset({"AdministratorAccess", "IAMFullAccess", "PowerUserAccess"})
"""All actions; all of IAM, thus all actions at one remove; all but IAM (AWS managed policy reference guide)."""

_EXPECTED = "a policy of your own that names actions and resources"


@rule(
    id="aws.admin-managed-policy",
    rule_class=RuleClass.ADMIN,
    severity=Severity.HIGH,
    about=(ManagedPolicyAttachment,),
    title="No identity holds an AWS managed policy for administrators",
    why="AdministratorAccess, PowerUserAccess, IAMFullAccess and the `…FullAccess` policies of services are written "
    "for people who administer; they allow all actions on all resources, and AWS extends them without asking.",
    fix="attach a policy that lists what the workload calls",
    bad=Example(
        '{"type": "aws:iam/rolePolicyAttachment:RolePolicyAttachment", '
        '"inputs": {"role": "orders", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}}'
    ),
    good=Example(
        '{"type": "aws:iam/rolePolicyAttachment:RolePolicyAttachment", '
        '"inputs": {"role": "orders", "policyArn": "arn:aws:iam::111122223333:policy/orders-send"}}'
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def admin_managed_policy(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find attachments of AWS managed policies that allow everything, or everything of a service."""
    for attachment in facts.of(ManagedPolicyAttachment):
        _, owned_by_aws, path = attachment.arn.partition(_OWNED_BY_AWS)
        name = path.rpartition("/")[2]
        if owned_by_aws and (name in _ADMINISTRATORS or "FullAccess" in name or "AdministratorAccess" in name):
            severity = Severity.CRITICAL if name in _ADMINISTRATORS else Severity.HIGH
            yield this.finding(attachment.resource, attachment.path, attachment.arn, _EXPECTED, severity=severity)
