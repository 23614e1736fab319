"""chain.doubtful-path."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts
from nhi_components.facts.chain.model import MOST_CHECKS, IdentityGraph
from nhi_components.facts.chain.search import search
from nhi_components.facts.chain.words import sentence
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Level, Reference, Rule, RuleClass, rule

_CALLER = (
    '{"urn": "orders-ci", "type": "aws:iam/role:Role", "inputs": {"name": "orders-ci", "assumeRolePolicy": "", '
    '"inlinePolicies": [{"policy": "{\\"Statement\\": [{\\"Effect\\": \\"Allow\\", \\"Action\\": '
    '\\"sts:AssumeRole\\", \\"Resource\\": \\"arn:aws:iam::111122223333:role/orders-deploy\\"}]}"}]}}'
)
_ADMINISTRATOR = (
    '{"urn": "orders-deploy", "type": "aws:iam/role:Role", "inputs": {"name": "orders-deploy", "assumeRolePolicy": %s, '
    '"managedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}}'
)
_UNKNOWN = '{"unknown": true}'
_OF_LAMBDA = (
    '"{\\"Statement\\": [{\\"Effect\\": \\"Allow\\", \\"Principal\\": {\\"Service\\": \\"lambda.amazonaws.com\\"}, '
    '\\"Action\\": \\"sts:AssumeRole\\"}]}"'
)


@rule(
    id="chain.doubtful-path",
    rule_class=RuleClass.UNJUDGED,
    severity=Severity.MEDIUM,
    about=(IdentityGraph,),
    baseline=Level.ADVISORY,
    title="Whether an identity can become an administrator is known",
    why="A trust, or the holder of a grant, takes its value from a resource that does not exist yet. What it will be "
    "decides whether there is a way to an administrator, and nothing has judged that so far.",
    fix="judge it again when the values are known, or write the names into the documents",
    bad=Example(f"[{_CALLER}, {_ADMINISTRATOR % _UNKNOWN}]"),
    good=Example(f"[{_CALLER}, {_ADMINISTRATOR % _OF_LAMBDA}]"),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
)
def doubtful_path(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find ways that hang on a value that is not known, grants without a known holder, and searches given up."""
    for graph in facts.of(IdentityGraph):
        found = search(graph, now)
        for path in found.paths():
            if not path.certain:
                got = sentence(graph, path)
                yield this.finding(path.start.resource, path.steps[0].place, got, "a trust that is known")
        for system in graph.systems:
            for grant in system.unlinked:
                got = f"a step to more privilege, granted to {grant.got}"
                yield this.finding(grant.resource, grant.path, got, "a holder that is known")
        if found.exhausted:
            got = f"more than {MOST_CHECKS:,} pairs of identities to try"
            fix = "judge the parts of the stack one by one, or name resources instead of patterns"
            yield this.finding(graph.resource, "", got, "a stack whose every path can be followed", fix=fix)
