"""azure.oidc-trust."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import FederatedCredential
from nhi_components.facts.values import UNKNOWN, Located
from nhi_components.rules.azure.subjects import expression_problem, issuer_problem, subject_problem
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_AUDIENCES = frozenset(
    {"api://azureadtokenexchange", "api://azureadtokenexchangeusgov", "api://azureadtokenexchangechina"}
)
_ONE_WORKLOAD = "one workload, such as `repo:example/orders:environment:production`"


@rule(
    id="azure.oidc-trust",
    rule_class=RuleClass.OIDC_TRUST,
    severity=Severity.HIGH,
    about=(FederatedCredential,),
    title="Every federated credential names one workload and its audience",
    why="The issuer signs tokens for everyone: for every repository of GitHub, every pod of a cluster. Only the "
    "subject tells which of them may act as this identity, and only the audience keeps a token that was issued for "
    "another service from being taken here. Anybody may open a pull request.",
    fix="name repository and environment, or namespace and service account; audience `api://AzureADTokenExchange`",
    bad=Example(
        '{"issuer": "https://token.actions.githubusercontent.com", "subject": "repo:example/*", '
        '"audiences": ["api://AzureADTokenExchange"]}',
        DocumentKind.TRUST_POLICY,
        Platform.AZURE,
    ),
    good=Example(
        '{"issuer": "https://token.actions.githubusercontent.com", '
        '"subject": "repo:example/orders:environment:production", "audiences": ["api://AzureADTokenExchange"]}',
        DocumentKind.TRUST_POLICY,
        Platform.AZURE,
    ),
    references=(Reference.INSECURE_AUTHENTICATION, Reference.AUTHENTICATED),
    sources=("Entra documentation, 'Workload identity federation'",),
)
def oidc_trust(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find federated credentials whose issuer, subject or audience lets in more than one workload."""
    for credential in facts.of(FederatedCredential):
        issuer = credential.issuer
        if issuer is None or (isinstance(issuer, Located) and issuer_problem(issuer.text)):
            got = "no issuer" if issuer is None else str(issuer_problem(issuer.text))
            path = credential.path if issuer is None else issuer.path
            yield this.finding(credential.resource, path, got, "one issuer, by its https address")
        yield from _of_subject(this, credential, issuer.text if isinstance(issuer, Located) else "")
        yield from _of_audiences(this, credential)


def _of_subject(this: Rule, credential: FederatedCredential, issuer: str) -> Iterator[Finding]:
    subject, expression = credential.subject, credential.expression
    if subject is UNKNOWN or expression is UNKNOWN:
        return
    if isinstance(expression, Located) and not (isinstance(subject, Located) and subject.text):
        path, problem = expression.path, expression_problem(issuer, expression.text)
    elif isinstance(subject, Located):
        path, problem = subject.path, subject_problem(issuer, subject.text)
    else:
        path, problem = credential.path, "any subject"
    if problem is not None:
        yield this.finding(credential.resource, path, problem, _ONE_WORKLOAD)


def _of_audiences(this: Rule, credential: FederatedCredential) -> Iterator[Finding]:
    audiences = credential.audiences
    if audiences is UNKNOWN:
        return
    expected = "the audience `api://AzureADTokenExchange`"
    if not audiences:
        yield this.finding(credential.resource, credential.path, "no audience", expected)
    for audience in audiences:
        if audience.text.lower() not in _AUDIENCES:
            yield this.finding(credential.resource, audience.path, f"audience `{audience.text}`", expected)
