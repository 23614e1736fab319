"""Deployments of `shop` from GitHub: to AWS and to Vault with the job's own token, so that no key is kept at GitHub."""

import pulumi

import nhi_components as nhi
from nhi_components import aws, vault

config = pulumi.Config("deploy")
deploy = {
    "name": "shop-deploy",
    "environment": config.get("environment") or "prod",
    "kind": "pipeline",
    "owner": {"team": "shop", "email": "shop@example.com"},
    "purpose": "deploys the shop from its repository",
    "expires": {"after_days": config.get_int("days") or 180},
}
# One subject for both systems: only jobs of this repository that run in this environment of GitHub.
jobs = aws.GitHub(
    repository=config.get("repository") or "example/shop",
    environment=config.get("github_environment") or "production",
    owner_id=config.get("owner_id"),
    repository_id=config.get("repository_id"),
)

# Plain ARNs, not outputs: what a deployment may do, and its boundary, are judged whole on preview.
push_images = aws.intents.ecr.push(config.require("images_arn"))
update_code = nhi.Grant(actions=["lambda:UpdateFunctionCode"], targets=[config.require("function_arn")])

# What a deployment can become at most, whatever somebody grants it later.
boundary = aws.PermissionsBoundary(
    "deployments",
    purpose="caps what deployments of the shop can become",
    allow=[*push_images, update_code],
    tags=config.get_object("boundary_tags"),
)
on_aws = aws.PipelineIdentity(
    "shop-deploy-aws",
    identity=deploy,
    source=jobs,
    oidc_provider_arn=config.require("oidc_provider_arn"),
    grants=[*push_images, update_code],
    permissions_boundary=boundary.arn,
)
in_vault = vault.PipelineIdentity(
    "shop-deploy-vault",
    identity=deploy,
    source=jobs,
    grants=vault.intents.kv.read("deploy/shop"),
    token_ttl_seconds=900,
    token_maximum_ttl_seconds=1800,
    jwt_mount=config.get("jwt_mount") or "jwt",
)

pulumi.export("role_arn", on_aws.role_arn)
pulumi.export("role_name", on_aws.role_name)
pulumi.export("aws_audience", on_aws.audience)
pulumi.export("aws_lease", on_aws.lease_id)
pulumi.export("vault_role", in_vault.role_name)
pulumi.export("vault_audience", in_vault.audience)
pulumi.export("vault_lease", in_vault.lease_id)
