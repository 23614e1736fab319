"""Who may log in by an auth role, as its fields name them; whatever else limits it is the condition.

Sources: Vault HTTP API, the pages of the auth methods; Kubernetes documentation, 'Service Accounts', for how it names
an account.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.facts.vault.model import AuthMethod, VaultAuthRole

ANYBODY: Final = "*"
"""Whoever fulfils the condition."""
_NAMED: Final[Mapping[AuthMethod, tuple[str, ...]]] = {
    AuthMethod.AWS: ("bound_iam_principal_arn",),
    AuthMethod.AZURE: ("bound_service_principal_ids",),
    AuthMethod.CERT: ("allowed_common_names", "allowed_dns_sans", "allowed_uri_sans", "allowed_email_sans"),
    AuthMethod.GCP: ("bound_service_accounts",),
    AuthMethod.JWT: ("bound_subject", "bound_claims.sub"),
    AuthMethod.OIDC: ("bound_subject", "bound_claims.sub"),
}
"""The fields that name who it is: the first that is there tells, and the others limit."""
_NAMESPACES: Final = "bound_service_account_namespaces"
_ACCOUNTS: Final = "bound_service_account_names"
_ISSUERS: Final = ("bound_issuer", "oidc_discovery_url", "jwks_url", "kubernetes_host")
_NO_LIMITS: Final = ("role_type", "auth_type", "type")
_CLAIMS: Final = "bound_claims."
_CLAIMS_TYPE: Final = "bound_claims_type"


def sources_of(role: VaultAuthRole, config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield who may log in, each with the condition; nobody where it takes a secret id, which is a credential.

    Args:
        role: by its bounds.
        config: that of its mount, where it tells who issues the tokens; empty for none.
    """
    bounds = {name: values for name, values in role.bounds.items() if name not in _NO_LIMITS}
    if role.method is AuthMethod.APPROLE and bounds.pop("bind_secret_id", ("true",)) != ("false",):
        return
    named, sources = _sources(role.method, bounds)
    limits: dict[str, Any] = {name: list(values) for name, values in bounds.items() if name not in named}
    if not any(name.startswith(_CLAIMS) for name in limits):
        limits.pop(_CLAIMS_TYPE, None)
    if issuer := next((str(config[name]) for name in _ISSUERS if config.get(name)), None):
        limits["issuer"] = issuer
    condition = json.dumps(limits, sort_keys=True) if limits else ""
    for source in dict.fromkeys(sources):
        yield source, condition


def _sources(method: AuthMethod, bounds: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, ...], list[str]]:
    """Tell which fields name somebody, and whom."""
    if method is AuthMethod.KUBERNETES and _NAMESPACES in bounds and _ACCOUNTS in bounds:
        pairs = [(namespace, account) for namespace in bounds[_NAMESPACES] for account in bounds[_ACCOUNTS]]
        return (_NAMESPACES, _ACCOUNTS), [f"system:serviceaccount:{space}:{account}" for space, account in pairs]
    field = next((name for name in _NAMED.get(method, ()) if name in bounds), None)
    return ((field,), list(bounds[field])) if field else ((), [ANYBODY])
