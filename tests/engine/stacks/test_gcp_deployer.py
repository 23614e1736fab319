"""Who deploys to Google Cloud needs what docs/gcp.md lists: the stacks are deployed with just that."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.gcp import GoogleCloud
from tests.engine.gcp_access import ask, bind, everything
from tests.engine.programs import nhi
from tests.engine.stacks.conftest import Stack
from tests.engine.stacks.google import bucket_with, connected, topics
from tests.engine.stacks.test_github_to_gcp import IMAGES, PLACE, SERVICE
from tools.doubles.gcp.double import PROJECT
from tools.doubles.gcp.names import number_of

PAGE = (Path(__file__).parents[3] / "docs/gcp.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## What the deployer needs\n")[2].partition("\n## ")[0]
DOCUMENTED = {
    permission
    for line in SECTION.splitlines()
    if line.startswith("| ")
    for permission in re.findall(r"`([\w./]+)`", line.split("|")[2])
}
OF_THE_STACK = {"pubsub.topics.create", "pubsub.topics.get", "pubsub.topics.delete"}
"""A topic that a stack makes itself is no part of an identity."""

BY = ("--approver", "Ada Example", "--reason", "CHG-3")


@pytest.fixture
def deployer(gcp: GoogleCloud) -> str:
    """The address of an account that holds just what is documented."""
    email = str(gcp.double.accounts.make(PROJECT, "deployer")["email"])
    role = {"title": "deploys identities", "includedPermissions": sorted(DOCUMENTED | OF_THE_STACK)}
    ask(gcp, "POST", f"/v1/projects/{PROJECT}/roles", {"roleId": "deployer", "role": role})
    bind(gcp, f"projects/{PROJECT}", f"projects/{PROJECT}/roles/deployer", f"serviceAccount:{email}")
    return email


@pytest.fixture
def used(gcp: GoogleCloud, deployer: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The permissions that the deployer has been asked for."""
    noted = set[str]()
    permits = gcp.double.policies.permits

    def noting(principal: str, permission: str, resource: str) -> bool:
        if principal == deployer:
            noted.add(permission)
        return permits(principal, permission, resource)

    monkeypatch.setattr(gcp.double.policies, "permits", noting)
    return noted


def test_the_documented_permissions_deploy_suspend_restore_and_destroy_and_each_is_used(
    stack: Callable[[str], Stack], gcp: GoogleCloud, deployer: str, used: set[str]
) -> None:
    (orders,) = topics(gcp, "orders")
    bucket_with(gcp, "shop-invoices")
    ask(gcp, "POST", f"/v1/{PLACE}/repositories?repositoryId=shop", {"format": "DOCKER"})
    first = {"template": {"containers": [{"image": "europe-west3-docker.pkg.dev/nhi-tests/shop/web:1"}]}}
    ask(gcp, "POST", f"/v2/{PLACE}/services?serviceId=shop", first)
    pipeline, workload = connected(stack, gcp, "github_to_gcp"), connected(stack, gcp, "gke_workload")
    pipeline.configure(
        deploy__project=PROJECT,
        deploy__project_number=number_of(PROJECT),
        deploy__images=IMAGES,
        deploy__service=SERVICE,
        deploy__orders=orders,
    )
    workload.configure(invoices__project=PROJECT, invoices__bucket="shop-invoices")
    before, token = everything(gcp), gcp.double.tokens.issue(deployer)
    for each, name in ((pipeline, "shop-deploy.prod"), (workload, "invoices.dev")):
        each.environment["GOOGLE_OAUTH_ACCESS_TOKEN"] = token
        each.up()
        for decision in (("suspend", name), ("restore", name, "--until", "100d")):
            decided = nhi(each, *decision, *BY, "--up")
            assert decided.code == 0, decided.text
        each.destroy()
    assert everything(gcp) == before
    assert used - OF_THE_STACK == DOCUMENTED
