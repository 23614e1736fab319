"""aws.wildcard-action."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.model import GrantDocument, PolicyKind, Statement
from nhi_components.facts.aws.patterns import has_wildcard, is_every_action, is_every_action_of_a_service
from nhi_components.rules.aws.statements import GRANTING, allowing
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="aws.wildcard-action",
    rule_class=RuleClass.ACTION_WILDCARD,
    severity=Severity.HIGH,
    about=(GrantDocument,),
    title="Every action that a policy allows is named in full",
    why="A wildcard in an action allows what nobody asked for, and every action that AWS adds later under that name. "
    "`sqs:*` deletes queues and opens them to others; `iam:*Policy*` rewrites its holder's own permissions.",
    fix="list the actions that the workload calls",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", '
        '"Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sqs:SendMessage"], '
        '"Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def wildcard_action(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find wildcards in the actions of statements that allow."""
    for document, statement in allowing(facts, GRANTING):
        for action in statement.actions:
            if has_wildcard(action.text) and not _hands_a_key_to_its_account(document, statement):
                yield this.finding(
                    document.resource,
                    action.path,
                    action.text,
                    "actions named in full, such as `sqs:SendMessage`",
                    severity=_severity(action.text),
                )


def _severity(action: str) -> Severity:
    if is_every_action(action):
        return Severity.CRITICAL
    return Severity.HIGH if is_every_action_of_a_service(action) else Severity.MEDIUM


def _hands_a_key_to_its_account(document: GrantDocument, statement: Statement) -> bool:
    """Tell whether this is the statement without which nobody can manage a KMS key.

    Source: AWS KMS developer guide, 'Default key policy'.
    """
    if document.kind is not PolicyKind.RESOURCE or document.service != "kms" or not statement.principals:
        return False
    return all(
        principal.kind == "AWS" and principal.text.endswith(":root") and not has_wildcard(principal.text)
        for principal in statement.principals
    )
