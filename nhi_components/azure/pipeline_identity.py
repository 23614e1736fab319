"""A CI/CD pipeline on Azure: a managed identity for one repository, project or workspace, pinned to ref or stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
from pydantic import field_validator

from nhi_components.azure.identity_bundle import SingleIdentity
from nhi_components.azure.spec import ManagedIdentitySpec
from nhi_components.core.azure_federation import Admission, pipeline_admission, pipeline_problems
from nhi_components.core.azure_grant_problems import azure_grant_problems
from nhi_components.core.connection import DEFAULT
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity, Kind, of_kind
from nhi_components.core.model import wrong
from nhi_components.core.pipeline import Pipeline
from nhi_components.core.spec import parse_spec
from nhi_components.refusal import refusing_plainly


class AzurePipelineSpec(ManagedIdentitySpec):
    """What a pipeline identity on Azure is made from.

    Attributes:
        source: the one pipeline that may become the managed identity.
    """

    subject: ClassVar[str] = "azure.PipelineIdentity"

    source: Pipeline

    @field_validator("identity")
    @classmethod
    def _is_a_pipeline(cls, identity: Identity) -> Identity:
        return of_kind(identity, Kind.PIPELINE)

    @field_validator("source")
    @classmethod
    def _can_be_pinned(cls, source: Pipeline) -> Pipeline:
        for problem in pipeline_problems("source", source):
            raise wrong(got=problem.got, expected=problem.expected, fix=problem.fix)
        return source


class PipelineIdentity(SingleIdentity):
    """A pipeline's identity on Azure: no key is kept with the pipeline.

    A federated credential knows exact issuer, subject and audience. Entra reads no other claim, so what a subject does
    not tell, such as an environment of GitLab, can't be pinned.

    Attributes:
        principal_id: the managed identity's object id, the principal.
        client_id: the pipeline names it when it signs in, with tenant and subscription.
        tenant_id: the tenant that it lives in.
        identity_id: its resource id.
        secret_name: None; a pipeline has no secret here.
        secret_uri: None, likewise.
        audience: for whom the pipeline must have its token issued.
    """

    results = (*SingleIdentity.results, "audience")

    audience: pulumi.Output[str]

    _spec: AzurePipelineSpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        subscription: str,
        resource_group: str,
        source: Pipeline,
        location: str | None = None,
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle.

        Args:
            name: the component's name in the program.
            identity: whose it is, of kind `pipeline`; see `nhi_components.Identity`.
            subscription: id of the subscription that it lies in.
            resource_group: name of the resource group that it lies in; it must exist.
            source: the one pipeline that may become it: `GitHub(…)`, `GitLab(…)` or `TerraformCloud(…)`.
            location: its region; by default the resource group's.
            grants: what it may do.
            connection: the connection of `nhi.Provider` that reaches the subscription.
            opts: resource options; `providers` may name explicit azure-native and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "subscription": subscription,
            "resource_group": resource_group,
            "location": location,
            "source": source,
            "grants": grants,
        }
        with refusing_plainly():
            spec = parse_spec(AzurePipelineSpec, name, fields, azure_grant_problems)
        super().__init__(name, spec, connection=connection, opts=opts)

    def admissions(self) -> Sequence[Admission]:
        """Let in the one pipeline."""
        return [pipeline_admission(self._spec.source)]

    def make(self) -> None:
        """Make what every identity has."""
        super().make()
        self.audience = pulumi.Output.from_input(pipeline_admission(self._spec.source).audience)
