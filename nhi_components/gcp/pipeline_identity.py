"""A CI/CD pipeline on Google Cloud: an account for one repository, project or workspace, pinned to ref or stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import pulumi
from pydantic import Field, ValidationInfo, field_validator

from nhi_components.core.connection import DEFAULT
from nhi_components.core.gcp_federation import (
    PROVIDER_NAME,
    Admission,
    admission_problems,
    pipeline_admission,
    principal_of,
)
from nhi_components.core.gcp_grant import gcp_grant_problems
from nhi_components.core.gcp_trust import FEDERATES, ProjectNumber
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity, Kind, of_kind
from nhi_components.core.links import LinkKind
from nhi_components.core.model import wrong
from nhi_components.core.pipeline import Pipeline
from nhi_components.core.spec import parse_spec
from nhi_components.gcp.account_bundle import AccountBundle
from nhi_components.gcp.accounts import Account
from nhi_components.gcp.pools import own_pool, pool_parts
from nhi_components.gcp.spec import GcpBundleSpec
from nhi_components.refusal import refusing_plainly


class GcpPipelineSpec(GcpBundleSpec):
    """What a pipeline identity on Google Cloud is made from.

    Attributes:
        source: the one pipeline that may become the account.
        provider: whole name, with the number of its project, of a provider of a workload identity pool that exists
            already and maps `assertion.sub` to `google.subject`; it is referred to and never changed. None: a pool and
            a provider of the identity's own, which let in nothing else.
        project_number: the project's number, for a pool of its own: principals are named by it.
    """

    subject: ClassVar[str] = "gcp.PipelineIdentity"

    source: Pipeline
    provider: str | None = None
    project_number: Annotated[ProjectNumber | None, Field(validate_default=True)] = None

    @field_validator("identity")
    @classmethod
    def _is_a_pipeline(cls, identity: Identity) -> Identity:
        return of_kind(identity, Kind.PIPELINE)

    @field_validator("source")
    @classmethod
    def _is_short_enough(cls, source: Pipeline) -> Pipeline:
        for problem in admission_problems("source", pipeline_admission(source)):
            raise wrong(got=problem.got, expected=problem.expected, fix=problem.fix)
        return source

    @field_validator("provider")
    @classmethod
    def _knows_the_subject(cls, provider: str | None, info: ValidationInfo) -> str | None:
        if provider and not PROVIDER_NAME.fullmatch(provider):
            fix = "read it with `gcloud iam workload-identity-pools providers describe PROVIDER --format='value(name)'`"
            expected = "projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER"
            raise wrong(got=provider, expected=expected, fix=fix)
        source = info.data.get("source")
        if provider and source and source.subject_claim is None:
            raise wrong(
                got="an environment of GitLab, which any ref of the project may use",
                expected="a source with one subject, as a pool that exists knows its identities by their subject",
                fix="pin it to ref and ref_type, or leave `provider` out, for a pool of its own",
            )
        return provider

    @field_validator("project_number")
    @classmethod
    def _for_a_pool_of_its_own(cls, number: str | None, info: ValidationInfo) -> str | None:
        if "provider" in info.data and (number is None) == (info.data["provider"] is None):
            got = "neither" if number is None else "both"
            fix = "read the number with `gcloud projects describe PROJECT --format='value(projectNumber)'`"
            raise wrong(got=got, expected="exactly one of `provider` and `project_number`", fix=fix)
        return number

    @property
    def admission(self) -> Admission:
        """What a pool of its own lets in."""
        return pipeline_admission(self.source)


class PipelineIdentity(AccountBundle):
    """A pipeline's identity on Google Cloud: no key is kept with the pipeline.

    A pool of its own knows exact issuer, audience, subject and each claim of the source, and is removed with it. In a
    pool that exists already the subject alone decides, whichever of the pool's providers vouches for it: so every
    provider of that pool has to be trusted with it, and has to pin what it lets in.

    Attributes:
        email: the service account, the principal; the pipeline names it when it asks for a token.
        member: the same as allow policies name it.
        unique_id: its unique id.
        secret_name: None; a pipeline has no secret here.
        provider_name: the provider's whole name, `workload_identity_provider` of google-github-actions/auth.
        audience: for whom the pipeline must have its token issued.
    """

    results = (*AccountBundle.results, "provider_name", "audience")

    provider_name: pulumi.Output[str]
    audience: pulumi.Output[str]

    _spec: GcpPipelineSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        project: str,
        source: Pipeline,
        project_number: str | None = None,
        provider: str | None = None,
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle.

        Args:
            name: the component's name in the program.
            identity: whose it is, of kind `pipeline`; see `nhi_components.Identity`.
            project: id of the project that it lies in.
            source: the one pipeline that may become it: `GitHub(…)`, `GitLab(…)` or `TerraformCloud(…)`.
            project_number: the project's number, for a pool of its own.
            provider: instead, the whole name of a provider that exists already:
                `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`.
            grants: what it may do.
            connection: the connection of `nhi.Provider` that reaches the project.
            opts: resource options; `providers` may name explicit GCP and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "project": project,
            "source": source,
            "provider": provider,
            "project_number": project_number,
            "grants": grants,
        }
        with refusing_plainly():
            spec = parse_spec(GcpPipelineSpec, name, fields, gcp_grant_problems)
        super().__init__(name, spec, connection=connection, opts=opts)

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """What every identity has, and a pool of its own."""
        spec = self._spec
        pool = [] if spec.provider else pool_parts(spec.project, spec.admission.provider)
        return [*super().parts(), *pool]

    def admit(self, account: Account) -> None:
        """Let in the one pipeline."""
        spec = self._spec
        if spec.provider:
            self.provider_name = pulumi.Output.from_input(spec.provider)
            self.audience = self.provider_name.apply(spec.admission.audience_at)
            pool = spec.provider.partition("/providers/")[0]
            self.let_in(account, FEDERATES, principal_of(pool, spec.admission.principal), label="pipeline")
            return
        own = own_pool(self, self._identity, spec.project, str(spec.project_number), spec.admission)
        self.provider_name, self.audience = own.provider, own.audience
        self.let_in(account, FEDERATES, own.principal, label="pipeline", after=[own.made])
