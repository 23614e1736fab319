"""gcp.credentials-exposure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.model import Binding, RoleDefinition, Scope
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.gcp.grants import bindings, broad_grants_beyond_viewing, definitions, some
from nhi_components.rules.gcp.permissions import ACCESS_VERSION, CREDENTIALS, CREDENTIALS_OF_ONE_ACCOUNT
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EXPECTED = "no credentials of others"


@rule(
    id="gcp.credentials-exposure",
    rule_class=RuleClass.CREDENTIALS_EXPOSURE,
    severity=Severity.HIGH,
    about=(
        Binding,
        RoleDefinition,
    ),
    title="No grant returns or creates credentials of others",
    why=(
        "Keys, tokens, signatures and secrets of another identity make its holder that identity, without a trace of "
        "who used it. Keys that are made stay when the grant has gone."
    ),
    fix="let the workload run as the identity that it needs, or grant the permission on the one account or secret",
    bad=Example(
        '{"role": "roles/iam.serviceAccountKeyAdmin", '
        '"members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], "resource_type": "project"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    good=Example(
        '{"role": "roles/iam.serviceAccountTokenCreator", '
        '"members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], '
        '"resource_type": "service_account"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    references=(Reference.SECRET_LEAKAGE, Reference.CREDENTIALS_MANAGED),
    sources=(
        "Google Cloud IAM documentation, 'Best practices for managing service account keys'",
        "https://github.com/iann0036/iam-dataset, gcp/tags.json",
    ),
)
def credentials_exposure(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find permissions that return or create credentials."""
    for grant in (*broad_grants_beyond_viewing(facts), *definitions(facts)):
        exposing = sorted(grant.permissions & CREDENTIALS)
        perhaps_its_own = exposing == [ACCESS_VERSION] and bool(grant.role) and not grant.surely_everywhere
        if exposing and not perhaps_its_own:
            yield this.finding(grant.resource, grant.path, f"{grant.of}: {some(exposing)}", _EXPECTED)
    for binding in bindings(facts):
        if binding.scope is Scope.SERVICE_ACCOUNT and (
            made := sorted(binding.permissions & CREDENTIALS_OF_ONE_ACCOUNT)
        ):
            got = f"{binding.role} on a service account: {some(made)}"
            yield this.finding(binding.resource, binding.role_path, got, _EXPECTED)
