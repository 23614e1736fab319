"""Logging in by AppRole: a role id that anyone may know, and a secret id that the workload gets at start-up."""

from __future__ import annotations

from typing import Annotated

import pulumi_vault as vault
from pydantic import Field

from nhi_components.core.links import LinkKind
from nhi_components.core.vault_login import Mount
from nhi_components.vault.bundle import DAY, VaultBundle, VaultBundleSpec


class AppRoleSpec(VaultBundleSpec):
    """The part of a specification that is about logging in by AppRole.

    Attributes:
        secret_id_ttl_seconds: how long a secret id lives: 60 to 2,592,000 (30 days).
        approle_mount: where the AppRole auth method is mounted; it must exist.
    """

    secret_id_ttl_seconds: Annotated[int, Field(ge=60, le=30 * DAY)] = DAY
    approle_mount: Mount = "approle"


def make_approle(
    bundle: VaultBundle, spec: AppRoleSpec, policy: vault.Policy, entity: vault.identity.Entity
) -> vault.approle.AuthBackendRole:
    """Make the AppRole and the alias that has its logins taken for the entity."""
    cidrs = list(spec.bound_cidrs) or None
    role = vault.approle.AuthBackendRole(
        f"{bundle.name}-approle",
        backend=spec.approle_mount,
        role_name=bundle.name_of(LinkKind.VAULT_APPROLE),
        token_policies=[policy.name],
        token_ttl=spec.token_ttl_seconds,
        token_max_ttl=spec.token_maximum_ttl_seconds,
        token_bound_cidrs=cidrs,
        secret_id_bound_cidrs=cidrs,
        secret_id_ttl=spec.secret_id_ttl_seconds,
        opts=bundle.child_options(entity),
    )
    bundle.link(LinkKind.VAULT_APPROLE, role.role_name, role, attributes={"mount": spec.approle_mount})
    bundle.alias(entity, role.role_id, spec.approle_mount)
    return role
