"""kubernetes.default-account-mounted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.kubernetes.model import MountedDefaultAccount
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Level, Reference, Rule, RuleClass, rule


@rule(
    id="kubernetes.default-account-mounted",
    rule_class=RuleClass.DEFAULT_ACCOUNT,
    severity=Severity.LOW,
    about=(MountedDefaultAccount,),
    title="No pod gets the token of the default service account",
    why=("A pod that names no account gets the token of `default`, which whoever breaks into it then holds."),
    fix="set `automountServiceAccountToken: false`, or give the workload an account of its own",
    bad=Example(
        '{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "orders"}}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    good=Example(
        '{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "orders"}, '
        '"automountServiceAccountToken": false}',
        DocumentKind.KUBERNETES_ROLE,
    ),
    references=(Reference.OVERPRIVILEGED, Reference.ACCESS_MANAGED),
    baseline=Level.ADVISORY,
    sources=("CIS Kubernetes Benchmark, 'Ensure that default service accounts are not actively used'",),
)
def default_account_mounted(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find pods, and accounts called default, whose token is mounted."""
    for mounted in facts.of(MountedDefaultAccount):
        got = f"the token of the account default in {mounted.what}"
        yield this.finding(mounted.resource, mounted.path, got, "no token, or an account of its own")
