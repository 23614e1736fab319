"""States of Google Cloud, Azure and Kubernetes that every schema has left behind: the present code destroys them.

What is destroyed is the principal that the state knows, made again on the cloud's double with its unique id; the rest
of the bundle is gone already, as after a destroy that was broken off. `KEEP_STATE=1 pytest` on this file keeps a state
of a schema that has none yet.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from nhi_components.provider.lease import LeaseInputs
from nhi_components.provider.schema import SCHEMA_VERSION
from nhi_components.version import VERSION
from tests.engine.azure import IN_GROUP, AzureCloud, azure_bundle, azure_program
from tests.engine.azure_access import everything as everything_on_azure
from tests.engine.gcp import GoogleCloud, gcp_bundle, gcp_program
from tests.engine.gcp_access import everything as everything_on_gcp
from tests.engine.kubernetes import OneCluster, kubernetes_bundle, kubernetes_program
from tests.engine.programs import evidence
from tools.doubles.azure.directory import Kind
from tools.doubles.gcp.double import PROJECT as GOOGLE_PROJECT
from tools.keep_state import PROJECT, STACK, STATES, presentable, refuse_leaks
from tools.lab.project import Project

STANDINS = ("https://double.example.com", "00000000-0000-0000-0000-000000000000")
"""For where the double was, and for its own id where it has one."""
SYSTEMS = ("gcp", "azure", "kubernetes")
FIRST_SCHEMA = 3
"""Before, these clouds had no components."""
GROUP = IN_GROUP.removesuffix("/providers")
ON_PROJECT = f"[nhi.Grant(actions=['roles/pubsub.viewer'], targets=['projects/{GOOGLE_PROJECT}'])]"
ON_GROUP = f"[nhi.Grant(actions=['Monitoring Metrics Publisher'], targets=[{GROUP!r}])]"


@dataclass(frozen=True)
class World:
    """A cloud as these tests see it.

    Attributes:
        itself: where its double is and, where it has one, its own id: both differ from test to test.
        program: makes one bundle there.
        reached_by: lets a project's commands reach it.
        make_again: makes the principal of a bundle there, as its resource in the state tells it.
        everything: what is there.
        principal: type of the principal's resource.
        secrets: credentials that no state may hold.
    """

    itself: tuple[str, ...]
    program: str
    reached_by: Callable[[Project], Project]
    make_again: Callable[[Mapping[str, Any]], None]
    everything: Callable[[], dict[str, list[str]]]
    principal: str
    secrets: tuple[str, ...]


def account_again(cloud: GoogleCloud, made: Mapping[str, Any]) -> None:
    accounts, known = cloud.double.accounts, made["outputs"]
    account = accounts.make(GOOGLE_PROJECT, known["accountId"], known["description"])
    accounts.by_unique_id[known["uniqueId"]] = accounts.by_unique_id.pop(account["uniqueId"])
    account["uniqueId"] = known["uniqueId"]


def identity_again(cloud: AzureCloud, made: Mapping[str, Any]) -> None:
    double, known = cloud.double, made["outputs"]
    identity = double.identities.make(known["name"], **known["tags"])
    assert identity["id"].lower() == made["id"].lower()
    principal = double.directory.by_id.pop(identity["properties"]["principalId"])
    again = replace(principal, object_id=known["principalId"], facts=principal.facts | {"id": known["principalId"]})
    assert again.kind is Kind.MANAGED_IDENTITY
    double.directory.by_id[again.object_id] = again
    identity["properties"]["principalId"] = again.object_id


def service_account_again(cluster: OneCluster, made: Mapping[str, Any]) -> None:
    known = made["outputs"]["metadata"]
    marks = {name: known.get(name) or {} for name in ("labels", "annotations")}
    cluster.put("serviceaccounts", known["name"], {"metadata": marks})
    cluster.objects("serviceaccounts")[known["name"]]["metadata"]["uid"] = known["uid"]


def on_gcp(gcp: GoogleCloud) -> World:
    program = gcp_program(gcp_bundle(gcp, grants=ON_PROJECT, trusted_by="gcp.AttachedTrust()"))
    secrets = (json.loads(gcp.key_file.read_text())["private_key"],)
    again, whole = partial(account_again, gcp), partial(everything_on_gcp, gcp)
    return World((gcp.url,), program, gcp.reached_by, again, whole, "gcp:serviceaccount/account:Account", secrets)


def on_azure(azure: AzureCloud) -> World:
    program = azure_program(azure_bundle(azure, grants=ON_GROUP, trusted_by="azure.AttachedTrust()"))
    kind = "azure-native:managedidentity:UserAssignedIdentity"
    secrets = (azure.environment["AZURE_CLIENT_SECRET"],)
    again, whole = partial(identity_again, azure), partial(everything_on_azure, azure)
    return World((azure.double.url,), program, azure.reached_by, again, whole, kind, secrets)


def on_kubernetes(cluster: OneCluster) -> World:
    program = kubernetes_program(kubernetes_bundle())
    again = partial(service_account_again, cluster)
    kind, itself = "kubernetes:core/v1:ServiceAccount", (cluster.url, cluster.double.cluster.namespaces["kube-system"])
    return World(itself, program, cluster.reached_by, again, cluster.everything, kind, (cluster.token,))


@pytest.fixture(params=SYSTEMS)
def system(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(system: str, request: pytest.FixtureRequest) -> World:
    makers = {"gcp": on_gcp, "azure": on_azure, "kubernetes": on_kubernetes}
    found: World = makers[system](request.getfixturevalue("cluster" if system == "kubernetes" else system))
    return found


@pytest.fixture
def stack(project: Callable[..., Project], world: World) -> Project:
    return world.reached_by(project(world.program, name=PROJECT, stack=STACK))


def keep(stack: Project, world: World, file: Path) -> None:
    """Make the bundle, write what `pulumi stack export` says of it, and destroy it."""
    stack.up()
    text = json.dumps(presentable(stack.export()), indent=1)
    for own, standin in zip(world.itself, STANDINS, strict=False):
        text = text.replace(own, standin)
    refuse_leaks(text, [str(stack.directory), *world.secrets])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n")
    stack.destroy()


def test_each_schema_has_left_a_state_that_is_destroyed(stack: Project, world: World, system: str) -> None:
    newest = STATES / f"{VERSION}-schema-{SCHEMA_VERSION}" / f"{system}.json"
    if os.environ.get("KEEP_STATE") and not newest.exists():
        keep(stack, world, newest)
    kept = sorted(STATES.glob(f"*/{system}.json"))
    schemas = set()
    for file in kept:
        text = file.read_text()
        for own, standin in zip(world.itself, STANDINS, strict=False):
            text = text.replace(standin, own)
        state = json.loads(text)
        resources = state["deployment"]["resources"]
        (lease,) = [LeaseInputs.from_state(each["outputs"]) for each in resources if each["type"] == "nhi:index:Lease"]
        schemas |= {each["outputs"]["schemaVersion"] for each in resources if each["type"].startswith("nhi:index:")}
        before = world.everything()
        for each in resources:
            if each["type"] == world.principal:
                world.make_again(each)
        assert world.everything() != before
        (stack.directory / "state.json").write_text(json.dumps(state))
        stack.pulumi("stack", "import", "--file", "state.json")
        stack.destroy()
        assert world.everything() == before
        assert stack.resources() == []
        absent = {row["absent_at"]["state"] for row in evidence(stack, lease.lease_id)["removals"]}
        assert "at" in absent
        assert absent <= {"at", "never-created"}
    assert schemas == set(range(FIRST_SCHEMA, SCHEMA_VERSION + 1))
