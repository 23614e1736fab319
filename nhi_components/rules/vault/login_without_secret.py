"""vault.login-without-secret."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import Facts
from nhi_components.facts.vault.model import AuthMethod, VaultAuthRole
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Reference, Rule, RuleClass, rule

_EVERYWHERE: Final = frozenset({"0.0.0.0/0", "::/0"})


@rule(
    id="vault.login-without-secret",
    rule_class=RuleClass.PUBLIC_PRINCIPAL,
    severity=Severity.HIGH,
    about=(VaultAuthRole,),
    title="Nobody logs in by an AppRole without a secret id",
    why=(
        "Without a secret id the role id is all it takes, and that is a name: it stands in configuration, logs "
        "and code."
    ),
    fix="require a secret id, or bind the networks from which the role id is taken",
    bad=Example(
        '{"type": "vault:appRole/authBackendRole:AuthBackendRole", "inputs": {"roleName": "orders", '
        '"tokenPolicies": ["orders"], "bindSecretId": false}}',
    ),
    good=Example(
        '{"type": "vault:appRole/authBackendRole:AuthBackendRole", "inputs": {"roleName": "orders", '
        '"tokenPolicies": ["orders"], "bindSecretId": false, "tokenBoundCidrs": ["10.1.2.3/32"]}}',
    ),
    references=(Reference.INSECURE_AUTHENTICATION, Reference.AUTHENTICATED),
    sources=("Vault HTTP API, 'AppRole auth method'",),
)
def login_without_secret(this: Rule, facts: Facts, config: JudgeConfig, now: datetime) -> Iterator[Finding]:
    """Find AppRoles that take a role id from anywhere."""
    for role in facts.of(VaultAuthRole):
        if role.method is not AuthMethod.APPROLE or role.bounds.get("bind_secret_id") != ("false",):
            continue
        networks = [*role.bounds.get("token_bound_cidrs", ()), *role.bounds.get("secret_id_bound_cidrs", ())]
        known = not {"token_bound_cidrs", "secret_id_bound_cidrs"} & role.unknown
        if known and (not networks or not _EVERYWHERE.isdisjoint(networks)):
            place = f"{role.path}.bind_secret_id"
            yield this.finding(role.resource, place, "no secret id, from any network", "a secret id")
