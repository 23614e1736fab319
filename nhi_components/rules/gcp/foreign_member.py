"""gcp.foreign-member."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.members import project_of
from nhi_components.facts.gcp.model import Binding
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="gcp.foreign-member",
    rule_class=RuleClass.TRUST,
    severity=Severity.HIGH,
    about=(Binding,),
    title="No binding is for a service account of another project, unless that is intended",
    why=(
        "A service account of a project that is not yours is run, and given away, by people whom you do not know. It "
        "acts for whoever asks them: a confused deputy that nothing of yours can tell apart."
    ),
    fix="let the other side federate its identity into an account of yours, under a condition; or name an exception",
    bad=Example(
        '{"role": "roles/storage.objectViewer", '
        '"members": ["serviceAccount:sync@vendor-prod.iam.gserviceaccount.com"], "resource_type": "bucket"}',
        DocumentKind.BINDING,
        Platform.GCP,
        context={"project": "my-project"},
    ),
    good=Example(
        '{"role": "roles/storage.objectViewer", '
        '"members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], "resource_type": "bucket"}',
        DocumentKind.BINDING,
        Platform.GCP,
        context={"project": "my-project"},
    ),
    references=(Reference.VULNERABLE_THIRD_PARTY, Reference.ACCESS_MANAGED),
    sources=("Google Cloud IAM documentation, 'Principal identifiers'",),
)
def foreign_member(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find service accounts of other projects, where it is told which project it is about."""
    for binding in facts.of(Binding):
        for member in binding.members if binding.project else ():
            project = project_of(member.text)
            if project and project != binding.project:
                got = f"{member.text} of project {project} with {binding.role}"
                yield this.finding(binding.resource, member.path, got, f"service accounts of {binding.project}")
