"""Deployments of `shop` from GitHub to AWS, Google Cloud, Azure and Vault: with the job's own token, so without a key.

One identity: the same jobs are trusted everywhere, and they lose everything everywhere on one day, or by one command.
"""

import pulumi

import nhi_components as nhi
from nhi_components import aws, azure, gcp, vault

config = pulumi.Config("deploy")

# Plain names, not outputs: what a deployment may do is judged whole on preview.
deploy = nhi.FederatedIdentity(
    "shop-deploy",
    identity={
        "name": "shop-deploy",
        "environment": config.get("environment") or "prod",
        "kind": "pipeline",
        "owner": {"team": "shop", "email": "shop@example.com"},
        "purpose": "pushes the images of the shop from its repository",
        "expires": {"after_days": config.get_int("days") or 180},
    },
    # One subject for all of them: only jobs of this repository that run in this environment of GitHub.
    home=nhi.home.GitHub(
        repository=config.get("repository") or "example/shop",
        environment=config.get("github_environment") or "production",
        owner_id=config.get("owner_id"),
        repository_id=config.get("repository_id"),
    ),
    on=[
        nhi.on.Aws(
            oidc_provider_arn=config.require("aws_oidc_provider_arn"),
            grants=aws.intents.ecr.push(config.require("aws_images")),
        ),
        nhi.on.Gcp(
            project=config.require("gcp_project"),
            project_number=config.require("gcp_project_number"),
            grants=gcp.intents.artifactregistry.push(config.require("gcp_images")),
        ),
        nhi.on.Azure(
            subscription=config.require("azure_subscription"),
            resource_group=config.require("azure_resource_group"),
            grants=azure.intents.containerregistry.push(config.require("azure_images")),
        ),
        nhi.on.Vault(
            mount=config.get("vault_mount") or "jwt",
            grants=vault.intents.kv.read("deploy/shop"),
            token_ttl_seconds=900,
            token_maximum_ttl_seconds=1800,
        ),
    ],
)

for cloud, outputs in deploy.outputs.items():
    pulumi.export(cloud, {**outputs, "lease": deploy.bundles[cloud].lease_id, "ends": deploy.bundles[cloud].ends})
