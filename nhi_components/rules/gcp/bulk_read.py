"""gcp.bulk-read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.model import Binding
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.gcp.grants import broad_grants_beyond_viewing, some
from nhi_components.rules.gcp.permissions import BULK_READS
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="gcp.bulk-read",
    rule_class=RuleClass.EXFILTRATION,
    severity=Severity.HIGH,
    about=(Binding,),
    title="Nobody reads the data of every resource of a project",
    why=(
        "One stolen credential copies every bucket, table, queue or secret of the project, or of all projects below a "
        "folder or an organisation."
    ),
    fix="bind the role on the bucket, dataset, subscription or secret that is read",
    bad=Example(
        '{"role": "roles/storage.objectViewer", '
        '"members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], "resource_type": "project"}',
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
        "Google Cloud IAM documentation, 'IAM permissions reference'",
        "https://github.com/iann0036/iam-dataset, gcp/tags.json",
    ),
)
def bulk_read(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find bindings on projects and more that read data in bulk."""
    for grant in broad_grants_beyond_viewing(facts):
        if grant.surely_everywhere and (reads := sorted(grant.permissions & BULK_READS)):
            yield this.finding(grant.resource, grant.path, f"{grant.of}: {some(reads)}", "reads of named resources")
