"""GitHub for the stacks: its issuer as AWS and Vault know it, the tokens of its jobs, and what a job gets for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hvac.exceptions

from nhi_components.core.pipeline import GITHUB_ISSUER
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.aws import ACCOUNT
from tools.lab.sandbox.issuer import Issuer

HOST = GITHUB_ISSUER.removeprefix("https://")
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{HOST}"
NUMBERS = {"repository_owner_id": "1001", "repository_id": "2002"}
SUBJECT = "repo:example@1001/shop@2002:environment:production"
ELSEWHERE = (
    {"sub": "repo:example@1001/shop@2002:environment:staging", "environment": "staging"},
    {"sub": "repo:example@1001/billing@2003:environment:production", "repository": "example/billing"},
    {"sub": "repo:example@6666/shop@6667:environment:production", "repository_id": "6667"},
)
"""The claims of other jobs: of another environment or repository, and of one that has taken over the name."""

GRANTED = "secret/deploy/shop"
"""The entry of Vault that there is for deployments."""

REFUSED = (hvac.exceptions.InvalidRequest, hvac.exceptions.Forbidden)
"""What is raised for a job that Vault does not let in."""


def known_in_sandbox(sandbox: Sandbox) -> Issuer:
    """Let AWS and Vault know GitHub: by an OIDC provider of the account, and a JWT auth method."""
    sandbox.aws.client("iam").create_open_id_connect_provider(Url=GITHUB_ISSUER, ClientIDList=["sts.amazonaws.com"])
    root, issuer = sandbox.vault.client(), Issuer()
    root.secrets.kv.v2.create_or_update_secret(GRANTED.removeprefix("secret/"), {"v": "1"}, mount_point="secret")
    root.sys.enable_auth_method("jwt")
    root.write("auth/jwt/config", jwt_validation_pubkeys=[issuer.public_key])
    return issuer


def job(issuer: Issuer, audience: str, **claims: str) -> str:
    """The token of a job in the environment `production` of `example/shop`, but for the claims given."""
    known = {"iss": GITHUB_ISSUER, "sub": SUBJECT, "repository": "example/shop", "environment": "production"}
    return issuer.token(**{"aud": audience, **known, **NUMBERS, **claims})


def on_aws(sandbox: Sandbox, role_arn: str, token: str) -> Callable[[str], Any]:
    """Clients of a session that a job has opened."""
    opened = sandbox.aws.client("sts").assume_role_with_web_identity(
        RoleArn=role_arn, RoleSessionName="run-4711", WebIdentityToken=token
    )["Credentials"]
    keys = {
        "aws_access_key_id": opened["AccessKeyId"],
        "aws_secret_access_key": opened["SecretAccessKey"],
        "aws_session_token": opened["SessionToken"],
    }
    return lambda service: sandbox.aws.client(service, **keys)


def in_vault(sandbox: Sandbox, role: str, token: str, mount: str = "jwt") -> Any:
    """A client that a job, or a pod, has logged in; one of `REFUSED` is raised when Vault refuses."""
    client = sandbox.vault.client("")
    client.token = client.write(f"auth/{mount}/login", role=role, jwt=token)["auth"]["client_token"]
    return client
