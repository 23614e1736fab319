"""github.workflow-write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts
from nhi_components.facts.github.model import WorkflowPermissions
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="github.workflow-write",
    rule_class=RuleClass.WRITE_WITHOUT_CONSTRAINT,
    severity=Severity.MEDIUM,
    about=(WorkflowPermissions,),
    title="The token of workflows writes nothing unless a workflow says so",
    why=(
        "With `write` as the default, every action of every workflow holds a token that changes code, releases "
        "and packages, also in the run that a pull request's dependency takes over."
    ),
    fix="set `read`, and let each job name the permissions that it uses",
    bad=Example(
        '{"type": "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions", "inputs": '
        '{"repository": "orders", "defaultWorkflowPermissions": "write"}}',
    ),
    good=Example(
        '{"type": "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions", "inputs": '
        '{"repository": "orders", "defaultWorkflowPermissions": "read"}}',
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("GitHub documentation, 'Controlling permissions for GITHUB_TOKEN'",),
)
def workflow_write(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find settings that let every workflow write."""
    for permissions in facts.of(WorkflowPermissions):
        if permissions.writes:
            yield this.finding(permissions.resource, "defaultWorkflowPermissions", "write", "read")
