"""A workload on Vault: its way to log in, its entity and alias, its policy and, if wanted, a KV v2 entry of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
import pulumi_vault as vault
from pydantic import ValidationInfo, field_validator

from nhi_components.core.connection import DEFAULT
from nhi_components.core.grant import Grant, vault_grant_problems
from nhi_components.core.identity import Identity
from nhi_components.core.links import LinkKind
from nhi_components.core.model import wrong
from nhi_components.core.secret import SecretSpec
from nhi_components.core.spec import parse_spec
from nhi_components.core.vault_login import AppRoleLogin, JwtLogin, KubernetesLogin, Login
from nhi_components.refusal import refusing_plainly
from nhi_components.vault.approle import AppRoleSpec, make_approle
from nhi_components.vault.bundle import DAY, VaultBundle
from nhi_components.vault.federated import make_jwt_role, make_kubernetes_role

_BY_APPROLE = AppRoleLogin()


class VaultWorkloadSpec(AppRoleSpec):
    """What a workload identity on Vault is made from.

    Attributes:
        login: how it logs in; `secret_id_ttl_seconds` and `approle_mount` are for `AppRoleLogin()` only.
    """

    subject: ClassVar[str] = "vault.WorkloadIdentity"

    login: Login = AppRoleLogin()

    @field_validator("login")
    @classmethod
    def _no_secret_ids_without_approle(cls, login: Login, info: ValidationInfo) -> Login:
        if not isinstance(login, AppRoleLogin):
            for field in ("secret_id_ttl_seconds", "approle_mount"):
                if field in info.data and info.data[field] != AppRoleSpec.model_fields[field].default:
                    expected, fix = f"no {field} without AppRole", f"remove {field}, or log in by AppRole"
                    raise wrong(got=info.data[field], expected=expected, fix=fix)
        return login


class WorkloadIdentity(VaultBundle):
    """A workload identity on Vault.

    Attributes:
        role_name: the auth role, the principal.
        role_id: what the workload logs in with by AppRole, beside a secret id that it gets at start-up; None without.
        entity_id: the identity's entity.
        policy_name: its policy.
        secret_path: mount and path of its KV v2 entry, such as `secret/nhi/prod/orders/lease-…`; None without one.
    """

    results = (*VaultBundle.results, "role_id")

    role_id: pulumi.Output[str] | None

    _spec: VaultWorkloadSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        login: Login = _BY_APPROLE,
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        secret: SecretSpec | Mapping[str, Any] | None = None,
        token_ttl_seconds: int = 1200,
        token_maximum_ttl_seconds: int = 3600,
        secret_id_ttl_seconds: int = DAY,
        bound_cidrs: Sequence[str] = (),
        approle_mount: str = "approle",
        secret_mount: str = "secret",  # noqa: S107 - a mount's name
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle; the arguments are those of `VaultWorkloadSpec`.

        Args:
            name: the component's name in the program.
            identity: whose it is; see `nhi_components.Identity`.
            login: how it logs in: `AppRoleLogin()`, `JwtLogin(…)` or `KubernetesLogin(…)`.
            grants: capabilities on paths.
            secret: a KV v2 entry that only this identity's policy names.
            token_ttl_seconds: how long a token lives.
            token_maximum_ttl_seconds: how long a renewed token can live.
            secret_id_ttl_seconds: how long a secret id lives.
            bound_cidrs: from where logins and tokens are accepted.
            approle_mount: where the AppRole auth method is mounted.
            secret_mount: where the KV v2 engine is mounted.
            connection: the connection of `nhi.Provider` that reaches the Vault which the Vault provider reaches.
            opts: resource options; `providers` may name explicit Vault and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "login": login,
            "grants": grants,
            "secret": secret,
            "token_ttl_seconds": token_ttl_seconds,
            "token_maximum_ttl_seconds": token_maximum_ttl_seconds,
            "secret_id_ttl_seconds": secret_id_ttl_seconds,
            "bound_cidrs": bound_cidrs,
            "approle_mount": approle_mount,
            "secret_mount": secret_mount,
        }
        with refusing_plainly():
            self._spec = parse_spec(VaultWorkloadSpec, name, fields, vault_grant_problems)
        super().__init__(name, self._spec, connection=connection, opts=opts)

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """What every identity has, and the auth role."""
        match self._spec.login:
            case AppRoleLogin():
                role = (LinkKind.VAULT_APPROLE, {"mount": self._spec.approle_mount})
            case JwtLogin(mount=mount):
                role = (LinkKind.VAULT_JWT_ROLE, {"mount": mount})
            case KubernetesLogin(mount=mount):
                role = (LinkKind.VAULT_KUBERNETES_ROLE, {"mount": mount})
        return [role, *super().parts()]

    def log_in(self, policy: vault.Policy, entity: vault.identity.Entity) -> None:
        """Make the auth role that the specification asks for."""
        self.role_id = None
        match self._spec.login:
            case AppRoleLogin():
                approle = make_approle(self, self._spec, policy, entity)
                self.role_name, self.role_id = approle.role_name, approle.role_id
            case JwtLogin() as login:
                self.role_name = make_jwt_role(self, self._spec, login, policy, entity).role_name
            case KubernetesLogin() as login:
                self.role_name = make_kubernetes_role(self, self._spec, login, policy, entity).role_name
