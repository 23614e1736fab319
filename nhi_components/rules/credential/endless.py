"""credential.endless."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts, StandingCredential
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="credential.endless",
    rule_class=RuleClass.STATIC_CREDENTIAL,
    severity=Severity.HIGH,
    about=(StandingCredential,),
    title="Every credential ends",
    why=(
        "A key, password or token without an end works until somebody remembers to remove it: years after the "
        "workload, the laptop or the repository that it leaked from is gone."
    ),
    fix=(
        "let the workload prove who it is by its platform's own tokens; else give the credential an end and rotate it"
    ),
    bad=Example(
        '{"type": "vault:appRole/authBackendRole:AuthBackendRole", "inputs": {"roleName": "orders", '
        '"tokenPolicies": ["orders"], "secretIdTtl": 0}}',
    ),
    good=Example(
        '{"type": "vault:appRole/authBackendRole:AuthBackendRole", "inputs": {"roleName": "orders", '
        '"tokenPolicies": ["orders"], "secretIdTtl": 3600, "secretIdNumUses": 1}}',
    ),
    references=(Reference.LONG_LIVED_SECRETS, Reference.CREDENTIALS_MANAGED),
    sources=("OWASP Non-Human Identities Top 10, NHI7:2025 Long-Lived Secrets",),
)
def endless(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find credentials that nothing ends."""
    for credential in facts.of(StandingCredential):
        if credential.ends is None and credential.lifetime_days is None:
            yield this.finding(
                credential.resource,
                credential.path,
                f"{credential.what}, without an end",
                "an end",
                fix=credential.instead,
            )
