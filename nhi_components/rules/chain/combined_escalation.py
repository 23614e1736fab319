"""chain.combined-escalation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts
from nhi_components.facts.chain.model import IdentityGraph
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_SHOWN = 3
_ROLE = '{"urn": "orders", "type": "aws:iam/role:Role", "inputs": {"name": "orders", "assumeRolePolicy": ""}}'
_PASSES = (
    '{"urn": "passes", "type": "aws:iam/rolePolicy:RolePolicy", "inputs": {"role": "orders", "policy": '
    '"{\\"Statement\\": [{\\"Effect\\": \\"Allow\\", \\"Action\\": \\"iam:PassRole\\", \\"Resource\\": \\"%s\\"}]}"}}'
)
_RUNS = (
    '{"urn": "runs", "type": "aws:iam/rolePolicy:RolePolicy", "inputs": {"role": "orders", "policy": '
    '"{\\"Statement\\": [{\\"Effect\\": \\"Allow\\", \\"Action\\": \\"ec2:RunInstances\\", '
    '\\"Resource\\": \\"*\\"}]}"}}'
)


@rule(
    id="chain.combined-escalation",
    rule_class=RuleClass.ESCALATION,
    severity=Severity.CRITICAL,
    about=(IdentityGraph,),
    title="The documents of one identity open no way to more privilege together",
    why="An identity holds all of its documents at once: one that passes any role and one that starts instances are "
    "harmless apart, and together they are the permissions of every role.",
    fix="take one of the steps out of the documents, or name the principals and roles on which it is allowed",
    bad=Example(f"[{_ROLE}, {_PASSES % '*'}, {_RUNS}]"),
    good=Example(f"[{_ROLE}, {_PASSES % 'arn:aws:iam::111122223333:role/orders-worker'}, {_RUNS}]"),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("IAM user guide, Policy evaluation logic", "https://pathfinding.cloud"),
)
def combined_escalation(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find what no single document of an identity opens, but all of them do."""
    for graph in facts.of(IdentityGraph):
        for system in graph.systems:
            for found in system.combinations(now):
                got = f"{found.identity.name} may {_first(found.what)}: {_first(found.from_documents)}"
                expected = "no way to more than the documents say one by one"
                yield this.finding(found.identity.resource, found.place, got, expected)


def _first(texts: tuple[str, ...]) -> str:
    more = len(texts) - _SHOWN
    return "; ".join(texts[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
