"""chain.path-to-admin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts
from nhi_components.facts.chain.model import IdentityGraph
from nhi_components.facts.chain.search import search
from nhi_components.facts.chain.words import sentence
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_TRUSTS_THE_CALLER = (
    '{"urn": "orders-deploy", "type": "aws:iam/role:Role", "inputs": {"name": "orders-deploy", "assumeRolePolicy": '
    '"{\\"Statement\\": [{\\"Effect\\": \\"Allow\\", \\"Principal\\": {\\"AWS\\": '
    '\\"arn:aws:iam::111122223333:role/%s\\"}, \\"Action\\": \\"sts:AssumeRole\\"}]}", '
    '"managedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}}'
)
_CALLER = (
    '{"urn": "orders-ci", "type": "aws:iam/role:Role", "inputs": {"name": "orders-ci", "assumeRolePolicy": '
    '"{\\"Statement\\": [{\\"Effect\\": \\"Allow\\", \\"Principal\\": {\\"Service\\": \\"codebuild.amazonaws.com\\"}, '
    '\\"Action\\": \\"sts:AssumeRole\\"}]}"}}'
)


@rule(
    id="chain.path-to-admin",
    rule_class=RuleClass.ESCALATION,
    severity=Severity.CRITICAL,
    about=(IdentityGraph,),
    title="No identity can become an administrator by way of others",
    why="Who may become another identity has its permissions, and those of all that it may become in turn. Each grant "
    "on the way looks harmless by itself; together they are those of the last one.",
    fix="break the first step: take the trust or the permission away that makes it possible, or let the last identity "
    "do less",
    bad=Example(f"[{_CALLER}, {_TRUSTS_THE_CALLER % 'orders-ci'}]"),
    good=Example(f"[{_CALLER}, {_TRUSTS_THE_CALLER % 'release'}]"),
    references=(Reference.OVERPRIVILEGED, Reference.ENVIRONMENT_ISOLATION, Reference.ACCESS_MANAGED),
    sources=(
        "https://pathfinding.cloud",
        "https://github.com/nccgroup/PMapper",
        "IAM user guide, Policy evaluation logic",
    ),
)
def path_to_admin(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find identities that can become an administrator, or as good as one, in steps that are certain."""
    expected = "no way to the permissions of an administrator"
    for graph in facts.of(IdentityGraph):
        for path in search(graph, now).paths():
            if path.certain and (path.steps or not path.power.told):
                place = path.steps[0].place if path.steps else path.power.place
                yield this.finding(path.start.resource, place, sentence(graph, path), expected)
