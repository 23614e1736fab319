"""vault.default-account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts
from nhi_components.facts.vault.model import VaultAuthRole
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="vault.default-account",
    rule_class=RuleClass.DEFAULT_ACCOUNT,
    severity=Severity.HIGH,
    about=(VaultAuthRole,),
    title="No role takes a default service account",
    why=("Every pod without an account of its own runs as `default`, so that every such pod logs in by the role."),
    fix="make a service account for the workload, and bind that",
    bad=Example(
        '{"type": "vault:kubernetes/authBackendRole:AuthBackendRole", "inputs": {"roleName": "orders", '
        '"tokenPolicies": ["orders"], "boundServiceAccountNames": ["default"], "boundServiceAccountNamespaces": '
        '["orders"]}}',
    ),
    good=Example(
        '{"type": "vault:kubernetes/authBackendRole:AuthBackendRole", "inputs": {"roleName": "orders", '
        '"tokenPolicies": ["orders"], "boundServiceAccountNames": ["orders"], "boundServiceAccountNamespaces": '
        '["orders"]}}',
    ),
    references=(Reference.OVERPRIVILEGED, Reference.AUTHENTICATED),
    sources=("CIS Kubernetes Benchmark, 'Ensure that default service accounts are not actively used'",),
)
def default_account(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find Kubernetes roles bound to accounts called default."""
    for role in facts.of(VaultAuthRole):
        if "default" in role.bounds.get("bound_service_account_names", ()):
            place = f"{role.path}.bound_service_account_names"
            yield this.finding(role.resource, place, "the account default", "an account of the workload's own")
