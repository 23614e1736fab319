"""gcp.default-account-binding."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.members import Kind, classify, default_account
from nhi_components.facts.gcp.model import Binding
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.gcp.grants import is_basic
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_POSSIBLE = frozenset({Kind.DEFAULT_ACCOUNT, Kind.UNKNOWN})
"""A member without `serviceAccount:` is of unknown kind, and meant all the same."""


@rule(
    id="gcp.default-account-binding",
    rule_class=RuleClass.DEFAULT_ACCOUNT,
    severity=Severity.HIGH,
    about=(Binding,),
    title="No role is given to a default service account",
    why=(
        "Every machine, function and build of a project that names no account runs as a default one. What it is "
        "given, all of them are given, and nobody can tell which of them used it."
    ),
    fix="make a service account for the workload, and bind the role to that",
    bad=Example(
        '{"role": "roles/storage.objectViewer", '
        '"members": ["serviceAccount:111122223333-compute@developer.gserviceaccount.com"], '
        '"resource_type": "bucket"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    good=Example(
        '{"role": "roles/storage.objectViewer", '
        '"members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], "resource_type": "bucket"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    references=(Reference.REUSE, Reference.ACCESS_MANAGED),
    sources=("Google Cloud IAM documentation, 'Service account types: Default service accounts'",),
)
def default_account_binding(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find bindings for default service accounts."""
    for binding in facts.of(Binding):
        for member in binding.members:
            account = default_account(member.text)
            if account and classify(member.text).kind in _POSSIBLE:
                severity = Severity.CRITICAL if is_basic(binding.role) else None
                got = f"{account} with {binding.role}"
                yield this.finding(
                    binding.resource, member.path, got, "an account of the workload's own", severity=severity
                )
