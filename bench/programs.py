"""The same identities twice: as bundles, and as the same resources written by hand."""

BUNDLES = """
import pulumi
from nhi_components import Grant, SecretSpec, aws, vault

for i in range({count}):
    identity = {{
        "name": f"bench{{i}}",
        "environment": "dev",
        "owner": {{"team": "bench", "email": "bench@example.com"}},
        "purpose": "measure bundles",
        "expires": {{"after_days": 30}},
    }}
    queue = f"arn:aws:sqs:eu-central-1:111111111111:bench{{i}}"
    aws.WorkloadIdentity(
        f"aws{{i}}",
        identity=identity,
        trusted_by="lambda",
        grants=[Grant(actions=["sqs:SendMessage"], targets=[queue])],
        secret=SecretSpec(),
    )
    vault.WorkloadIdentity(f"vault{{i}}", identity=identity, secret=SecretSpec())
"""

BY_HAND = """
import json
import pulumi
import pulumi_aws as aws
import pulumi_vault as vault

def policy(*statements):
    return json.dumps({{"Version": "2012-10-17", "Statement": list(statements)}})

def allow(action, resource):
    return {{"Effect": "Allow", "Action": action, "Resource": resource}}

accessor = vault.get_auth_backend(path="approle").accessor
for i in range({count}):
    name = f"bench{{i}}"
    tags = {{"owner": "bench@example.com", "purpose": "measure"}}
    trust = {{"Effect": "Allow", "Principal": {{"Service": "lambda.amazonaws.com"}}, "Action": "sts:AssumeRole"}}
    role = aws.iam.Role(f"{{name}}-role", name=name, assume_role_policy=policy(trust), force_detach_policies=True, tags=tags)
    secret = aws.secretsmanager.Secret(
        f"{{name}}-secret",
        name=name,
        recovery_window_in_days=0,
        tags=tags,
        policy=role.arn.apply(
            lambda arn: policy({{
                "Effect": "Deny",
                "Principal": "*",
                "Action": "secretsmanager:GetSecretValue",
                "Resource": "*",
                "Condition": {{"ArnNotEquals": {{"aws:PrincipalArn": arn}}}},
            }})
        ),
    )
    aws.secretsmanager.SecretVersion(f"{{name}}-value", secret_id=secret.id, secret_string="by-hand")
    queue = f"arn:aws:sqs:eu-central-1:111111111111:{{name}}"
    aws.iam.RolePolicy(
        f"{{name}}-grants",
        role=role.name,
        policy=secret.arn.apply(
            lambda arn, queue=queue: policy(allow("sqs:SendMessage", queue), allow("secretsmanager:GetSecretValue", arn))
        ),
    )
    rules = vault.Policy(f"{{name}}-policy", name=name, policy=f'path "secret/data/{{name}}" {{{{ capabilities = ["read"] }}}}')
    entity = vault.identity.Entity(f"{{name}}-entity", name=name, policies=[rules.name], metadata=tags)
    approle = vault.approle.AuthBackendRole(f"{{name}}-approle", role_name=name, token_policies=[rules.name], token_ttl=1200)
    vault.identity.EntityAlias(f"{{name}}-alias", name=approle.role_id, mount_accessor=accessor, canonical_id=entity.id)
    vault.kv.SecretV2(f"{{name}}-kv", mount="secret", name=name, data_json=json.dumps({{"value": "by-hand"}}), delete_all_versions=True)
"""
