"""gcp.infrastructure-write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.model import Binding
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.gcp.breadth import changes_of_infrastructure
from nhi_components.rules.gcp.grants import broad_grants, some
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="gcp.infrastructure-write",
    rule_class=RuleClass.WRITE_WITHOUT_CONSTRAINT,
    severity=Severity.MEDIUM,
    about=(Binding,),
    title="Nobody changes all infrastructure of a project",
    why=(
        "A role that creates, changes or deletes machines, databases, networks or queues does so to all of them when "
        "it is bound on a project or more: one mistake or one stolen token takes down what others run."
    ),
    fix="bind the role on single resources, or narrow it by a condition on resource.name or on tags",
    bad=Example(
        '{"role": "roles/compute.instanceAdmin.v1", '
        '"members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], "resource_type": "project"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    good=Example(
        '{"role": "roles/compute.viewer", '
        '"members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], "resource_type": "project"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=("Google Cloud IAM documentation, 'Attribute reference for IAM Conditions'",),
)
def infrastructure_write(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find bindings on projects and more that change infrastructure."""
    for grant in broad_grants(facts):
        if grant.surely_everywhere and (changes := changes_of_infrastructure(grant.permissions)):
            yield this.finding(grant.resource, grant.path, f"{grant.of}: {some(changes)}", "changes to named resources")
