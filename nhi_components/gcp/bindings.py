"""Which resource of Pulumi binds one member of one role on which kind of resource: always additive, never the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import pulumi
import pulumi_gcp as gcp

from nhi_components.core.gcp_resource import ResourceKind

_Extract = Callable[[list[str]], str]


@dataclass(frozen=True, slots=True)
class BindingResource:
    """How one kind of resource is bound on.

    Attributes:
        made: gives the resource of Pulumi; only then is the module of the SDK read that has it, and some are large.
        arguments: what names the resource, each taken from the parts of its relative name.
    """

    made: Callable[[], Callable[..., pulumi.CustomResource]]
    arguments: Mapping[str, _Extract]


def _part(index: int) -> _Extract:
    return lambda parts: parts[index]


def _whole(parts: list[str]) -> str:
    return "/".join(parts)


_PROJECT: Final = {"project": _part(1)}
_LOCATED: Final = {**_PROJECT, "location": _part(3)}

BINDINGS: Final[Mapping[ResourceKind, BindingResource]] = MappingProxyType(
    {
        ResourceKind.PROJECT: BindingResource(lambda: gcp.projects.IAMMember, _PROJECT),
        ResourceKind.SERVICE_ACCOUNT: BindingResource(
            lambda: gcp.serviceaccount.IAMMember, {"service_account_id": _whole}
        ),
        ResourceKind.BUCKET: BindingResource(lambda: gcp.storage.BucketIAMMember, {"bucket": _part(3)}),
        ResourceKind.TOPIC: BindingResource(lambda: gcp.pubsub.TopicIAMMember, {**_PROJECT, "topic": _part(3)}),
        ResourceKind.SUBSCRIPTION: BindingResource(
            lambda: gcp.pubsub.SubscriptionIAMMember, {**_PROJECT, "subscription": _part(3)}
        ),
        ResourceKind.SECRET: BindingResource(
            lambda: gcp.secretmanager.SecretIamMember, {**_PROJECT, "secret_id": _part(3)}
        ),
        ResourceKind.DATASET: BindingResource(
            lambda: gcp.bigquery.DatasetIamMember, {**_PROJECT, "dataset_id": _part(3)}
        ),
        ResourceKind.TABLE: BindingResource(
            lambda: gcp.bigquery.IamMember, {**_PROJECT, "dataset_id": _part(3), "table_id": _part(5)}
        ),
        ResourceKind.KEY_RING: BindingResource(lambda: gcp.kms.KeyRingIAMMember, {"key_ring_id": _whole}),
        ResourceKind.CRYPTO_KEY: BindingResource(lambda: gcp.kms.CryptoKeyIAMMember, {"crypto_key_id": _whole}),
        ResourceKind.RUN_SERVICE: BindingResource(
            lambda: gcp.cloudrunv2.ServiceIamMember, {**_LOCATED, "name": _part(5)}
        ),
        ResourceKind.REPOSITORY: BindingResource(
            lambda: gcp.artifactregistry.RepositoryIamMember, {**_LOCATED, "repository": _part(5)}
        ),
        ResourceKind.LOG_VIEW: BindingResource(
            lambda: gcp.logging.LogViewIamMember,
            {
                "parent": lambda parts: "/".join(parts[:2]),
                "location": _part(3),
                "bucket": _part(5),
                "name": _part(7),
            },
        ),
    }
)


def bound(
    name: str,
    kind: ResourceKind,
    resource: pulumi.Input[str],
    *,
    role: pulumi.Input[str],
    member: pulumi.Input[str],
    condition: pulumi.Input[dict[str, str]] | None,
    opts: pulumi.ResourceOptions,
) -> pulumi.CustomResource:
    """Bind one member of one role on one resource.

    Args:
        name: of the resource of Pulumi.
        kind: what is bound on.
        resource: its relative name.
        role: the role.
        member: the member.
        condition: under which it holds; None where the kind takes none.
        opts: resource options.
    """
    how = BINDINGS[kind]
    parts = pulumi.Output.from_input(resource).apply(lambda known: known.split("/"))
    arguments: dict[str, Any] = {argument: parts.apply(extract) for argument, extract in how.arguments.items()}
    if condition is not None:
        arguments["condition"] = condition
    return how.made()(name, **arguments, role=role, member=member, opts=opts)
