"""Deployments of `shop` from GitHub to Cloud Run: with the job's own token, so that no key is kept at GitHub.

Two identities: the pipeline, which pushes images and deploys one service, and the account that the service runs as,
which the pipeline may attach to it and never become.
"""

import pulumi

import nhi_components as nhi
from nhi_components import gcp

config = pulumi.Config("deploy")
project = config.require("project")
common = {
    "environment": config.get("environment") or "prod",
    "owner": {"team": "shop", "email": "shop@example.com"},
    "expires": {"after_days": config.get_int("days") or 180},
}
# Plain names, not outputs: what a deployment may do is judged whole on preview.
service = config.require("service")
deploy_service = nhi.Grant(actions=["run.services.get", "run.services.update"], targets=[service])
# An update is an operation, which is asked after by its own name, so that this can't be bound on the service.
wait = nhi.Grant(actions=["run.operations.get"], targets=[f"projects/{project}"])

deploy = gcp.PipelineIdentity(
    "shop-deploy",
    identity={
        **common,
        "name": "shop-deploy",
        "kind": "pipeline",
        "purpose": "deploys the shop from its repository",
    },
    project=project,
    project_number=config.require("project_number"),
    # Only jobs of this repository that run in this environment of GitHub.
    source=gcp.GitHub(
        repository=config.get("repository") or "example/shop",
        environment=config.get("github_environment") or "production",
        owner_id=config.get("owner_id"),
        repository_id=config.get("repository_id"),
    ),
    grants=[*gcp.intents.artifactregistry.push(config.require("images")), deploy_service, wait],
)
shop = gcp.WorkloadIdentity(
    "shop",
    identity={**common, "name": "shop", "kind": "workload", "purpose": "serves the shop, and publishes its orders"},
    project=project,
    trusted_by=gcp.AttachedTrust(deployers=[deploy.member]),
    grants=gcp.intents.pubsub.publish(config.require("orders")),
)

pulumi.export("provider", deploy.provider_name)
pulumi.export("audience", deploy.audience)
pulumi.export("deploys_as", deploy.email)
pulumi.export("runs_as", shop.email)
pulumi.export("deploy_lease", deploy.lease_id)
pulumi.export("shop_lease", shop.lease_id)
