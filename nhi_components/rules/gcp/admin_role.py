"""gcp.admin-role."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.model import Binding, RoleDefinition
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.gcp.breadth import is_nearly_everything
from nhi_components.rules.gcp.grants import (
    BASIC_ADMINS,
    basic_role,
    bindings,
    definitions,
    edits_policies,
)
from nhi_components.rules.gcp.methods import POLICY_ADMINS
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EXPECTED = "roles for what the workload does"


@rule(
    id="gcp.admin-role",
    rule_class=RuleClass.ADMIN,
    severity=Severity.CRITICAL,
    about=(
        Binding,
        RoleDefinition,
    ),
    title="Nobody is given a whole project, folder or organisation",
    why=(
        "roles/owner and roles/editor hold nearly every permission of every service, and keep those that Google adds "
        "later. Who edits the policy of a whole project, folder or organisation gives itself the rest."
    ),
    fix="give predefined or custom roles for what the workload does, on the resources that it uses",
    bad=Example(
        '{"role": "roles/editor", "members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], '
        '"resource_type": "project"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    good=Example(
        '{"role": "roles/storage.objectViewer", '
        '"members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], "resource_type": "bucket"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=(
        "Google Cloud IAM documentation, 'Basic roles'",
        "Google Cloud IAM documentation, 'Use IAM securely'",
    ),
)
def admin_role(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find basic roles that change things, administrators of policies, and custom roles as wide as those."""
    for binding in bindings(facts):
        if basic_role(binding.role) in BASIC_ADMINS or is_nearly_everything(binding.permissions):
            yield this.finding(binding.resource, binding.role_path, binding.role, _EXPECTED)
        elif binding.role in POLICY_ADMINS and edits_policies(binding):
            got = f"{binding.role} on a {binding.scope}"
            yield this.finding(binding.resource, binding.role_path, got, _EXPECTED, severity=Severity.HIGH)
    for role in definitions(facts):
        if is_nearly_everything(role.permissions):
            got = f"a custom role with {len(role.permissions):,} permissions"
            yield this.finding(role.resource, role.path, got, _EXPECTED)
