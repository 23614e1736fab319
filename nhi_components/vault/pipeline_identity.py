"""A CI/CD pipeline on Vault: a JWT role for one repository, project or workspace, pinned to its ref or stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
import pulumi_vault as vault
from pydantic import field_validator

from nhi_components.core.connection import DEFAULT
from nhi_components.core.grant import Grant, vault_grant_problems
from nhi_components.core.identity import Identity, Kind, of_kind
from nhi_components.core.links import LinkKind, System
from nhi_components.core.model import wrong
from nhi_components.core.pipeline import Pipeline
from nhi_components.core.spec import parse_spec
from nhi_components.core.vault_login import SUBJECT, JwtLogin, Mount
from nhi_components.refusal import refusing_plainly
from nhi_components.vault.bundle import VaultBundle, VaultBundleSpec
from nhi_components.vault.federated import make_jwt_role

_PROJECT = "project_path"
"""Names the alias of a GitLab environment, which any ref may use, so that there is no one subject."""


class VaultPipelineSpec(VaultBundleSpec):
    """What a pipeline identity on Vault is made from.

    Attributes:
        source: the one pipeline that may log in; its audience must be known.
        jwt_mount: where the JWT auth method is mounted whose configuration names the source's issuer; it must exist.
    """

    subject: ClassVar[str] = "vault.PipelineIdentity"

    source: Pipeline
    jwt_mount: Mount = "jwt"

    @field_validator("identity")
    @classmethod
    def _is_a_pipeline(cls, identity: Identity) -> Identity:
        return of_kind(identity, Kind.PIPELINE)

    @field_validator("source")
    @classmethod
    def _audience_is_known(cls, source: Pipeline) -> Pipeline:
        if source.audience_on(System.VAULT) is None:
            fix = "give the source the audience that its jobs ask for, such as the address of the Vault"
            raise wrong(got="no audience", expected="an audience, as this source has no usual one", fix=fix)
        return source

    @property
    def login(self) -> JwtLogin:
        """How the pipeline logs in: every claim that the source pins, exactly."""
        source = self.source
        return JwtLogin(
            bound_audiences=[source.audience_on(System.VAULT)],
            bound_subject=source.subject_claim,
            bound_claims=source.claims,
            user_claim=SUBJECT if source.subject_claim else _PROJECT,
            mount=self.jwt_mount,
        )


class PipelineIdentity(VaultBundle):
    """A pipeline's identity on Vault: no secret is kept with the pipeline, and it has none of its own.

    Attributes:
        role_name: the JWT role, the principal; the pipeline names it when it logs in.
        audience: for whom the pipeline must have its token issued.
        entity_id: the identity's entity.
        policy_name: its policy.
    """

    results = ("role_name", "entity_id", "policy_name", "audience")

    audience: pulumi.Output[str]

    _spec: VaultPipelineSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        source: Pipeline,
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        token_ttl_seconds: int = 1200,
        token_maximum_ttl_seconds: int = 3600,
        bound_cidrs: Sequence[str] = (),
        jwt_mount: str = "jwt",
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle; the arguments are those of `VaultPipelineSpec`.

        Args:
            name: the component's name in the program.
            identity: whose it is, of kind `pipeline`; see `nhi_components.Identity`.
            source: the one pipeline that may log in: `GitHub(…)`, `GitLab(…)` or `TerraformCloud(…)`.
            grants: capabilities on paths.
            token_ttl_seconds: how long a token lives.
            token_maximum_ttl_seconds: how long a renewed token can live.
            bound_cidrs: from where logins and tokens are accepted.
            jwt_mount: where the JWT auth method for the source's issuer is mounted.
            connection: the connection of `nhi.Provider` that reaches the Vault which the Vault provider reaches.
            opts: resource options; `providers` may name explicit Vault and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "source": source,
            "grants": grants,
            "token_ttl_seconds": token_ttl_seconds,
            "token_maximum_ttl_seconds": token_maximum_ttl_seconds,
            "bound_cidrs": bound_cidrs,
            "jwt_mount": jwt_mount,
        }
        with refusing_plainly():
            self._spec = parse_spec(VaultPipelineSpec, name, fields, vault_grant_problems)
        super().__init__(name, self._spec, connection=connection, opts=opts)

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """What every identity has, and the JWT role."""
        return [(LinkKind.VAULT_JWT_ROLE, {"mount": self._spec.jwt_mount}), *super().parts()]

    def log_in(self, policy: vault.Policy, entity: vault.identity.Entity) -> None:
        """Log in with the pipeline's own token."""
        login = self._spec.login
        self.role_name = make_jwt_role(self, self._spec, login, policy, entity).role_name
        self.audience = pulumi.Output.from_input(login.bound_audiences[0])
