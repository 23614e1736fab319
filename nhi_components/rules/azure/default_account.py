"""azure.default-account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Facts, Platform
from nhi_components.facts.azure.model import FederatedCredential
from nhi_components.facts.values import Located
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_ACCOUNT = "system:serviceaccount:"


@rule(
    id="azure.default-account",
    rule_class=RuleClass.DEFAULT_ACCOUNT,
    severity=Severity.HIGH,
    about=(FederatedCredential,),
    title="No federated credential trusts a default service account",
    why="Every pod of a namespace that names no service account runs as `default`, so that all of them get what was "
    "meant for one.",
    fix="make a service account for the workload, and name it in the subject",
    bad=Example(
        '{"issuer": "https://westeurope.oic.prod-aks.azure.com/11111111-1111-1111-1111-111111111111'
        '/22222222-2222-2222-2222-222222222222/", "subject": "system:serviceaccount:orders:default", '
        '"audiences": ["api://AzureADTokenExchange"]}',
        DocumentKind.TRUST_POLICY,
        Platform.AZURE,
    ),
    good=Example(
        '{"issuer": "https://westeurope.oic.prod-aks.azure.com/11111111-1111-1111-1111-111111111111'
        '/22222222-2222-2222-2222-222222222222/", "subject": "system:serviceaccount:orders:orders", '
        '"audiences": ["api://AzureADTokenExchange"]}',
        DocumentKind.TRUST_POLICY,
        Platform.AZURE,
    ),
    references=(Reference.REUSE, Reference.ACCESS_MANAGED),
    sources=("Kubernetes documentation, 'Configure Service Accounts for Pods'",),
)
def default_account(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find subjects that are the default service account of a namespace."""
    for credential in facts.of(FederatedCredential):
        subject = credential.subject
        if isinstance(subject, Located) and subject.text.startswith(_ACCOUNT) and subject.text.endswith(":default"):
            expected = "a service account of the workload's own"
            yield this.finding(credential.resource, subject.path, subject.text, expected)
