"""gcp.broad-binding."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.model import Binding, Scope
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.gcp.breadth import could_be_scoped
from nhi_components.rules.gcp.grants import broad_bindings, is_basic, some
from nhi_components.rules.gcp.permissions import BULK_READS, DATA_PLANE
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


def _scopable(binding: Binding) -> tuple[str, ...]:
    """Give what could be bound on a resource; of a role that is made for viewing, only the reading of data."""
    scopable = could_be_scoped(binding.permissions)
    if binding.role.lower().endswith("viewer"):
        return tuple(name for name in scopable if name in BULK_READS or name in DATA_PLANE)
    return scopable


@rule(
    id="gcp.broad-binding",
    rule_class=RuleClass.RESOURCE_WILDCARD,
    severity=Severity.MEDIUM,
    about=(Binding,),
    title="A role that a single resource can be bound to is not bound on a project or more",
    why=(
        "Secrets, buckets, topics, service accounts, functions and many others have policies of their own. The same "
        "role on the project reaches all of them, those of other workloads and those of tomorrow."
    ),
    fix="bind the role on the resource itself, or narrow it by a condition on resource.name",
    bad=Example(
        '{"role": "roles/secretmanager.secretAccessor", '
        '"members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], "resource_type": "project"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    good=Example(
        '{"role": "roles/secretmanager.secretAccessor", '
        '"members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], "resource_type": "secret"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=(
        "Google Cloud IAM documentation, 'Resource types that accept allow policies'",
        "Google Cloud IAM documentation, 'Attribute reference for IAM Conditions'",
    ),
)
def broad_binding(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find bindings on projects, folders and organisations of roles that single resources take."""
    for binding in broad_bindings(facts):
        if binding.scope is Scope.NOT_TOLD:
            continue
        if is_basic(binding.role):
            got = f"{binding.role} on a {binding.scope}"
        elif scopable := _scopable(binding):
            got = f"{binding.role} on a {binding.scope}: {some(scopable)}"
        else:
            continue
        yield this.finding(binding.resource, binding.role_path, got, "the role on the resource that is used")
