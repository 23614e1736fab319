"""A workload on AKS becomes its managed identity without a key, does its job and nothing else, and is gone with it all.

Whoever deploys it may do just what docs/azure-permissions.md lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.azure_federation import AUDIENCE
from tests.engine.azure import BUS, AzureCloud
from tests.engine.azure_access import ACCOUNT, Session, assert_gone, everything, exchanged, why_refused
from tests.engine.azure_by_hand import VAULT, VAULT_ID, make_queues, make_vault
from tests.engine.programs import evidence, nhi
from tests.engine.stacks.conftest import PACK, Stack
from tests.engine.stacks.microsoft import connected, container_with, deployed_by_one_who_may
from tools.doubles.azure.subscriptions import GROUP, SUBSCRIPTION
from tools.lab.sandbox.issuer import Issuer

CLUSTER = "https://westeurope.oic.prod-aks.azure.com/0b1f6e5a-3c1d-4b8e-9f57-5a0f5a6b7c02/1a2b3c4d/"
OTHER_CLUSTER = "https://westeurope.oic.prod-aks.azure.com/0b1f6e5a-3c1d-4b8e-9f57-5a0f5a6b7c02/5e6f7a8b/"
SUBJECT = "system:serviceaccount:payments:invoices"
QUEUE = "invoices-read-dev"
BY = {"NHI_APPROVER": "Ada Example", "NHI_REASON": "CHG-12: billing reads them itself"}
RENEWED = ("--approver", "Ada Example", "--reason", "CHG-11", "--up")

PAGE = (Path(__file__).parents[3] / "docs/azure-permissions.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## What the deployer needs\n")[2]
DOCUMENTED = {
    operation
    for line in SECTION.splitlines()
    if line.startswith("| ")
    for operation in re.findall(r"`([\w./]+)`", line.split("|")[2])
}
OF_THE_STACK = {f"Microsoft.ServiceBus/namespaces/queues/{verb}" for verb in ("read", "write", "delete")}
"""A queue that the stack makes itself is no part of an identity."""

IN_A_HURRY = """
from pulumi_azure_native import authorization

authorization.RoleAssignment(
    "anything",
    scope=f"/subscriptions/{config.require('subscription')}",
    role_definition_id="/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c",
    principal_id=invoices.principal_id,
    principal_type="ServicePrincipal",
)
"""


class Pods:
    """The cluster's pods, as Entra knows them: by tokens that the cluster has signed."""

    def __init__(self, cloud: AzureCloud) -> None:
        self._cloud, self._issuers = cloud, {CLUSTER: Issuer(), OTHER_CLUSTER: Issuer()}
        for name, issuer in self._issuers.items():
            cloud.double.entra.issuers.put(name, issuer.public_key)

    def become(self, client: str) -> Session | None:
        """A session of a managed identity, as a pod of the one service account makes it; None when it is refused."""
        return exchanged(self._cloud, client, self._token())

    def refused(self, client: str, *, signed_by: str = "", **claims: str) -> str:
        """The number of the reason for which a token with other claims is refused."""
        return why_refused(self._cloud, client, self._token(signed_by, **claims))

    def _token(self, signed_by: str = "", **claims: str) -> str:
        told = {"iss": CLUSTER, "sub": SUBJECT, "aud": AUDIENCE, **claims}
        return self._issuers[signed_by or told["iss"]].token(**told)


@pytest.fixture
def pods(azure: AzureCloud) -> Pods:
    return Pods(azure)


@pytest.fixture
def service(stack: Callable[[str], Stack], azure: AzureCloud) -> Stack:
    container = container_with(azure, ACCOUNT, "arrivals", "in/1")
    container_with(azure, ACCOUNT, "others", "in/1")
    make_queues(azure)
    make_vault(azure)
    made = connected(stack, azure, "aks_workload")
    made.configure(
        invoices__subscription=SUBSCRIPTION,
        invoices__resource_group=GROUP,
        invoices__container=container,
        invoices__bus=BUS,
        invoices__vault=VAULT_ID,
        invoices__issuer=CLUSTER,
        invoices__days="30",
    )
    return made


