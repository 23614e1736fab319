"""aws.wildcard-action."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.model import GrantDocument, PolicyKind, Statement
from nhi_components.facts.aws.patterns import has_wildcard
from nhi_components.facts.aws.permission import ALL_BUT
from nhi_components.facts.aws.traits import CHANGES, EVERY_OF_SERVICE, NEARLY_ALL, WILDCARD
from nhi_components.rules.aws.statements import GRANTING, documents, place_of
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EXPECTED = "actions named in full, such as `sqs:SendMessage`"


@rule(
    id="aws.wildcard-action",
    rule_class=RuleClass.ACTION_WILDCARD,
    severity=Severity.HIGH,
    about=(GrantDocument,),
    needs=WILDCARD,
    title="Every action that a policy allows, other than reads, is named in full",
    why="A wildcard in an action allows what nobody asked for, and every action that AWS adds later under that name. "
    "`sqs:*` deletes queues and opens them to others; `iam:*Policy*` rewrites its holder's own permissions. A pattern "
    "that covers nothing but reads, such as `sqs:Get*`, is another matter.",
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
    """Find patterns among the allowed actions that cover more than reads."""
    for document in documents(facts, now, GRANTING):
        if not document.permissions.traits & WILDCARD:
            continue
        for permission in document.permissions.each:
            if not permission.traits & WILDCARD or _hands_a_key_to_its_account(document, permission.statement):
                continue
            for text in permission.held(WILDCARD):
                traits = permission.traits_of(text)
                if traits & CHANGES and text is not ALL_BUT:
                    place = place_of(permission, text)
                    yield this.finding(document.resource, place, text, _EXPECTED, severity=_severity(traits))


def _severity(traits: int) -> Severity:
    if traits & NEARLY_ALL:
        return Severity.CRITICAL
    return Severity.HIGH if traits & EVERY_OF_SERVICE else Severity.MEDIUM


def _hands_a_key_to_its_account(document: GrantDocument, statement: Statement) -> bool:
    """Tell whether this is the statement without which nobody can manage a KMS key.

    Source: AWS KMS developer guide, 'Default key policy'.
    """
    if document.kind is not PolicyKind.RESOURCE or not statement.principals:
        return False
    if document.service != "kms" and statement.actions != ("kms:*",):
        return False
    return all(
        principal.kind == "AWS" and principal.text.endswith(":root") and not has_wildcard(principal.text)
        for principal in statement.principals
    )
