"""aws.escalation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.escalating import methods_open_to
from nhi_components.facts.aws.model import GrantDocument
from nhi_components.rules.aws.statements import HELD, documents, listed
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="aws.escalation",
    rule_class=RuleClass.ESCALATION,
    severity=Severity.CRITICAL,
    about=(GrantDocument,),
    title="No identity can give itself more than it was given",
    why="Some permissions, alone or together, are a way to others: rewriting a policy, becoming another role, running "
    "code under a role that a service holds. What the policy says is then not what its holder can do.",
    fix="take away one of the actions, name the principals and roles on which they are allowed, or ask for a "
    "permissions boundary by a condition on iam:PermissionsBoundary",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:CreatePolicyVersion", '
        '"Resource": "*"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:GetPolicyVersion", '
        '"Resource": "arn:aws:iam::111122223333:policy/orders"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=(
        "Rhino Security Labs, AWS IAM privilege escalation: methods and mitigation",
        "https://pathfinding.cloud",
        "https://github.com/nccgroup/PMapper",
    ),
)
def escalation(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find documents that open a known way to more privilege."""
    for document in documents(facts, now, HELD):
        methods = methods_open_to(document)
        if methods:
            got = listed([method.name for method in methods])
            place = f"{document.path}.Statement" if document.path else "Statement"
            yield this.finding(document.resource, place, got, "no way to more than the policy says")
