"""The names of bindings and pools of Google Cloud, put together from what a state holds of them; pure functions.

A binding has no name of its own: resource, role and member make it (`BindingName`). The resource stands in the inputs
of its provider's type, whole or in pieces, as the provider's documentation shows them (pulumi-gcp 10.2.0, 'Import').
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from nhi_components.core.gcp_names import BindingName, pool_name, provider_name

_PROJECTS: Final = "projects/"


@dataclass(frozen=True, slots=True)
class _Named:
    """How one type names its resource.

    Attributes:
        whole: the property that may hold the whole name.
        form: the whole name, from the properties, where it does not; `{…}` names one.
        pieces: for a name in pieces between slashes, what comes before each of them.
    """

    whole: str
    form: str = ""
    pieces: tuple[str, ...] = ()

    def resource(self, properties: Mapping[str, Any]) -> str:
        """Put the relative name together; empty when a piece is missing."""
        given = str(properties.get(self.whole) or "")
        if given.startswith(_PROJECTS):
            return given
        if self.pieces:
            parts = given.split("/")
            named = [word for pair in zip(self.pieces, parts, strict=False) for word in pair]
            return "/".join(named) if len(parts) == len(self.pieces) else ""
        try:
            return self.form.format_map({name: _short(value) for name, value in properties.items()})
        except KeyError:
            return ""


_IN_A_PLACE: Final = "projects/{project}/locations/{location}"
_MEMBERS: Final[Mapping[str, _Named]] = MappingProxyType(
    {
        "gcp:projects/iAMMember:IAMMember": _Named("project", "projects/{project}"),
        "gcp:serviceaccount/iAMMember:IAMMember": _Named("serviceAccountId"),
        "gcp:storage/bucketIAMMember:BucketIAMMember": _Named("bucket", "projects/_/buckets/{bucket}"),
        "gcp:pubsub/topicIAMMember:TopicIAMMember": _Named("topic", "projects/{project}/topics/{topic}"),
        "gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember": _Named(
            "subscription", "projects/{project}/subscriptions/{subscription}"
        ),
        "gcp:secretmanager/secretIamMember:SecretIamMember": _Named(
            "secretId", "projects/{project}/secrets/{secretId}"
        ),
        "gcp:bigquery/datasetIamMember:DatasetIamMember": _Named(
            "datasetId", "projects/{project}/datasets/{datasetId}"
        ),
        "gcp:bigquery/iamMember:IamMember": _Named(
            "tableId", "projects/{project}/datasets/{datasetId}/tables/{tableId}"
        ),
        "gcp:kms/keyRingIAMMember:KeyRingIAMMember": _Named("keyRingId", pieces=("projects", "locations", "keyRings")),
        "gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember": _Named(
            "cryptoKeyId", pieces=("projects", "locations", "keyRings", "cryptoKeys")
        ),
        "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": _Named("name", f"{_IN_A_PLACE}/services/{{name}}"),
        "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": _Named(
            "repository", f"{_IN_A_PLACE}/repositories/{{repository}}"
        ),
        "gcp:logging/logViewIamMember:LogViewIamMember": _Named(
            "name", "projects/{parent}/locations/{location}/buckets/{bucket}/views/{name}"
        ),
    }
)
MEMBER_TYPES: Final = frozenset(_MEMBERS)
"""The provider's types that add one member to one role on one resource."""


def binding_name(kind: str, properties: Mapping[str, Any]) -> str:
    """Put together the name of a binding's link; empty when the state holds too little of it.

    Args:
        kind: one of `MEMBER_TYPES`.
        properties: its outputs, or its inputs.
    """
    resource = _MEMBERS[kind].resource(properties)
    role, member = str(properties.get("role") or ""), str(properties.get("member") or "")
    return str(BindingName(resource, role, member)) if resource and role and member else ""


def reserved_name(kind: str, inputs: Mapping[str, Any]) -> str:
    """Put together the name of a pool's or provider's link, which is its id as well; empty for anything else.

    Args:
        kind: the provider's type.
        inputs: its inputs, which need not be whole.
    """
    pool = pool_name(str(inputs.get("project")), str(inputs.get("workloadIdentityPoolId")))
    match kind:
        case "gcp:iam/workloadIdentityPool:WorkloadIdentityPool":
            return pool
        case "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider":
            return provider_name(pool, str(inputs.get("workloadIdentityPoolProviderId")))
        case _:
            return ""


def _short(value: object) -> str:
    """Give a name without what a provider may have put before it: `b/` of a bucket, `projects/` of a project."""
    text = str(value)
    return text.rpartition("/")[2] if text.startswith(("b/", _PROJECTS)) else text
