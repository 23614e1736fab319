"""gcp.broad-member."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.members import Kind, classify
from nhi_components.facts.gcp.model import Binding
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_WIDE = frozenset({Kind.ORGANISATION, Kind.CONSUMER})


@rule(
    id="gcp.broad-member",
    rule_class=RuleClass.TRUST,
    severity=Severity.MEDIUM,
    about=(Binding,),
    title="No binding is for a whole organisation, a whole project or a private account",
    why=(
        "domain:… is everybody of an organisation, and principal sets of projects, folders and organisations are "
        "every workload in them. Accounts at gmail.com belong to nobody's organisation: no policy, no log and no "
        "leaving procedure reaches them."
    ),
    fix="name the service accounts or groups that need it",
    bad=Example(
        '{"role": "roles/storage.objectViewer", "members": ["domain:example.com"], "resource_type": "bucket"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    good=Example(
        '{"role": "roles/storage.objectViewer", '
        '"members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], "resource_type": "bucket"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    references=(Reference.VULNERABLE_THIRD_PARTY, Reference.ACCESS_MANAGED),
    sources=(
        "Google Cloud IAM documentation, 'Principal identifiers'",
        "CIS Google Cloud Platform Foundation Benchmark, 'Ensure that corporate login credentials are used'",
    ),
)
def broad_member(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find bindings for whole organisations and for private accounts."""
    for binding in facts.of(Binding):
        for member in binding.members:
            if classify(member.text).kind in _WIDE:
                got = f"{member.text} with {binding.role}"
                yield this.finding(binding.resource, member.path, got, "named service accounts or groups")
