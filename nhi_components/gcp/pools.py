"""A workload identity pool of an identity's own, with one provider that lets in one workload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pulumi
import pulumi_gcp as gcp

from nhi_components.core.gcp_federation import Admission, principal_of
from nhi_components.core.gcp_links import POOL, PROJECT, PROVIDER
from nhi_components.core.gcp_names import pool_name, provider_name
from nhi_components.core.identity import Identity
from nhi_components.core.links import LinkKind

if TYPE_CHECKING:
    from nhi_components.gcp.bundle import GcpBundle

_LONGEST_DISPLAY_NAME: Final = 32
"""Characters (REST, `workloadIdentityPools`: displayName)."""


@dataclass(frozen=True, slots=True)
class OwnPool:
    """What a pool of an identity's own offers; all but the resource is known at preview.

    Attributes:
        made: the provider, after which a principal of its pool may be bound.
        provider: the provider's whole name, with the number of its project.
        audience: for whom a token has to be issued; of no use on AWS.
        principal: who is let in, as allow policies name it.
    """

    made: pulumi.Resource
    provider: pulumi.Output[str]
    audience: pulumi.Output[str]
    principal: pulumi.Output[str]


def pool_parts(project: str, provider: str) -> list[tuple[LinkKind, dict[str, str]]]:
    """Declare a pool and its provider."""
    return [
        (LinkKind.GCP_WORKLOAD_IDENTITY_POOL, {PROJECT: project}),
        (LinkKind.GCP_WORKLOAD_IDENTITY_PROVIDER, {PROJECT: project, PROVIDER: provider}),
    ]


def own_pool(bundle: GcpBundle, identity: Identity, project: str, project_number: str, admission: Admission) -> OwnPool:
    """Make a pool and its provider; while the identity is suspended, neither lets anybody in.

    A disabled pool also refuses the tokens that were exchanged before (REST, `workloadIdentityPools`: disabled).

    Args:
        bundle: whose they are.
        identity: the bundle's.
        project: id of the project that they lie in.
        project_number: its number.
        admission: what is let in.
    """
    kind = LinkKind.GCP_WORKLOAD_IDENTITY_POOL
    own, id_ = bundle.name_of(kind), admission.provider
    numbered = own.apply(lambda pool: pool_name(project_number, pool))
    provider = numbered.apply(lambda pool: provider_name(pool, id_))
    audience = provider.apply(admission.audience_at)
    common: dict[str, Any] = {
        "project": project,
        "workload_identity_pool_id": own,
        "display_name": identity.name[:_LONGEST_DISPLAY_NAME],
        "description": bundle.description,
        "disabled": bundle.suspended,
    }
    pool = gcp.iam.WorkloadIdentityPool(f"{bundle.name}-pool", **common, opts=bundle.child_options())
    tokens: dict[str, Any] = (
        {"aws": gcp.iam.WorkloadIdentityPoolProviderAwsArgs(account_id=admission.account)}
        if admission.account
        else {
            "oidc": gcp.iam.WorkloadIdentityPoolProviderOidcArgs(
                issuer_uri=admission.issuer, allowed_audiences=[audience]
            )
        }
    )
    made = gcp.iam.WorkloadIdentityPoolProvider(
        f"{bundle.name}-provider",
        **common,
        **tokens,
        workload_identity_pool_provider_id=id_,
        attribute_mapping=dict(admission.mapping),
        attribute_condition=admission.condition,
        opts=bundle.child_options(pool),
    )
    place = own.apply(lambda known: pool_name(project, known))
    bundle.link(kind, place, pool, attributes={PROJECT: project})
    attributes: dict[str, pulumi.Input[str]] = {POOL: place, PROJECT: project, PROVIDER: id_}
    name = place.apply(lambda known: provider_name(known, id_))
    bundle.link(LinkKind.GCP_WORKLOAD_IDENTITY_PROVIDER, name, made, attributes=attributes)
    principal = pulumi.Output.all(numbered, admission.principal).apply(lambda known: principal_of(*known))
    return OwnPool(made, provider, audience, principal)
