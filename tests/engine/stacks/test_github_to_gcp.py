"""A pipeline of GitHub deploys to Cloud Run with its job's token alone, and nobody else's does.

The double checks signature, issuer, audience, mapping and condition as the Security Token Service does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from nhi_components.core.pipeline import GITHUB_ISSUER
from tests.engine.gcp import GoogleCloud
from tests.engine.gcp_access import RefusedError, Session, ask, assert_gone, become, everything, exchanged, issued
from tests.engine.programs import evidence, nhi
from tests.engine.stacks.conftest import PACK, Stack
from tests.engine.stacks.github import ELSEWHERE, NUMBERS, job
from tests.engine.stacks.google import connected, topics
from tools.doubles.gcp.double import PROJECT
from tools.doubles.gcp.names import number_of
from tools.doubles.gcp.oidc import jwks_of
from tools.lab.sandbox.issuer import Issuer

PLACE = f"projects/{PROJECT}/locations/europe-west3"
IMAGES, OTHER_IMAGES = f"{PLACE}/repositories/shop", f"{PLACE}/repositories/billing"
SERVICE, OTHER_SERVICE = f"{PLACE}/services/shop", f"{PLACE}/services/billing"
BY = ("--approver", "Ada Example", "--reason", "INC-9: the workflow was changed by a stranger")

IN_A_HURRY = """
import pulumi_gcp

