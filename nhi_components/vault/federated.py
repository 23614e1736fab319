"""Logging in with a token that somebody else issues: a JWT, or the token of a Kubernetes service account.

The alias comes before the role and goes after it: a login that no alias is there for makes an entity of its own. The
role's tokens also carry a policy that does not exist and is named by the lease id: what the role bears of its lease.
"""

from __future__ import annotations

import pulumi
import pulumi_vault as vault

from nhi_components.core.kubernetes_account import known_account
from nhi_components.core.links import LinkKind
from nhi_components.core.vault_login import JwtLogin, KubernetesLogin
from nhi_components.refusal import refusing_plainly
from nhi_components.vault.bundle import VaultBundle, VaultBundleSpec


def make_jwt_role(
    bundle: VaultBundle, spec: VaultBundleSpec, login: JwtLogin, policy: vault.Policy, entity: vault.identity.Entity
) -> vault.jwt.AuthBackendRole:
    """Make the alias and the JWT role whose logins are taken for the entity."""
    alias = bundle.alias(entity, login.alias_name, login.mount)
    several = any(len(values) > 1 for values in login.bound_claims.values())
    role = vault.jwt.AuthBackendRole(
        f"{bundle.name}-jwt-role",
        backend=login.mount,
        role_name=bundle.name_of(LinkKind.VAULT_JWT_ROLE),
        role_type="jwt",
        user_claim=login.user_claim,
        bound_audiences=list(login.bound_audiences),
        bound_subject=login.bound_subject,
        bound_claims={claim: ",".join(values) for claim, values in login.bound_claims.items()} or None,
        bound_claims_type=login.bound_claims_type,
        # The provider takes a comma for the end of a value unless told otherwise.
        disable_bound_claims_parsing=not several,
        token_policies=[policy.name, bundle.lease_id],
        token_ttl=spec.token_ttl_seconds,
        token_max_ttl=spec.token_maximum_ttl_seconds,
        token_bound_cidrs=list(spec.bound_cidrs) or None,
        opts=bundle.child_options(entity, alias),
    )
    bundle.link(LinkKind.VAULT_JWT_ROLE, role.role_name, role, attributes={"mount": login.mount})
    return role


def make_kubernetes_role(
    bundle: VaultBundle,
    spec: VaultBundleSpec,
    login: KubernetesLogin,
    policy: vault.Policy,
    entity: vault.identity.Entity,
) -> vault.kubernetes.AuthBackendRole:
    """Make the alias and the Kubernetes role whose logins are taken for the entity."""
    account: pulumi.Output[str] = pulumi.Output.from_input(login.service_account).apply(_judged)
    alias = bundle.alias(entity, account.apply(login.alias_of), login.mount)
    role = vault.kubernetes.AuthBackendRole(
        f"{bundle.name}-kubernetes-role",
        backend=login.mount,
        role_name=bundle.name_of(LinkKind.VAULT_KUBERNETES_ROLE),
        bound_service_account_namespaces=[login.namespace],
        bound_service_account_names=[account],
        # Named by the uid, which is the default, the alias could not be made before the first login.
        alias_name_source="serviceaccount_name",
        audience=login.audience,
        token_policies=[policy.name, bundle.lease_id],
        token_ttl=spec.token_ttl_seconds,
        token_max_ttl=spec.token_maximum_ttl_seconds,
        token_bound_cidrs=list(spec.bound_cidrs) or None,
        opts=bundle.child_options(entity, alias),
    )
    bundle.link(LinkKind.VAULT_KUBERNETES_ROLE, role.role_name, role, attributes={"mount": login.mount})
    return role


@refusing_plainly()
def _judged(name: str) -> str:
    """Refuse a name that turned out to be none of a service account."""
    return known_account("login.service_account", name)
