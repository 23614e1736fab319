"""gcp.default-account-workload."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts
from nhi_components.facts.gcp.members import default_account
from nhi_components.facts.gcp.model import RunsAs
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EVERY_API = ("cloud-platform", "https://www.googleapis.com/auth/cloud-platform")


@rule(
    id="gcp.default-account-workload",
    rule_class=RuleClass.DEFAULT_ACCOUNT,
    severity=Severity.MEDIUM,
    about=(RunsAs,),
    title="Every workload runs as an account of its own",
    why=(
        "A machine, function or node that names no service account runs as the default one of the project, which "
        "often edits the whole project, and which all others share."
    ),
    fix="make a service account for the workload and name it",
    bad=Example(
        '{"type": "gcp:cloudrunv2/service:Service", "inputs": {"location": "europe-west1", '
        '"template": {"containers": []}}}'
    ),
    good=Example(
        '{"type": "gcp:cloudrunv2/service:Service", "inputs": {"location": "europe-west1", '
        '"template": {"containers": [], '
        '"serviceAccount": "orders@my-project.iam.gserviceaccount.com"}}}'
    ),
    references=(Reference.REUSE, Reference.ACCESS_MANAGED),
    sources=("Google Cloud IAM documentation, 'Service account types: Default service accounts'",),
)
def default_account_workload(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find workloads that run as a default service account."""
    for workload in facts.of(RunsAs):
        account = "no account of its own" if workload.account is None else default_account(workload.account)
        if account:
            wide = any(scope in _EVERY_API for scope in workload.scopes)
            got = f"{account}, for every API" if wide else account
            severity = Severity.HIGH if wide else None
            yield this.finding(workload.resource, workload.path, got, "an account of its own", severity=severity)
