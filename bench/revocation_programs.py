"""One identity on AWS and Vault, as bundles and by hand, and the request that ends access on each system."""

BUNDLES = """
import pulumi
from nhi_components import Grant, aws, vault

orders = {
    "name": "orders",
    "environment": "dev",
    "owner": {"team": "bench", "email": "bench@example.com"},
    "purpose": "measure revocation",
    "expires": {"after_days": 30},
}
on_aws = aws.WorkloadIdentity(
    "orders-aws",
    identity=orders,
    trusted_by=aws.AccountTrust(account="111111111111", external_id="bench"),
    grants=[Grant(actions=["sqs:ListQueues"], targets=["*"])],
)
in_vault = vault.WorkloadIdentity("orders-vault", identity=orders)
pulumi.export("role_arn", on_aws.role_arn)
pulumi.export("vault_role", in_vault.role_name)
pulumi.export("vault_role_id", in_vault.role_id)
"""

BY_HAND = """
import json
import pulumi
import pulumi_aws as aws
import pulumi_vault as vault

suspended = pulumi.Config().get_bool("suspended")

def policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

name = pulumi.get_project()
trust = {
    "Effect": "Deny" if suspended else "Allow",
    "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
    "Action": "sts:AssumeRole",
}
allowed = {"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}
denied = {"Effect": "Deny", "Action": "*", "Resource": "*"}
role = aws.iam.Role("role", name=name, assume_role_policy=policy(trust), force_detach_policies=True)
aws.iam.RolePolicy("grants", role=role.name, policy=policy(denied if suspended else allowed))
rules = vault.Policy("policy", name=name, policy='path "secret/data/bench" { capabilities = ["read"] }')
entity = vault.identity.Entity("entity", name=name, policies=[rules.name], disabled=bool(suspended))
approle = vault.approle.AuthBackendRole("approle", role_name=name, token_policies=[rules.name], token_ttl=1200)
accessor = vault.get_auth_backend(path="approle").accessor
vault.identity.EntityAlias("alias", name=approle.role_id, mount_accessor=accessor, canonical_id=entity.id)
pulumi.export("role_arn", role.arn)
pulumi.export("entity_id", entity.id)
pulumi.export("vault_role", approle.role_name)
pulumi.export("vault_role_id", approle.role_id)
"""

DENY_ON_AWS = """
import json, sys
import boto3

denied = {"Effect": "Deny", "Action": "*", "Resource": "*"}
document = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
boto3.client("iam").put_role_policy(RoleName=sys.argv[1], PolicyName="deny", PolicyDocument=document)
"""

DISABLE_IN_VAULT = """
import sys
import hvac

hvac.Client().write(f"identity/entity/id/{sys.argv[1]}", disabled=True)
"""