pulumi_gcp.serviceaccount.IAMMember(
    "anybody",
    service_account_id=pulumi.Output.concat("projects/", project, "/serviceAccounts/", deploy.email),
    role="roles/iam.workloadIdentityUser",
    member="principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/github/*",
)
"""


class GitHub:
    """GitHub as Google knows it, and its jobs."""

    def __init__(self, cloud: GoogleCloud) -> None:
        self._cloud, self._issuer = cloud, Issuer()
        cloud.double.sts.issuers[GITHUB_ISSUER] = jwks_of(self._issuer.public_key)

    def job(self, provider: str, audience: str, *, issuer: Issuer | None = None, **claims: str) -> Session | None:
        """A job in the environment `production` of `example/shop`, but for the claims given."""
        return exchanged(self._cloud, provider, job(issuer or self._issuer, audience, **claims))


@pytest.fixture
def github(gcp: GoogleCloud) -> GitHub:
    return GitHub(gcp)


@pytest.fixture
def deployment(stack: Callable[[str], Stack], gcp: GoogleCloud) -> Stack:
    (orders,) = topics(gcp, "orders")
    for repository in (IMAGES, OTHER_IMAGES):
        path = f"/v1/{PLACE}/repositories?repositoryId={repository.rpartition('/')[2]}"
        ask(gcp, "POST", path, {"format": "DOCKER"})
    first = {"template": {"containers": [{"image": "europe-west3-docker.pkg.dev/nhi-tests/shop/web:1"}]}}
    for service in (SERVICE, OTHER_SERVICE):
        ask(gcp, "POST", f"/v2/{PLACE}/services?serviceId={service.rpartition('/')[2]}", first)
    made = connected(stack, gcp, "github_to_gcp")
    made.configure(
        deploy__project=PROJECT,
        deploy__project_number=number_of(PROJECT),
        deploy__images=IMAGES,
        deploy__service=SERVICE,
        deploy__orders=orders,
        deploy__owner_id=NUMBERS["repository_owner_id"],
        deploy__repository_id=NUMBERS["repository_id"],
    )
    return made


def pushes(session: Session, repository: str) -> bool:
    """Tell whether it may push an image."""
    name = repository.rpartition("/")[2]
    return session.may("PUT", f"/v2/{PROJECT}/{name}/web/manifests/2", {"schemaVersion": 2})


def deploys(session: Session, service: str, runs_as: str) -> bool:
    """Tell whether it may deploy a revision that runs as an account; then it must be able to wait for it."""
    image = {"image": "europe-west3-docker.pkg.dev/nhi-tests/shop/web:2"}
    body = {"template": {"containers": [image], "serviceAccount": runs_as}}
    try:
        operation = ask(session.cloud, "PATCH", f"/v2/{service}?updateMask=template", body, token=session.token)
    except RefusedError as refused:
        if refused.status not in (401, 403):
            raise
        return False
    assert ask(session.cloud, "GET", f"/v2/{operation['name']}", token=session.token)["done"]
    return True


def test_only_jobs_of_that_environment_deploy_until_it_is_removed(
    deployment: Stack, gcp: GoogleCloud, github: GitHub
) -> None:
    other = gcp.double.accounts.make(PROJECT, "billing-runs")["email"]
    before = everything(gcp)
    deployment.preview("--policy-pack", PACK)
    deployment.up()
    outputs = deployment.outputs()
    provider, audience, deploys_as, runs_as = (
        outputs[name] for name in ("provider", "audience", "deploys_as", "runs_as")
    )
    linted = nhi(deployment, "lint", "--stack", "dev", "--strict")
    assert linted.code == 0, linted.text
    deployment.up("--expect-no-changes")

    runner = github.job(provider, audience)
    assert runner is not None
    pipeline = become(gcp, deploys_as, runner)
    assert pipeline is not None
    assert pushes(pipeline, IMAGES)
    assert not pushes(pipeline, OTHER_IMAGES)
    assert not pipeline.may("DELETE", f"/v1/{IMAGES}")
    assert deploys(pipeline, SERVICE, runs_as)
    assert not deploys(pipeline, SERVICE, other)
    assert not deploys(pipeline, OTHER_SERVICE, runs_as)
    assert not pipeline.may("DELETE", f"/v2/{SERVICE}")
    assert become(gcp, runs_as, pipeline) is None
    shop = issued(gcp, runs_as)
    assert shop.publishes()
    assert not pushes(shop, IMAGES)
    for claims in (*ELSEWHERE, {"aud": "https://github.com/example"}):
        assert github.job(provider, audience, **claims) is None
    assert github.job(provider, audience, issuer=Issuer()) is None

    deployment.destroy()
    assert not pushes(pipeline, IMAGES)
    assert not deploys(pipeline, SERVICE, runs_as)
    assert not shop.publishes()
    assert become(gcp, deploys_as, runner) is None
    assert github.job(provider, audience) is None
    assert everything(gcp) == before
    assert_gone(gcp, deployment, outputs["deploy_lease"], outputs["shop_lease"])
    kinds = {"gcp-service-account", "gcp-custom-role", "gcp-workload-identity-pool", "gcp-workload-identity-provider"}
    rows = evidence(deployment, outputs["deploy_lease"])["removals"]
    assert {row["link"]["kind"] for row in rows if row["recoverable_until"]["state"] == "at"} == kinds


def test_after_its_end_no_job_becomes_the_account_and_nobody_attaches_the_other(
    deployment: Stack, gcp: GoogleCloud, github: GitHub
) -> None:
    deployment.up()
    outputs = deployment.outputs()
    gcp.double.ahead = timedelta(days=181)
    runner = github.job(outputs["provider"], outputs["audience"])
    assert runner is not None
    assert become(gcp, outputs["deploys_as"], runner) is None
    # What was granted on the repository has its end only recorded there.
    pipeline = issued(gcp, outputs["deploys_as"])
    assert pushes(pipeline, IMAGES)
    assert not deploys(pipeline, SERVICE, outputs["runs_as"])


def test_a_pipeline_that_was_taken_over_is_stopped_at_once_and_stays_so(
    deployment: Stack, gcp: GoogleCloud, github: GitHub
) -> None:
    deployment.up()
    outputs = deployment.outputs()
    provider, audience, deploys_as = outputs["provider"], outputs["audience"], outputs["deploys_as"]
    runner = github.job(provider, audience)
    assert runner is not None
    pipeline = become(gcp, deploys_as, runner)
    assert pipeline is not None
    assert pushes(pipeline, IMAGES)

    killed = nhi(deployment, "kill", "shop-deploy.prod", *BY)
    assert killed.code == 0, killed.text
    assert not pushes(pipeline, IMAGES)
    assert become(gcp, deploys_as, runner) is None
    assert issued(gcp, outputs["runs_as"]).publishes()
    said = evidence(deployment, outputs["deploy_lease"], "cut-off")
    assert (said["approver"]["value"], said["reason"]["value"]) == BY[1::2]

    deployment.up()
    assert github.job(provider, audience) is None
    assert not pushes(pipeline, IMAGES)
    restored = nhi(deployment, "restore", "shop-deploy.prod", *BY, "--up")
    assert restored.code == 0, restored.text
    again = github.job(provider, audience)
    assert again is not None
    account = become(gcp, deploys_as, again)
    assert account is not None
    assert pushes(account, IMAGES)
    assert deploys(account, SERVICE, outputs["runs_as"])


def test_a_wider_trust_is_stopped_before_anything_is_made(deployment: Stack, gcp: GoogleCloud) -> None:
    program = (deployment.directory / "__main__.py").read_text()
    deployment.write({"__main__.py": program + IN_A_HURRY})
    blocked = deployment.preview("--policy-pack", PACK, check=False)
    assert blocked.code != 0
    assert "[gcp.federated-member]" in blocked.text

    deployment.write({"__main__.py": program})
    deployment.configure(deploy__repository="example/*")
    refused = deployment.preview(check=False)
    assert refused.code != 0
    assert "`owner/name`, without wildcards" in refused.text
    assert everything(gcp) == {}
