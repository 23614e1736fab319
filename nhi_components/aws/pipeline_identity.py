"""A CI/CD pipeline on AWS: a role for one repository, project or workspace, pinned to its ref, stage or phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import pulumi
from pydantic import ValidationInfo, field_validator

from nhi_components.aws.bundle import AwsBundle
from nhi_components.aws.spec import AwsBundleSpec, parse_aws_spec
from nhi_components.aws.trusts import Trusted, pipeline_statement
from nhi_components.core.adoption import AdoptedRole
from nhi_components.core.arn import OIDC_PROVIDER_ARN, issuer_of
from nhi_components.core.connection import DEFAULT
from nhi_components.core.delegation import Delegation
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity, Kind, of_kind
from nhi_components.core.links import System
from nhi_components.core.model import wrong
from nhi_components.core.pipeline import Pipeline
from nhi_components.refusal import refusing_plainly


class AwsPipelineSpec(AwsBundleSpec):
    """What a pipeline identity on AWS is made from.

    Attributes:
        source: the one pipeline that may become the role, by the exact audience and subject of its tokens; what stands
            in no subject, such as GitLab's environments, AWS can't pin.
        oidc_provider_arn: the account's OIDC provider for the source's issuer. There is one an account, so it is
            referred to and never made here; it may be known at deployment only.
    """

    subject: ClassVar[str] = "aws.PipelineIdentity"

    source: Pipeline
    oidc_provider_arn: Annotated[Any, OIDC_PROVIDER_ARN.validator]

    @field_validator("identity")
    @classmethod
    def _is_a_pipeline(cls, identity: Identity) -> Identity:
        return of_kind(identity, Kind.PIPELINE)

    @field_validator("source")
    @classmethod
    def _has_a_subject(cls, source: Pipeline) -> Pipeline:
        if source.subject_claim is None:
            raise wrong(
                got="an environment of GitLab, which any ref of the project may use",
                expected="a source with one subject, as AWS compares no other claim of GitLab's tokens",
                fix="pin it to ref and ref_type",
            )
        return source

    @field_validator("oidc_provider_arn")
    @classmethod
    def _is_the_issuers(cls, arn: Any, info: ValidationInfo) -> Any:
        source = info.data.get("source")
        if isinstance(arn, str) and source and f"https://{issuer_of(arn)}" != source.issuer:
            raise wrong(
                got=arn,
                expected=f"the provider of {source.issuer}",
                fix="name the provider of that issuer, or correct the source's issuer",
            )
        return arn


class PipelineIdentity(AwsBundle):
    """A pipeline's identity on AWS: no key is kept with the pipeline.

    Attributes:
        role_arn: the principal; the pipeline names it when it asks for a session.
        role_name: its name.
        secret_arn: None; a pipeline has no secret here.
        audience: for whom the pipeline must have its token issued.
    """

    results = (*AwsBundle.results, "audience")

    audience: pulumi.Output[str]

    _spec: AwsPipelineSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        source: Pipeline,
        oidc_provider_arn: pulumi.Input[str],
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        permissions_boundary: pulumi.Input[str] | None = None,
        session_seconds: int = 3600,
        delegations: Sequence[Delegation | Mapping[str, Any]] = (),
        adopts: AdoptedRole | Mapping[str, Any] | None = None,
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle.

        Args:
            name: the component's name in the program.
            identity: whose it is, of kind `pipeline`; see `nhi_components.Identity`.
            source: the one pipeline that may become it: `GitHub(…)`, `GitLab(…)` or `TerraformCloud(…)`.
            oidc_provider_arn: the account's OIDC provider for the source's issuer, which exists already.
            grants: what it may do.
            permissions_boundary: ARN of a policy that caps the role.
            session_seconds: 3,600 to 43,200.
            delegations: what the policies of other resources give to it.
            adopts: a role that is there already and was taken into the stack by `pulumi import`; `nhi adopt` writes it.
            connection: the connection of `nhi.Provider` that reaches the account which the AWS provider reaches.
            opts: resource options; `providers` may name explicit AWS and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "source": source,
            "oidc_provider_arn": oidc_provider_arn,
            "grants": grants,
            "permissions_boundary": permissions_boundary,
            "session_seconds": session_seconds,
            "delegations": delegations,
            "adopts": adopts,
        }
        with refusing_plainly():
            spec = parse_aws_spec(AwsPipelineSpec, name, fields)
        super().__init__(name, spec, connection=connection, opts=opts)

    def trust(self, lease_id: pulumi.Input[str]) -> pulumi.Input[Trusted]:
        """Let in the one pipeline."""
        return pipeline_statement(self._spec.source, self._spec.oidc_provider_arn)

    def make(self) -> None:
        """Make what every identity has."""
        super().make()
        self.audience = pulumi.Output.from_input(str(self._spec.source.audience_on(System.AWS)))
