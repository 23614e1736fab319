"""gcp.policy-edit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.model import Binding, RoleDefinition, Scope
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.gcp.breadth import exposures
from nhi_components.rules.gcp.grants import bindings, definitions, permissions_in_effect, reaches_everything, some
from nhi_components.rules.gcp.permissions import OBJECT_POLICIES
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EXPECTED = "no permission to set policies"


@rule(
    id="gcp.policy-edit",
    rule_class=RuleClass.RESOURCE_EXPOSURE,
    severity=Severity.HIGH,
    about=(
        Binding,
        RoleDefinition,
    ),
    title="No workload changes who may reach a resource",
    why=(
        "Who sets the policy of a resource opens it to anybody, allUsers among them, and gives itself what it was not "
        "given."
    ),
    fix="leave setIamPolicy to the pipeline that deploys policies; give a role without it",
    bad=Example(
        '{"title": "Deployer", "includedPermissions": ["storage.buckets.get", "storage.buckets.setIamPolicy"]}',
        DocumentKind.ROLE_DEFINITION,
        Platform.GCP,
    ),
    good=Example(
        '{"title": "Deployer", "includedPermissions": ["storage.buckets.get", "storage.buckets.getIamPolicy"]}',
        DocumentKind.ROLE_DEFINITION,
        Platform.GCP,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Google Cloud IAM documentation, 'Allow policies'",),
)
def policy_edit(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find permissions that set policies, on any resource."""
    for role in definitions(facts):
        if editing := exposures(role.permissions):
            yield this.finding(role.resource, role.path, f"{role.of}: {some(editing)}", _EXPECTED)
    for binding in bindings(facts):
        editing = exposures(permissions_in_effect(binding))
        if binding.scope is Scope.NOT_TOLD or not reaches_everything(binding):
            editing = tuple(name for name in editing if name not in OBJECT_POLICIES)
        if editing:
            got = f"{binding.role} on a {binding.scope}: {some(editing)}"
            yield this.finding(binding.resource, binding.role_path, got, _EXPECTED)