@pytest.fixture
def used(azure: AzureCloud, service: Stack, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The operations that the deployer, who may do just what is documented, has been asked for."""
    deployer = deployed_by_one_who_may(service, azure, sorted(DOCUMENTED | OF_THE_STACK))
    noted, permits = set[str](), azure.double.rbac.permits

    def noting(principal: str, operation: str, scope: str, **more: Any) -> bool:
        if principal == deployer:
            noted.add(operation)
        return permits(principal, operation, scope, **more)

    monkeypatch.setattr(azure.double.rbac, "permits", noting)
    return noted


def does(session: Session, secret: str) -> tuple[bool, bool, bool]:
    """Tell whether it reads what arrives, tells the queue of it, and reads its secret."""
    return session.gets("in/1", "arrivals"), session.sends(QUEUE), session.reads(f"{VAULT}/{secret}")


ALL, NOTHING = (True, True, True), (False, False, False)


def test_it_is_used_suspended_at_its_end_renewed_and_removed_with_everything_that_it_had(
    service: Stack, azure: AzureCloud, pods: Pods, used: set[str]
) -> None:
    before = everything(azure)
    service.preview("--policy-pack", PACK)
    service.up()
    outputs = service.outputs()
    client, secret = outputs["client_id"], outputs["secret"]
    assert outputs["annotations"] == {
        "azure.workload.identity/client-id": client,
        "azure.workload.identity/tenant-id": azure.double.entra.tenant,
    }
    linted = nhi(service, "lint", "--stack", "dev", "--strict")
    assert linted.code == 0, linted.text

    pod = pods.become(client)
    assert pod is not None
    assert does(pod, secret) == ALL
    assert not pod.gets("in/1", "others")
    assert not pod.puts("in/2", "arrivals")
    assert not pod.may("DELETE", f"/blob/{ACCOUNT}/arrivals/in/1")
    assert not pod.sends("other")
    assert not pod.takes(QUEUE)
    assert not pod.may("DELETE", outputs["queue"])
    assert not pod.may("PUT", f"/vaults/{VAULT}/secrets/{secret}", {"value": "x"})
    assert not pod.may("GET", VAULT_ID)
    assert pods.refused(client, sub="system:serviceaccount:payments:default") == "AADSTS700213"
    assert pods.refused(client, sub="system:serviceaccount:staging:invoices") == "AADSTS700213"
    assert pods.refused(client, iss=OTHER_CLUSTER) == "AADSTS700211"
    assert pods.refused(client, aud="https://kubernetes.default.svc") == "AADSTS700212"
    assert pods.refused(client, signed_by=OTHER_CLUSTER) == "AADSTS50013"
    service.up("--expect-no-changes")

    # Azure knows no end: until an `up` after it, nothing changes. A token lives on then, and permits nothing.
    service.up(NHI_AS_OF=outputs["ends"])
    assert does(pod, secret) == NOTHING
    assert pod.knows()
    assert pods.refused(client) == "AADSTS700213"
    assert azure.roles_of(outputs["principal_id"]) == []
    renewed = nhi(service, "renew", "invoices.dev", "--until", "100d", *RENEWED)
    assert renewed.code == 0, renewed.text
    again = pods.become(client)
    assert again is not None
    assert does(again, secret) == does(pod, secret) == ALL

    service.destroy(**BY)
    assert does(again, secret) == NOTHING
    assert pods.refused(client) == "AADSTS700016"
    assert again.knows()
    azure.double.ahead = timedelta(hours=25)
    assert not again.knows()
    assert everything(azure) == before
    assert used - OF_THE_STACK == DOCUMENTED
    assert_gone(azure, service, outputs["lease"])
    said = evidence(service, outputs["lease"])
    assert (said["approver"]["value"], said["reason"]["value"]) == tuple(BY.values())
    assert [revoked["verdict"] for revoked in said["revocations"]] == ["not shown"]
    (removed,) = [row for row in said["removals"] if row["link"]["kind"] == "azure-managed-identity"]
    assert (removed["disabled_at"]["state"], removed["absent_at"]["state"]) == ("at", "at")
    # Nobody but its pods is given a token of it, so none was tried, and the evidence says so.
    assert removed["refused_at"]["state"] == "not-checked"
    assert "within 24 h" in removed["sessions_possible_until"]["reason"]


def test_more_than_it_needs_is_stopped_before_anything_is_made(service: Stack, azure: AzureCloud) -> None:
    before = everything(azure)
    program = (service.directory / "__main__.py").read_text()
    service.write({"__main__.py": program + IN_A_HURRY})
    blocked = service.preview("--policy-pack", PACK, check=False)
    assert blocked.code != 0
    assert "[azure.admin]" in blocked.text

    service.write({"__main__.py": program})
    service.configure(invoices__namespace="*", invoices__issuer="http://cluster.example")
    refused = service.preview(check=False)
    assert refused.code != 0
    assert "namespace" in refused.text
    assert "issuer" in refused.text
    assert everything(azure) == before
