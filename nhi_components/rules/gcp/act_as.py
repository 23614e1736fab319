"""gcp.act-as."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.model import Binding, RoleDefinition
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.gcp.grants import broad_grants, definitions
from nhi_components.rules.gcp.permissions import ACT_AS
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EVERY_ACCOUNT = frozenset({"roles/iam.serviceAccountTokenCreator", "roles/iam.workloadIdentityUser"})
"""Made to act as an account by its tokens; bound on a project or more, as any account there.

Source: IAM documentation, 'Service account roles'.
"""


@rule(
    id="gcp.act-as",
    rule_class=RuleClass.PASS_ROLE,
    severity=Severity.HIGH,
    about=(
        Binding,
        RoleDefinition,
    ),
    title="Nobody may act as every service account of a project",
    why=(
        "iam.serviceAccounts.actAs hands a service account to a function, a machine or a job that its caller writes. "
        "On a project it covers every account in it, the privileged ones and the default ones too. The roles that make "
        "tokens of service accounts come to the same."
    ),
    fix="bind the role on the one service account that is handed over",
    bad=Example(
        '{"role": "roles/iam.serviceAccountUser", '
        '"members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], "resource_type": "project"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    good=Example(
        '{"role": "roles/iam.serviceAccountUser", '
        '"members": ["serviceAccount:orders@my-project.iam.gserviceaccount.com"], '
        '"resource_type": "service_account"}',
        DocumentKind.BINDING,
        Platform.GCP,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    sources=(
        "Google Cloud IAM documentation, 'Attach service accounts to resources'",
        "CIS Google Cloud Platform Foundation Benchmark, 1.6",
    ),
)
def act_as(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find what acts as any account: actAs in bindings and custom roles, and the roles that make tokens."""
    for grant in (*broad_grants(facts), *definitions(facts)):
        if ACT_AS in grant.permissions:
            yield this.finding(
                grant.resource, grant.path, f"{grant.of}: {ACT_AS}", "actAs on one named service account"
            )
        elif grant.role in _EVERY_ACCOUNT:
            yield this.finding(
                grant.resource,
                grant.path,
                f"{grant.of}: tokens of every account",
                "tokens of one named service account",
            )
