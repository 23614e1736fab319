"""gcp.public-member."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.members import Kind, classify
from nhi_components.facts.gcp.model import Binding
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="gcp.public-member",
    rule_class=RuleClass.PUBLIC_PRINCIPAL,
    severity=Severity.CRITICAL,
    about=(Binding,),
    title="No binding is for everybody",
    why=(
        "allUsers is the whole internet, allAuthenticatedUsers everybody with a Google account: neither is somebody "
        "you know. A condition on the time or the resource keeps nobody out."
    ),
    fix="name the service accounts or groups that need it",
    bad=Example(
        '{"role": "roles/storage.objectViewer", "members": ["allUsers"], "resource_type": "bucket"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    good=Example(
        '{"role": "roles/storage.objectViewer", '
        '"members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], "resource_type": "bucket"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    references=(Reference.INSECURE_CLOUD_DEPLOYMENT, Reference.ACCESS_MANAGED),
    sources=("Google Cloud IAM documentation, 'Principal identifiers'",),
)
def public_member(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find bindings for allUsers and allAuthenticatedUsers."""
    for binding in facts.of(Binding):
        for member in binding.members:
            if classify(member.text).kind is Kind.PUBLIC:
                got = f"{member.text} with {binding.role}"
                yield this.finding(binding.resource, member.path, got, "named service accounts or groups")
