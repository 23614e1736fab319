"""gcp.service-admin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.model import Binding, RoleDefinition
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.gcp.breadth import whole_services
from nhi_components.rules.gcp.grants import BASIC_ADMINS, basic_role, broad_bindings, definitions, some
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EXPECTED = "the permissions that the workload needs, on the resources that it uses"


def _services(binding: Binding) -> tuple[str, ...]:
    """Give the services that a binding hands over; the role named `admin` of a service does by its name."""
    found = whole_services(binding.permissions)
    service, _, level = binding.role.removeprefix("roles/").partition(".")
    if binding.role.startswith("roles/") and level.lower() == "admin":
        return (service, *(name for name in found if name != service))
    return found


@rule(
    id="gcp.service-admin",
    rule_class=RuleClass.SERVICE_WILDCARD,
    severity=Severity.HIGH,
    about=(
        Binding,
        RoleDefinition,
    ),
    title="Nobody is given every permission of a service on a project or more",
    why=(
        "roles/storage.admin on a project reads, deletes and publishes every bucket of it. A role with all "
        "permissions of a service is meant for people who run that service."
    ),
    fix="choose a narrower role of the service, or bind it on the one resource",
    bad=Example(
        '{"role": "roles/storage.admin", '
        '"members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], "resource_type": "project"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    good=Example(
        '{"role": "roles/storage.objectUser", '
        '"members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], "resource_type": "bucket"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Google Cloud IAM documentation, 'Predefined roles'",),
)
def service_admin(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find administrators of services on projects and more, and custom roles with whole services."""
    for binding in broad_bindings(facts):
        services = _services(binding)
        if services or basic_role(binding.role) in BASIC_ADMINS:
            got = f"{binding.role} on a {binding.scope}, all of {some(services) or 'every service'}"
            yield this.finding(binding.resource, binding.role_path, got, _EXPECTED)
    for role in definitions(facts):
        services = whole_services(role.permissions)
        if services:
            yield this.finding(role.resource, role.path, f"a custom role with all of {some(services)}", _EXPECTED)
