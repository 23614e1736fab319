"""github.workflow-approval."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts
from nhi_components.facts.github.model import WorkflowPermissions
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="github.workflow-approval",
    rule_class=RuleClass.ESCALATION,
    severity=Severity.HIGH,
    about=(WorkflowPermissions,),
    title="No workflow approves pull requests",
    why=(
        "A workflow that may approve pull requests approves its own: whoever changes a workflow gets around the "
        "review that a protected branch asks for."
    ),
    fix="set `canApprovePullRequestReviews` to false",
    bad=Example(
        '{"type": "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions", "inputs": '
        '{"repository": "orders", "canApprovePullRequestReviews": true}}',
    ),
    good=Example(
        '{"type": "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions", "inputs": '
        '{"repository": "orders", "canApprovePullRequestReviews": false}}',
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("GitHub documentation, 'Preventing GitHub Actions from creating or approving pull requests'",),
)
def workflow_approval(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find settings that let workflows approve pull requests."""
    for permissions in facts.of(WorkflowPermissions):
        if permissions.approves:
            yield this.finding(permissions.resource, "canApprovePullRequestReviews", "true", "false")
