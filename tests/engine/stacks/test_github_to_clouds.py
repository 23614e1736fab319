"""A pipeline of GitHub pushes its images to three clouds and reads in Vault, with its job's token alone.

Vault and the doubles of Google Cloud and Azure check each token; the emulated AWS checks its claims, and not who signed
it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from nhi_components.core.pipeline import GITHUB_ISSUER
from tests.engine import azure_access, gcp_access, inventory
from tests.engine.access import allowed, reads
from tests.engine.azure import IN_GROUP, AzureCloud
from tests.engine.gcp import GoogleCloud
from tests.engine.programs import evidence, nhi
from tests.engine.stacks import google, microsoft
from tests.engine.stacks.conftest import Stack
from tests.engine.stacks.github import (
    ELSEWHERE,
    NUMBERS,
    PROVIDER,
    REFUSED,
    in_vault,
    job,
    known_in_sandbox,
    on_aws,
)
from tests.engine.stacks.test_github_to_gcp import IMAGES, OTHER_IMAGES, PLACE
from tests.engine.stacks.test_github_to_gcp import pushes as pushes_to_google
from tools.doubles.azure.subscriptions import GROUP, SUBSCRIPTION
from tools.doubles.gcp.double import PROJECT
from tools.doubles.gcp.names import number_of
from tools.doubles.gcp.oidc import jwks_of
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.aws import ACCOUNT, REGION
from tools.lab.sandbox.issuer import Issuer

REGISTRY = f"{IN_GROUP}/Microsoft.ContainerRegistry/registries/shop"
CLOUDS = ("aws", "gcp", "azure", "vault")
ALL, NOTHING = dict.fromkeys(CLOUDS, True), dict.fromkeys(CLOUDS, False)
BY = ("--approver", "Ada Example", "--reason", "INC-9: the workflow was changed by a stranger")


@dataclass(frozen=True)
class World:
    """The four systems, each with a registry or an entry for the shop and one for others, and GitHub's jobs."""

    sandbox: Sandbox
    gcp: GoogleCloud
    azure: AzureCloud
    issuer: Issuer

    def sessions(self, told: dict[str, Any], *, issuer: Issuer | None = None, **claims: str) -> dict[str, Any]:
        """What a job gets from each system for its tokens; nothing from those that refuse it.

        Args:
            told: the stack's outputs.
            issuer: who signs the tokens, if not GitHub.
            claims: in the place of the right ones.
        """

        def token(cloud: str) -> str:
            return job(issuer or self.issuer, **{"audience": told[cloud]["audience"], **claims})

        found: dict[str, Any] = {
            "azure": azure_access.exchanged(self.azure, told["azure"]["client_id"], token("azure"))
        }
        runner = gcp_access.exchanged(self.gcp, told["gcp"]["provider_name"], token("gcp"))
        found["gcp"] = gcp_access.become(self.gcp, told["gcp"]["email"], runner) if runner else None
        try:
            found["vault"] = in_vault(self.sandbox, told["vault"]["role_name"], token("vault"))
        except REFUSED:
            found["vault"] = None
        try:
            found["aws"] = on_aws(self.sandbox, told["aws"]["role_arn"], token("aws"))
        except ClientError:
            found["aws"] = None
        return {cloud: session for cloud, session in found.items() if session is not None}

    def does(self, sessions: dict[str, Any], name: str = "shop") -> dict[str, bool]:
        """Tell, by system, whether sessions push an image of that name, and read its entry."""
        azure = microsoft.registry_token(sessions["azure"], name, "web")
        return {
            "aws": allowed(sessions["aws"]("ecr").initiate_layer_upload, repositoryName=name),
            "gcp": pushes_to_google(sessions["gcp"], IMAGES if name == "shop" else OTHER_IMAGES),
            "azure": azure is not None and microsoft.pushes(self.azure, azure, name, "web"),
            "vault": reads(sessions["vault"], f"secret/deploy/{name}"),
        }

    def everything(self) -> tuple[dict[str, list[str]], ...]:
        """What there is of identities anywhere."""
        return inventory.everything(self.sandbox), gcp_access.everything(self.gcp), azure_access.everything(self.azure)


