"""A pipeline of GitHub deploys to AWS and reads in Vault with its job's token alone, and nobody else's does.

The emulated AWS checks a token's claims, and not who signed it. Vault's check is real.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from tests.engine.access import allowed, reads
from tests.engine.inventory import everything
from tests.engine.programs import assert_gone, evidence, nhi
from tests.engine.stacks.conftest import PACK, Stack
from tests.engine.stacks.github import (
    ELSEWHERE,
    GRANTED,
    HOST,
    NUMBERS,
    PROVIDER,
    REFUSED,
    in_vault,
    job,
    known_in_sandbox,
    on_aws,
)
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.aws import ACCOUNT, REGION
from tools.lab.sandbox.issuer import Issuer

IMAGES = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/shop"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop"

IN_A_HURRY = f"""
import pulumi_aws

pulumi_aws.iam.Role(
    "anybody",
    assume_role_policy=pulumi.Output.json_dumps({{"Version": "2012-10-17", "Statement": [{{
        "Effect": "Allow",
        "Principal": {{"Federated": {PROVIDER!r}}},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {{"StringLike": {{"{HOST}:sub": "repo:example/*"}}}},
    }}]}}),
    tags={{"nhi:owner": "shop@example.com", "nhi:ends": "2099-01-31"}},
)
"""


@pytest.fixture
def issuer(sandbox: Sandbox) -> Issuer:
    return known_in_sandbox(sandbox)


@pytest.fixture
def deployment(stack: Callable[[str], Stack], issuer: Issuer) -> Stack:
    made = stack("github_to_aws")
    made.configure(
        deploy__oidc_provider_arn=PROVIDER,
        deploy__images_arn=IMAGES,
        deploy__function_arn=FUNCTION,
        deploy__owner_id=NUMBERS["repository_owner_id"],
        deploy__repository_id=NUMBERS["repository_id"],
        deploy__boundary_tags="{}",
    )
    return made


def code(text: str) -> bytes:
    """An archive as functions are made of."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("bootstrap", text)
    return archive.getvalue()


def make_targets(sandbox: Sandbox, *names: str) -> None:
    """Make, under each name, a repository of images and a function that nobody runs."""
    runs = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [runs]})
    made = sandbox.aws.client("iam").create_role(RoleName="functions", AssumeRolePolicyDocument=trust)
    settings = {"Runtime": "provided.al2023", "Handler": "bootstrap", "Role": made["Role"]["Arn"]}
    for name in names:
        sandbox.aws.client("ecr").create_repository(repositoryName=name)
        sandbox.aws.client("lambda").create_function(FunctionName=name, Code={"ZipFile": code("first")}, **settings)


def test_only_jobs_of_that_environment_deploy_until_it_is_removed(
    deployment: Stack, issuer: Issuer, sandbox: Sandbox
) -> None:
    make_targets(sandbox, "shop", "billing")
    before = everything(sandbox)
    deployment.preview("--policy-pack", PACK)
    deployment.up()
    outputs = deployment.outputs()
    linted = nhi(deployment, "lint", "--stack", "dev", "--strict")
    assert linted.code == 0, linted.text

    client = on_aws(sandbox, outputs["role_arn"], job(issuer, outputs["aws_audience"]))
    update, upload = client("lambda").update_function_code, client("ecr").initiate_layer_upload
    assert allowed(client("ecr").get_authorization_token)
    assert allowed(upload, repositoryName="shop")
    assert not allowed(upload, repositoryName="billing")
    assert not allowed(client("ecr").delete_repository, repositoryName="shop")
    assert allowed(update, FunctionName="shop", ZipFile=code("second"))
    assert not allowed(update, FunctionName="billing", ZipFile=code("second"))
    assert not allowed(client("lambda").delete_function, FunctionName="shop")

    reader = in_vault(sandbox, outputs["vault_role"], job(issuer, outputs["vault_audience"]))
    assert reads(reader, GRANTED)
    assert not reads(reader, "secret/deploy/billing")
    for claims in (*ELSEWHERE, {"aud": "https://github.com/another"}):
        with pytest.raises(REFUSED):
            in_vault(sandbox, outputs["vault_role"], job(issuer, outputs["vault_audience"], **claims))
        with pytest.raises(ClientError, match="AccessDenied"):
            on_aws(sandbox, outputs["role_arn"], job(issuer, outputs["aws_audience"], **claims))

    deployment.destroy()
    assert not allowed(update, FunctionName="shop", ZipFile=code("third"))
    assert not reads(reader, GRANTED)
    with pytest.raises(ClientError):
        on_aws(sandbox, outputs["role_arn"], job(issuer, outputs["aws_audience"]))
    with pytest.raises(REFUSED):
        in_vault(sandbox, outputs["vault_role"], job(issuer, outputs["vault_audience"]))
    assert everything(sandbox) == before
    assert_gone(deployment, outputs["aws_lease"], outputs["vault_lease"])


def test_what_is_granted_by_hand_stays_below_the_boundary_and_goes_with_the_role(
    deployment: Stack, issuer: Issuer, sandbox: Sandbox
) -> None:
    deployment.up()
    outputs = deployment.outputs()
    anything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    sandbox.aws.client("iam").put_role_policy(
        RoleName=outputs["role_name"], PolicyName="by-hand", PolicyDocument=json.dumps(anything)
    )
    client = on_aws(sandbox, outputs["role_arn"], job(issuer, outputs["aws_audience"]))
    assert allowed(client("ecr").get_authorization_token)
    assert not allowed(client("iam").create_user, UserName="back-door")
    assert not allowed(client("sqs").list_queues)

    deployment.destroy()
    assert_gone(deployment, outputs["aws_lease"], outputs["vault_lease"])
    assert "by-hand" in json.dumps(evidence(deployment, outputs["aws_lease"]))


def test_a_wider_trust_is_stopped_before_anything_is_made(deployment: Stack, sandbox: Sandbox) -> None:
    program = (deployment.directory / "__main__.py").read_text()
    deployment.write({"__main__.py": program + IN_A_HURRY})
    blocked = deployment.preview("--policy-pack", PACK, check=False)
    assert blocked.code != 0
    assert "[aws.oidc-trust]" in blocked.text

    deployment.write({"__main__.py": program})
    deployment.configure(deploy__repository="example/*")
    refused = deployment.preview(check=False)
    assert refused.code != 0
    assert "`owner/name`, without wildcards" in refused.text
    assert everything(sandbox).keys() == {"entries"}
