"""grants.undeclared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DeclaredGrants, Facts
from nhi_components.facts.aws.model import GrantDocument, PolicyKind
from nhi_components.facts.values import Located
from nhi_components.facts.vault.model import VaultPolicyDocument
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_OF_EVERY_COMPONENT: Final = frozenset({"secretsmanager:describesecret", "secretsmanager:getsecretvalue", "read"})
"""What a component grants without being told: reading the identity's own secret."""

_COMPONENT = (
    '{"type": "nhi:aws:WorkloadIdentity", "urn": "component", "inputs": '
    '{"grants": [{"actions": ["sqs:SendMessage"], "targets": ["arn:aws:sqs:eu-west-1:111122223333:orders"]}]}}'
)


@rule(
    id="grants.undeclared",
    rule_class=RuleClass.UNJUDGED,
    severity=Severity.HIGH,
    about=(GrantDocument, VaultPolicyDocument),
    title="A component's documents grant what the component declares, and no more",
    why="A document that is unknown at preview passes on the strength of the grants that its component declares. Once "
    "it is known it must keep that promise, or the preview has judged something else than what is created.",
    fix="declare the action among the component's grants, or take the document out of the component",
    bad=Example(
        '{"type": "aws:iam/rolePolicy:RolePolicy", "parent": "component", "inputs": {"policy": '
        '{"Statement": {"Effect": "Allow", "Action": "sqs:DeleteQueue", '
        '"Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}}}}',
        around=_COMPONENT,
    ),
    good=Example(
        '{"type": "aws:iam/rolePolicy:RolePolicy", "parent": "component", "inputs": {"policy": '
        '{"Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", '
        '"Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}}}}',
        around=_COMPONENT,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def undeclared(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find actions in documents below a component that the component does not declare."""
    policies = facts.of(VaultPolicyDocument)
    documents: tuple[GrantDocument | VaultPolicyDocument, ...] = (*facts.of(GrantDocument), *policies)
    for document in documents:
        declared = next(facts.enclosing(document.resource, DeclaredGrants), None)
        if declared is None or not declared.complete:
            continue
        for action in _granted(document):
            if action.text.lower() not in declared.actions | _OF_EVERY_COMPONENT:
                expected = f"what {declared.resource.name} declares: {', '.join(sorted(declared.actions)) or 'nothing'}"
                yield this.finding(document.resource, action.path, action.text, expected)


def _granted(document: GrantDocument | VaultPolicyDocument) -> Iterator[Located]:
    if isinstance(document, VaultPolicyDocument):
        for path_rule in document.rules:
            yield from path_rule.capabilities if path_rule.granted else ()
    elif document.kind is PolicyKind.IDENTITY:
        for statement in document.statements:
            if statement.allows:
                yield from (Located(text, statement.place("Action", text)) for text in statement.actions)
