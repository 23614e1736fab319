"""Resources whose calls are regular: pools and their providers, secrets, topics, subscriptions, repositories, services.

Source: terraform-provider-google 8.0, the `resource_*.go` file of each. The real provider also lists a pool's
attestation rules after each read of it; here none are served, and so none are listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tools.plugins.gcp.google import Google
from tools.plugins.gcp.names import filled, last
from tools.plugins.gcp.rest_resource import DELETION_POLICY, RestResource, same_name
from tools.plugins.gcp.settings import ARTIFACTS, IAM, PUBSUB, RUN, SECRETS
from tools.plugins.gcp.shapes import Spelling
from tools.plugins.resource import AutoName, Properties

_POOL = "projects/{project}/locations/global/workloadIdentityPools/{workloadIdentityPoolId}"
_POOL_ID = r"(?!gcp-)[0-9a-z-]{4,32}"
_FILLED_IN = frozenset({"project", DELETION_POLICY})


@dataclass(frozen=True, kw_only=True)
class _Subscription(RestResource):
    def body(self, client: Google, inputs: Properties, values: Mapping[str, Any]) -> dict[str, Any]:
        """The topic goes by its whole path."""
        sent = super().body(client, inputs, values)
        topic = str(inputs["topic"])
        return {**sent, "topic": topic if "/" in topic else filled("projects/{project}/topics/", values) + topic}


@dataclass(frozen=True, kw_only=True)
class _Repository(RestResource):
    def outputs(self, client: Google, path: str, found: Mapping[str, Any], state: Properties) -> dict[str, Any]:
        """Its name is shown in short."""
        return {**super().outputs(client, path, found, state), "name": last(path)}


POOL = RestResource(
    token="gcp:iam/workloadIdentityPool:WorkloadIdentityPool",  # noqa: S106 - a type
    noun="WorkloadIdentityPool",
    service=IAM,
    path=_POOL,
    made_at="projects/{project}/locations/global/workloadIdentityPools",
    made_with={"workloadIdentityPoolId": "{workloadIdentityPoolId}"},
    fields=("displayName", "description", "disabled", "mode"),
    operations=True,
    replaces=frozenset({"project", "workloadIdentityPoolId"}),
    filled_in=_FILLED_IN | {"mode"},
    patterns={"workloadIdentityPoolId": _POOL_ID},
)

POOL_PROVIDER = RestResource(
    token="gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",  # noqa: S106 - a type
    noun="WorkloadIdentityPoolProvider",
    service=IAM,
    path=f"{_POOL}/providers/{{workloadIdentityPoolProviderId}}",
    made_at=f"{_POOL}/providers",
    made_with={"workloadIdentityPoolProviderId": "{workloadIdentityPoolProviderId}"},
    fields=("displayName", "description", "disabled", "attributeMapping", "attributeCondition", "aws", "oidc", "saml"),
    masks={"oidc": ("oidc.allowed_audiences", "oidc.issuer_uri", "oidc.jwks_json")},
    operations=True,
    replaces=frozenset({"project", "workloadIdentityPoolId", "workloadIdentityPoolProviderId"}),
    filled_in=_FILLED_IN,
    patterns={"workloadIdentityPoolId": _POOL_ID, "workloadIdentityPoolProviderId": _POOL_ID},
)

SECRET = RestResource(
    token="gcp:secretmanager/secret:Secret",  # noqa: S106 - a type
    noun="Secret",
    service=SECRETS,
    path="projects/{project}/secrets/{secretId}",
    made_at="projects/{project}/secrets",
    made_with={"secretId": "{secretId}"},
    fields=("replication", "annotations", "expireTime", "ttl", "versionDestroyTtl", "rotation", "topics"),
    local=frozenset({"deletionProtection", "ttl"}),
    labelled=True,
    replaces=frozenset({"project", "secretId", "replication"}),
    filled_in=_FILLED_IN | {"expireTime"},
    defaults={"deletionProtection": False},
    auto_name=AutoName("secretId", 255),
)

TOPIC = RestResource(
    token="gcp:pubsub/topic:Topic",  # noqa: S106 - a type
    noun="Topic",
    service=PUBSUB,
    path="projects/{project}/topics/{name}",
    made_by="PUT",
    fields=("kmsKeyName", "messageRetentionDuration", "messageStoragePolicy"),
    polls=1,
    wrapped="topic",
    labelled=True,
    replaces=frozenset({"project", "name"}),
    filled_in=_FILLED_IN | {"messageStoragePolicy"},
    auto_name=AutoName("name", 255),
)

SUBSCRIPTION = _Subscription(
    token="gcp:pubsub/subscription:Subscription",  # noqa: S106 - a type
    noun="Subscription",
    service=PUBSUB,
    path="projects/{project}/subscriptions/{name}",
    made_by="PUT",
    fields=(
        "topic",
        "pushConfig",
        "ackDeadlineSeconds",
        "messageRetentionDuration",
        "retainAckedMessages",
        "filter",
        "enableMessageOrdering",
        "expirationPolicy",
        "deadLetterPolicy",
        "retryPolicy",
        "enableExactlyOnceDelivery",
    ),
    polls=1,
    wrapped="subscription",
    labelled=True,
    replaces=frozenset({"project", "name", "topic", "filter", "enableMessageOrdering"}),
    filled_in=_FILLED_IN | {"ackDeadlineSeconds", "expirationPolicy"},
    defaults={"messageRetentionDuration": "604800s"},
    auto_name=AutoName("name", 255),
    alike={"topic": same_name},
)

REPOSITORY = _Repository(
    token="gcp:artifactregistry/repository:Repository",  # noqa: S106 - a type
    noun="Repository",
    service=ARTIFACTS,
    path="projects/{project}/locations/{location}/repositories/{repositoryId}",
    made_at="projects/{project}/locations/{location}/repositories",
    made_with={"repository_id": "{repositoryId}"},
    fields=("format", "mode", "description", "kmsKeyName", "dockerConfig", "cleanupPolicyDryRun"),
    operations=True,
    labelled=True,
    replaces=frozenset({"project", "location", "repositoryId", "format", "kmsKeyName", "mode"}),
    filled_in=_FILLED_IN | {"location"},
    defaults={"mode": "STANDARD_REPOSITORY"},
)

RUN_SERVICE = RestResource(
    token="gcp:cloudrunv2/service:Service",  # noqa: S106 - a type
    noun="Service",
    service=RUN,
    path="projects/{project}/locations/{location}/services/{name}",
    made_at="projects/{project}/locations/{location}/services",
    made_with={"serviceId": "{name}"},
    fields=("template", "description", "ingress", "launchStage", "invokerIamDisabled", "customAudiences", "traffics"),
    local=frozenset({"deletionProtection"}),
    whole="PATCH",
    operations=True,
    labelled=True,
    replaces=frozenset({"project", "location", "name"}),
    filled_in=_FILLED_IN
    | {"ingress", "launchStage", "traffics"}
    | {
        f"template.{name}"
        for name in ("serviceAccount", "timeout", "scaling", "maxInstanceRequestConcurrency", "revision")
    }
    | {f"template.containers.{name}" for name in ("name", "ports", "resources", "startupProbe")},
    defaults={"deletionProtection": True},
    auto_name=AutoName("name", 49),
    spelling=Spelling({"envs": "env", "traffics": "traffic"}, frozenset({"ports"})),
)
