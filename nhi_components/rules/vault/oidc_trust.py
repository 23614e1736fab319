"""vault.oidc-trust."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts
from nhi_components.facts.vault.model import AuthMethod, VaultAuthRole
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule
from nhi_components.rules.vault.subjects import too_broad

_ACCOUNTS: Final = (
    ("bound_service_account_names", "bound_service_account_names", "service account"),
    ("bound_service_account_namespaces", "bound_service_account_namespace_selector", "namespace"),
)


@rule(
    id="vault.oidc-trust",
    rule_class=RuleClass.OIDC_TRUST,
    severity=Severity.CRITICAL,
    about=(VaultAuthRole,),
    title="Every JWT and Kubernetes role names the workload that may log in",
    why=(
        "A role that binds no audience takes tokens made for others, and one that binds only an owner, an issuer "
        "or a pattern takes the tokens of every repository, workspace or account there."
    ),
    fix=(
        "bind the audience, and the claim that names the one workload: `sub`, `repository`, `project_path`, or "
        "the service account and its namespace"
    ),
    bad=Example(
        '{"type": "vault:jwt/authBackendRole:AuthBackendRole", "inputs": {"roleName": "orders", "tokenPolicies": '
        '["orders"], "roleType": "jwt", "userClaim": "sub", "boundAudiences": ["vault"], "boundClaimsType": '
        '"glob", "boundClaims": {"sub": "repo:example/*"}}}',
    ),
    good=Example(
        '{"type": "vault:jwt/authBackendRole:AuthBackendRole", "inputs": {"roleName": "orders", "tokenPolicies": '
        '["orders"], "roleType": "jwt", "userClaim": "sub", "boundAudiences": ["vault"], "boundClaims": {"sub": '
        '"repo:example/orders:ref:refs/heads/main"}}}',
    ),
    references=(Reference.INSECURE_CLOUD_DEPLOYMENT, Reference.AUTHENTICATED),
    sources=(
        "Vault HTTP API, 'JWT/OIDC auth method'",
        "Vault HTTP API, 'Kubernetes auth method'",
    ),
)
def oidc_trust(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find roles whose audience or subject is missing or too broad."""
    for role in facts.of(VaultAuthRole):
        for field, got in _flaws(role):
            if field not in role.unknown:
                place = f"{role.path}.{field}"
                yield this.finding(role.resource, place, got, "an audience, and the one workload that may log in")


def _flaws(role: VaultAuthRole) -> Iterator[tuple[str, str]]:
    if role.method is AuthMethod.KUBERNETES:
        yield from _flaws_of_accounts(role)
    elif role.method in (AuthMethod.JWT, AuthMethod.OIDC):
        if role.method is AuthMethod.JWT and "bound_audiences" not in role.bounds:
            yield "bound_audiences", "no audience is bound"
        elif any(audience == "*" for audience in role.bounds.get("bound_audiences", ())):
            yield "bound_audiences", "any audience"
        reason = too_broad(role.bounds)
        if reason:
            yield "bound_subject" if "bound_subject" in role.bounds else "bound_claims", reason


def _flaws_of_accounts(role: VaultAuthRole) -> Iterator[tuple[str, str]]:
    for field, alternative, what in _ACCOUNTS:
        values = role.bounds.get(field, ())
        if "*" in values:
            yield field, f"any {what}"
        elif not values and alternative not in role.bounds and alternative not in role.unknown:
            yield field, f"no {what} is bound"
