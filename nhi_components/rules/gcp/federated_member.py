"""gcp.federated-member."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.members import Kind, classify
from nhi_components.facts.gcp.model import Binding
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.gcp.claims import SHARED_ATTRIBUTES
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_CLUSTERS = "kubernetes.cluster/"


def _is_broad(identities: str) -> bool:
    """Judge what follows the name of the pool: `*`, `subject/…`, `group/…`, `attribute.name/value`, `namespace/…`."""
    kind, _, value = identities.partition("/")
    if identities.strip("/") == "*" or "*" in value or identities.startswith(_CLUSTERS):
        return True
    return kind.removeprefix("attribute.").lower() in SHARED_ATTRIBUTES or (kind != "*" and "*" in kind)


@rule(
    id="gcp.federated-member",
    rule_class=RuleClass.OIDC_TRUST,
    severity=Severity.HIGH,
    about=(Binding,),
    title="A binding for federated identities names the workload",
    why=(
        "A member that ends in `/*` is everybody whom a pool lets in; attribute.repository_owner is every repository "
        "of an owner. The workload that needs the role is one of them."
    ),
    fix="use `principal://…/subject/…`, or an attribute that names the workload, such as attribute.repository",
    bad=Example(
        '{"role": "roles/iam.workloadIdentityUser", '
        '"members": ["principalSet://iam.googleapis.com/projects/111122223333/locations/'
        'global/workloadIdentityPools/ci/*"], '
        '"resource_type": "service_account"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    good=Example(
        '{"role": "roles/iam.workloadIdentityUser", '
        '"members": ["principalSet://iam.googleapis.com/projects/111122223333/locations/'
        'global/workloadIdentityPools/ci/attribute.repository/org/app"], '
        '"resource_type": "service_account"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    references=(Reference.INSECURE_AUTHENTICATION, Reference.AUTHENTICATED),
    sources=(
        "Google Cloud IAM documentation, 'Principal identifiers'",
        "Google Cloud IAM documentation, 'Best practices for using Workload Identity Federation'",
    ),
)
def federated_member(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find bindings for whole identity pools and for attributes that many workloads share."""
    for binding in facts.of(Binding):
        for member in binding.members:
            known = classify(member.text)
            if known.kind is Kind.FEDERATED and _is_broad(known.detail):
                got = f"{member.text} with {binding.role}"
                yield this.finding(binding.resource, member.path, got, "identities of one workload")
