"""github.secret-for-all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts
from nhi_components.facts.github.model import OrganizationSecret
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule


@rule(
    id="github.secret-for-all",
    rule_class=RuleClass.CREDENTIALS_EXPOSURE,
    severity=Severity.HIGH,
    about=(OrganizationSecret,),
    title="No secret is for every repository of an organisation",
    why=(
        "With the visibility `all`, or `private`, every repository's workflows get the secret, those of "
        "repositories made tomorrow included."
    ),
    fix="set `selected`, and name the repositories",
    bad=Example(
        '{"type": "github:index/actionsOrganizationSecret:ActionsOrganizationSecret", "inputs": {"secretName": '
        '"ORDERS", "visibility": "all"}}',
    ),
    good=Example(
        '{"type": "github:index/actionsOrganizationSecret:ActionsOrganizationSecret", "inputs": {"secretName": '
        '"ORDERS", "visibility": "selected"}}',
    ),
    references=(Reference.SECRET_LEAKAGE, Reference.ACCESS_MANAGED),
    sources=("GitHub documentation, 'Using secrets in GitHub Actions'",),
)
def secret_for_all(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find secrets of an organisation that nobody selected the repositories for."""
    for secret in facts.of(OrganizationSecret):
        if secret.visibility != "selected":
            yield this.finding(secret.resource, secret.path, secret.visibility, "selected")
