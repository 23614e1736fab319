"""document.not-yet-known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import UNKNOWN, DeclaredGrants, DocumentKind, Facts, NotYetKnown, Ownership
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.identity.governed import is_governed, label_of
from nhi_components.rules.registry import Example, Level, Reference, Rule, RuleClass, rule

_EXPECTED = "a document that is known at preview, or a component that declares its grants"


@rule(
    id="document.not-yet-known",
    rule_class=RuleClass.UNJUDGED,
    severity=Severity.MEDIUM,
    about=(NotYetKnown, Ownership),
    title="Every document that grants something is known at preview",
    why="A document that takes a value from a resource yet to be made is unknown as a whole, so that a preview cannot "
    "judge it. It is judged before it is created, when a part of the stack exists already. Documents below a component "
    "that declares its grants pass: there the actions are known.",
    fix="build ARNs from plain names, or use a component that declares its grants",
    bad=Example('{"type": "aws:iam/policy:Policy", "inputs": {"policy": {"unknown": true}}}'),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", '
        '"Resource": "arn:aws:sqs:eu-west-1:111122223333:orders"}]}',
        DocumentKind.POLICY_DOCUMENT,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    baseline=Level.ADVISORY,
)
def not_yet_known(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Report what is not known yet, unless an enclosing component declares it."""
    for fact in facts.of(NotYetKnown):
        if not any(declared.complete for declared in facts.enclosing(fact.resource, DeclaredGrants)):
            yield this.finding(fact.resource, fact.path, f"a {fact.subject} that is not known yet", _EXPECTED)
    for ownership in facts.of(Ownership):
        if is_governed(ownership, config):
            for name in ("owner", "ends"):
                if label_of(ownership, config, name) is UNKNOWN:
                    expected = "an owner and an end date that are known at preview"
                    fix = "write them as plain values"
                    yield this.finding(ownership.resource, ownership.path, f"no `{name}` as yet", expected, fix=fix)
