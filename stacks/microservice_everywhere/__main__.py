"""A microservice, `orders`, wherever it is needed: one service account of Kubernetes, trusted by the clouds chosen.

One identity from one specification; `orders:clouds` says where. Each of them takes the tokens that the cluster makes
for its pods, so no key is made; what leaves the list loses its access there, and a destroy ends it everywhere.
"""

from collections.abc import Sequence

import pulumi

import nhi_components as nhi
from nhi_components import kubernetes

config = pulumi.Config("orders")
orders = {
    "name": "orders",
    "environment": config.get("environment") or "dev",
    "owner": {"team": "payments", "email": "payments@example.com"},
    "purpose": "takes orders and tells billing of them",
    "expires": {"after_days": config.get_int("days") or 180},
}
namespace = config.get("namespace") or "shop"


# Each cloud's own SDK is imported where the cloud is chosen, so that no other has to be installed.
def on_aws() -> nhi.on.Aws:
    from nhi_components import aws

    bucket = f"arn:aws:s3:::{config.require('aws_bucket')}"
    return nhi.on.Aws(
        oidc_provider_arn=config.require("aws_oidc_provider_arn"),
        grants=aws.intents.sqs.send(config.require("aws_queue"))
        + aws.intents.s3.read_objects(bucket, prefix="orders/"),
    )


def on_gcp() -> nhi.on.Gcp:
    from nhi_components import gcp

    return nhi.on.Gcp(
        project=config.require("gcp_project"),
        project_number=config.require("gcp_project_number"),
        grants=gcp.intents.pubsub.publish(config.require("gcp_topic"))
        + gcp.intents.storage.read_objects(config.require("gcp_bucket"), prefix="orders/"),
    )


def on_azure() -> nhi.on.Azure:
    from nhi_components import azure

    return nhi.on.Azure(
        subscription=config.require("azure_subscription"),
        resource_group=config.require("azure_resource_group"),
        grants=azure.intents.servicebus.send_to_queue(config.require("azure_queue"))
        + azure.intents.storage.read_blobs(config.require("azure_container")),
    )


def on_vault() -> nhi.on.Vault:
    from nhi_components import vault

    return nhi.on.Vault(
        mount=config.get("vault_mount") or "kubernetes",
        grants=vault.intents.kv.read(config.get("vault_entry") or "orders"),
    )


PLACES = {"aws": on_aws, "gcp": on_gcp, "azure": on_azure, "vault": on_vault}
clouds: list[str] = config.require_object("clouds")
if unknown := sorted(set(clouds) - PLACES.keys()):
    raise pulumi.RunError(
        f"orders:clouds got: {', '.join(unknown)} expected: some of {', '.join(PLACES)}; "
        'fix: pulumi config set orders:clouds \'["aws", "vault"]\''
    )


def in_clouds(account: kubernetes.Account) -> Sequence[kubernetes.IrsaRole | kubernetes.AksIdentity]:
    """Have the clouds trust the account, and tell it what it becomes there."""
    if not clouds:
        return []
    home = nhi.home.Kubernetes(
        issuer=config.require("issuer"), namespace=account.namespace, service_account=account.name
    )
    trusted = nhi.FederatedIdentity(
        "orders-in", identity=orders, home=home, on=[PLACES[cloud]() for cloud in dict.fromkeys(clouds)]
    )
    for cloud, outputs in trusted.outputs.items():
        bundle = trusted.bundles[cloud]
        pulumi.export(cloud, {**outputs, "lease": bundle.lease_id, "ends": bundle.ends})
    becomes: list[kubernetes.IrsaRole | kubernetes.AksIdentity] = []
    if "aws" in clouds:
        becomes.append(kubernetes.IrsaRole(role_arn=trusted.output("aws", "role_arn")))
    if "azure" in clouds:
        known = {name: trusted.output("azure", name) for name in ("client_id", "tenant_id")}
        becomes.append(kubernetes.AksIdentity(**known))
    return becomes


service = kubernetes.WorkloadIdentity(
    "orders",
    identity=orders,
    namespace=namespace,
    grants=kubernetes.intents.configmaps.read(namespace, "orders-flags")
    + kubernetes.intents.secrets.read(namespace, "orders"),
    token_audiences=["vault"] if "vault" in clouds else [],
    federations=in_clouds,
)

pulumi.export(
    "kubernetes",
    {
        "service_account": service.service_account,
        "subject": service.subject,
        "volume": service.token_volume,
        "mount": service.token_mount,
        "lease": service.lease_id,
        "ends": service.ends,
    },
)
