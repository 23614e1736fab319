"""gcp.federation-condition."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.gcp.model import Federation, IdentityProvider
from nhi_components.facts.values import UNKNOWN
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.gcp.claims import Issuer
from nhi_components.rules.gcp.federation import issuer_of, lets_in_only_named_workloads
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EXPECTED = "a condition on the repository, project, workspace or subject"
_NOBODYS = frozenset({"assertion.aud", "assertion.iss", "assertion.repository_owner"})


def _identity_is_shared(provider: IdentityProvider) -> bool:
    """Tell whether all tokens get one and the same subject."""
    return provider.mapping.get("google.subject", "").strip() in _NOBODYS


@rule(
    id="gcp.federation-condition",
    rule_class=RuleClass.OIDC_TRUST,
    severity=Severity.CRITICAL,
    about=(IdentityProvider,),
    title="A provider of an identity pool admits named workloads only",
    why=(
        "GitHub, GitLab.com, HCP Terraform and others issue tokens to everybody. A provider without a condition lets "
        "in all of them; one whose condition names only the organisation lets in each of its repositories, a "
        "forgotten or a foreign one that was moved there too."
    ),
    fix="require the repository, project, workspace or subject: `assertion.repository == 'org/app'`",
    bad=Example(
        '{"oidc": {"issuerUri": "https://token.actions.githubusercontent.com"}, '
        '"attributeMapping": {"google.subject": "assertion.sub"}, '
        '"attributeCondition": "assertion.repository_owner == \'org\'"}',
        DocumentKind.TRUST_POLICY,
        Platform.GCP,
    ),
    good=Example(
        '{"oidc": {"issuerUri": "https://token.actions.githubusercontent.com"}, '
        '"attributeMapping": {"google.subject": "assertion.sub"}, '
        '"attributeCondition": "assertion.repository == \'org/app\'"}',
        DocumentKind.TRUST_POLICY,
        Platform.GCP,
    ),
    references=(Reference.INSECURE_AUTHENTICATION, Reference.AUTHENTICATED),
    sources=(
        "Google Cloud IAM documentation, 'Configure Workload Identity Federation with deployment pipelines'",
        "GitHub documentation, 'Configuring OpenID Connect in Google Cloud Platform'",
    ),
)
def federation_condition(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find providers whose condition is missing or too broad."""
    for provider in facts.of(IdentityProvider):
        if provider.disabled or provider.federation is not Federation.OIDC:
            continue
        for audience in provider.audiences:
            if "*" in audience.text:
                yield this.finding(provider.resource, audience.path, f"the audience {audience.text}", "one audience")
        if _identity_is_shared(provider):
            got = f"google.subject from {provider.mapping['google.subject']}"
            yield this.finding(
                provider.resource, provider.path, got, "google.subject from a claim that names the workload"
            )
        issuer = Issuer.OTHER if provider.issuer is UNKNOWN else issuer_of(str(provider.issuer))
        if issuer is Issuer.OTHER and provider.condition is None:
            continue
        if not lets_in_only_named_workloads(provider, issuer):
            if provider.condition is None:
                severity = Severity.MEDIUM if issuer is Issuer.KUBERNETES else None
                got = f"no condition on tokens of {issuer}"
                yield this.finding(provider.resource, provider.path, got, _EXPECTED, severity=severity)
            else:
                got = f"{provider.condition.expression}, for tokens of {issuer}"
                yield this.finding(provider.resource, provider.condition.path, got, _EXPECTED, severity=Severity.HIGH)