@pytest.fixture
def world(sandbox: Sandbox, gcp: GoogleCloud, azure: AzureCloud) -> World:
    issuer = known_in_sandbox(sandbox)
    gcp.double.sts.issuers[GITHUB_ISSUER] = jwks_of(issuer.public_key)
    azure.double.entra.issuers.put(GITHUB_ISSUER, issuer.public_key)
    for name in ("shop", "billing"):
        sandbox.aws.client("ecr").create_repository(repositoryName=name)
        gcp_access.ask(gcp, "POST", f"/v1/{PLACE}/repositories?repositoryId={name}", {"format": "DOCKER"})
    return World(sandbox, gcp, azure, issuer)


@pytest.fixture
def deployment(stack: Callable[[str], Stack], world: World) -> Stack:
    microsoft.registries(world.azure, "shop", "billing")
    made = microsoft.reached(google.connected(stack, world.gcp, "github_to_clouds"), world.azure)
    made.configure(
        deploy__owner_id=NUMBERS["repository_owner_id"],
        deploy__repository_id=NUMBERS["repository_id"],
        deploy__aws_oidc_provider_arn=PROVIDER,
        deploy__aws_images=f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/shop",
        deploy__gcp_project=PROJECT,
        deploy__gcp_project_number=number_of(PROJECT),
        deploy__gcp_images=IMAGES,
        deploy__azure_subscription=SUBSCRIPTION,
        deploy__azure_resource_group=GROUP,
        deploy__azure_images=REGISTRY,
    )
    return made


def test_only_jobs_of_that_environment_deploy_until_it_is_killed_and_again_until_it_is_removed(
    deployment: Stack, world: World
) -> None:
    before = world.everything()
    deployment.configure(deploy__repository="example/*")
    refused = deployment.preview(check=False)
    assert refused.code != 0
    assert "`owner/name`, without wildcards" in refused.text
    assert world.everything() == before

    deployment.configure(deploy__repository="example/shop")
    deployment.up()
    told = deployment.outputs()
    assert len({told[cloud]["lease"] for cloud in CLOUDS}) == len(CLOUDS)
    assert len({told[cloud]["ends"] for cloud in CLOUDS}) == 1
    linted = nhi(deployment, "lint", "--stack", "dev", "--strict")
    assert linted.code == 0, linted.text
    first = world.sessions(told)
    assert world.does(first) == ALL
    assert world.does(first, "billing") == NOTHING
    assert not allowed(first["aws"]("ecr").delete_repository, repositoryName="shop")
    assert not first["gcp"].may("DELETE", f"/v1/{IMAGES}")
    assert not first["azure"].may("DELETE", REGISTRY)
    for claims in (*ELSEWHERE, {"audience": "https://github.com/another"}):
        assert world.sessions(told, **claims) == {}, claims
    assert world.sessions(told, issuer=Issuer()).keys() == {"aws"}

    # Of Azure no session can be tried, so a kill is never called proved there.
    killed = nhi(deployment, "kill", "shop-deploy.prod", *BY)
    assert killed.code == 1, killed.text
    assert world.does(first) == NOTHING
    assert world.sessions(told) == {}
    for cloud in CLOUDS:
        said = evidence(deployment, told[cloud]["lease"], "cut-off")
        assert (said["approver"]["value"], said["reason"]["value"]) == BY[1::2]

    restored = nhi(deployment, "restore", "shop-deploy.prod", *BY, "--up")
    assert restored.code == 0, restored.text
    told = deployment.outputs()
    again = world.sessions(told)
    assert world.does(again) == ALL
    docker = microsoft.registry_token(again["azure"], "shop", "web")
    assert docker is not None
    deployment.destroy()
    assert world.sessions(told) == {}
    assert world.does(again) == NOTHING
    # What the registry itself gave out lives on for its 75 minutes, whoever has it.
    assert microsoft.pushes(world.azure, docker, "shop", "web")
    world.azure.double.ahead = timedelta(minutes=76)
    assert not microsoft.pushes(world.azure, docker, "shop", "web")
    assert world.everything() == before
    assert deployment.resources() == []
    for cloud in CLOUDS:
        removals = evidence(deployment, told[cloud]["lease"])["removals"]
        assert removals
        assert all(row["absent_at"]["state"] in ("at", "never-created") for row in removals)
