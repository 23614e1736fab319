"""credential.end-unknown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts, StandingCredential, Unknown
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.credential.moments import end_of
from nhi_components.rules.registry import Example, Level, Reference, Rule, RuleClass, rule


@rule(
    id="credential.end-unknown",
    rule_class=RuleClass.UNJUDGED,
    severity=Severity.MEDIUM,
    about=(StandingCredential,),
    title="The end of every credential can be read",
    why=(
        "An end that is not known yet, or is no date, may be any day: nobody can tell whether the credential "
        "lives too long."
    ),
    fix="give the end as a date or a duration that is known beforehand",
    bad=Example(
        '{"type": "vault:appRole/authBackendRole:AuthBackendRole", "inputs": {"roleName": "orders", '
        '"secretIdTtl": {"unknown": true}}}',
    ),
    good=Example(
        '{"type": "vault:appRole/authBackendRole:AuthBackendRole", "inputs": {"roleName": "orders", '
        '"tokenPolicies": ["orders"], "secretIdTtl": 3600}}',
    ),
    references=(Reference.LONG_LIVED_SECRETS, Reference.CREDENTIALS_MANAGED),
    baseline=Level.ADVISORY,
    sources=("RFC 3339",),
)
def end_unknown(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find credentials whose end is unknown or unreadable."""
    for credential in facts.of(StandingCredential):
        if isinstance(credential.ends, Unknown):
            got = f"{credential.what}, whose end is not known yet"
        elif credential.ends is not None and end_of(credential) is None:
            got = f"{credential.what}, whose end is no date"
        else:
            continue
        yield this.finding(credential.resource, credential.path, got, "an end as a date, as 2026-12-31T00:00:00Z")
