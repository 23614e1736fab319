"""aws.oidc-trust."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts
from nhi_components.facts.aws.federation import gaps, oidc_providers
from nhi_components.facts.aws.model import GrantDocument
from nhi_components.facts.aws.traits import ADMITS_CALLERS
from nhi_components.rules.aws.statements import ADMITTING, allowing
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EXPECTED = {
    "subject": "a condition on the subject that names the repository, project, workspace or service account",
    "audience": "StringEquals on the audience",
}


@rule(
    id="aws.oidc-trust",
    rule_class=RuleClass.OIDC_TRUST,
    severity=Severity.HIGH,
    about=(GrantDocument,),
    needs=ADMITS_CALLERS,
    title="A trust in an OIDC provider is pinned to one subject and one audience",
    why="GitHub, GitLab and HCP Terraform sign tokens for everybody. A role that pins no repository, project or "
    "workspace lets anybody's pipeline in; `repo:org/*` lets in every repository of the organisation, `repo:org*` also "
    "those of other organisations. `ForAllValues` and `IfExists` hold when the token has no such claim.",
    fix="add StringEquals on the provider's aud, and on its sub with repository and ref or environment",
    bad=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": '
        '"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, '
        '"Action": "sts:AssumeRoleWithWebIdentity", "Condition": {'
        '"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}, '
        '"StringLike": {"token.actions.githubusercontent.com:sub": "repo:example/*"}}}]}',
        DocumentKind.TRUST_POLICY,
    ),
    good=Example(
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Federated": '
        '"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, '
        '"Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {'
        '"token.actions.githubusercontent.com:aud": "sts.amazonaws.com", '
        '"token.actions.githubusercontent.com:sub": "repo:example/orders:environment:production"}}}]}',
        DocumentKind.TRUST_POLICY,
    ),
    references=(Reference.INSECURE_AUTHENTICATION, Reference.INSECURE_CLOUD_DEPLOYMENT, Reference.AUTHENTICATED),
    sources=("GitHub Docs, Configuring OpenID Connect in Amazon Web Services",),
)
def oidc_trust(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find trusts in OIDC providers whose conditions leave subject or audience open; each statement by itself."""
    for document, statement in allowing(facts, now, ADMITTING):
        for _, provider in oidc_providers(statement):
            for gap in gaps(statement, provider):
                yield this.finding(document.resource, gap.path, gap.got, _EXPECTED[gap.what])
