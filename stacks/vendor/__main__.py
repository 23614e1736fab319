"""Vendors: each reads its own queue on AWS and its own secret in Vault, until its day or until it is offboarded."""

from typing import Any

import pulumi
import pulumi_aws

import nhi_components as nhi
from nhi_components import aws, vault

config = pulumi.Config("vendor")
environment = config.get("environment") or "prod"


def onboard(vendor: dict[str, Any]) -> dict[str, Any]:
    """Give a vendor its queue, its identity on AWS and in Vault; return what it must be told, none of it a secret."""
    name = vendor["name"]
    identity = {
        "name": name,
        "environment": environment,
        "kind": "third-party",
        "owner": {"team": "purchasing", "email": "purchasing@example.com"},
        "purpose": vendor.get("purpose"),
        "expires": vendor.get("until"),
        "approvers": vendor.get("approvers", []),
    }
    queue = pulumi_aws.sqs.Queue(name, name=f"for-{name}-{environment}")
    on_aws = aws.ThirdPartyIdentity(
        f"{name}-aws",
        identity=identity,
        vendor_account=vendor.get("account", ""),
        grants=aws.intents.sqs.consume(queue.arn),
    )
    in_vault = vault.WorkloadIdentity(
        f"{name}-vault",
        identity=identity,
        secret=nhi.SecretSpec(description=f"signs what is sent to {name}", generate_bytes=32),
        token_ttl_seconds=900,
        bound_cidrs=vendor.get("networks", []),
    )
    return {
        "queue_url": queue.id,
        "role_arn": on_aws.role_arn,
        "external_id": on_aws.external_id,
        "aws_lease": on_aws.lease_id,
        "vault_role": in_vault.role_name,
        "vault_role_id": in_vault.role_id,
        "vault_secret": in_vault.secret_path,
        "vault_lease": in_vault.lease_id,
        "until": on_aws.ends,
    }


pulumi.export("tell", {vendor["name"]: onboard(vendor) for vendor in config.get_object("vendors") or []})
