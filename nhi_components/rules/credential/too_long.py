"""credential.too-long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts, StandingCredential
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.credential.moments import LONGEST_DAYS, end_of
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="credential.too-long",
    rule_class=RuleClass.STATIC_CREDENTIAL,
    severity=Severity.MEDIUM,
    about=(StandingCredential,),
    title="No credential lives longer than a year",
    why=(
        "The longer a credential lives, the more copies of it there are and the longer a stolen one works; "
        "rotation that happens less than once a year is never practised."
    ),
    fix="shorten its life, and rotate it before it ends",
    bad=Example(
        '{"type": "vault:appRole/authBackendRole:AuthBackendRole", "inputs": {"roleName": "orders", '
        '"tokenPolicies": ["orders"], "secretIdTtl": 63072000}}',
    ),
    good=Example(
        '{"type": "vault:appRole/authBackendRole:AuthBackendRole", "inputs": {"roleName": "orders", '
        '"tokenPolicies": ["orders"], "secretIdTtl": 3600}}',
    ),
    references=(Reference.LONG_LIVED_SECRETS, Reference.CREDENTIALS_MANAGED),
    sources=(
        "Microsoft Entra documentation, 'Add and manage application credentials'",
        "NIST SP 800-57 part 1 revision 5, 5.3.6",
    ),
)
def too_long(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find credentials whose end is more than a year away, or whose life is longer."""
    longest = now + timedelta(days=LONGEST_DAYS)
    for credential in facts.of(StandingCredential):
        days, end = credential.lifetime_days, end_of(credential)
        if days is not None and days > LONGEST_DAYS:
            got = f"{credential.what} that lives for {days} days"
        elif end is not None and end > longest:
            got = f"{credential.what} that ends on {end.date()}"
        else:
            continue
        expected = f"an end within {LONGEST_DAYS} days"
        yield this.finding(credential.resource, credential.path, got, expected, fix=credential.instead)
