"""One microservice in a cluster works on whichever clouds its configuration names, and on none of them when it is gone.

The cluster is a double that issues and signs the tokens of its pods; Vault asks it about them, the doubles of Google
Cloud and Azure check them by its key, and the emulated AWS checks their claims alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine import azure_access, gcp_access, inventory
from tests.engine.access import allowed, reads
from tests.engine.azure import IN_GROUP, QUEUE, AzureCloud
from tests.engine.azure_by_hand import make_queues
from tests.engine.gcp import GoogleCloud
from tests.engine.kubernetes import SHOP, OneCluster
from tests.engine.programs import assert_told, evidence, nhi
from tests.engine.stacks import google, microsoft
from tests.engine.stacks.conftest import Stack
from tests.engine.stacks.github import REFUSED, in_vault, on_aws
from tools.doubles.azure.subscriptions import GROUP, SUBSCRIPTION
from tools.doubles.gcp.double import PROJECT
from tools.doubles.gcp.names import number_of
from tools.doubles.gcp.oidc import jwks_of
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.aws import ACCOUNT, REGION
from tools.lab.sandbox.issuer import claims_of

HOST = "cluster.example.com"
ISSUER, PROVIDER = f"https://{HOST}", f"arn:aws:iam::{ACCOUNT}:oidc-provider/{HOST}"
BUCKET, KEYS = "shop-orders", ("orders/1", "others/1")
OWN, OTHERS = ("configmaps/orders-flags", "secrets/orders"), ("configmaps/rates", "secrets/others")
CLOUDS = ("aws", "gcp", "azure", "vault")
EVERYWHERE = (*CLOUDS, "kubernetes")
BY = ("--approver", "Ada Example", "--reason", "CHG-8: orders move to billing")
Uses = dict[str, tuple[bool, ...]]


@dataclass(frozen=True)
class World:
    """The five systems, each with something to read and something to write to, and something of others beside it."""

    sandbox: Sandbox
    gcp: GoogleCloud
    azure: AzureCloud
    cluster: OneCluster

    def token(self, account: str, audience: str = "") -> str:
        """A token that the cluster issues for a service account, as its kubelet gets it for a pod."""
        return self.cluster.session(account, audience).token

    def sessions(self, told: dict[str, Any], account: str = "") -> dict[str, Any]:
        """What a pod gets from each cloud; nothing from those that refuse it, or that it is not trusted on.

        Args:
            told: the stack's outputs.
            account: the pod's service account; that of the stack by default.
        """
        name = account or told["kubernetes"]["service_account"]
        ways = {"aws": self._aws, "gcp": self._gcp, "azure": self._azure, "vault": self._vault}
        found = {
            cloud: ways[cloud](told[cloud], self.token(name, told[cloud]["audience"]))
            for cloud in CLOUDS
            if cloud in told
        }
        return {cloud: session for cloud, session in found.items() if session is not None}

    def _aws(self, told: dict[str, Any], token: str) -> Any:
        # The emulator reads no list of audiences, which every token of a cluster has.
        claims = {**claims_of(token), "aud": told["audience"]}
        try:
            return on_aws(self.sandbox, told["role_arn"], self.cluster.double.cluster.tokens.issuer.token(**claims))
        except ClientError:
            return None

    def _gcp(self, told: dict[str, Any], token: str) -> Any:
        pod = gcp_access.exchanged(self.gcp, told["provider_name"], token)
        return gcp_access.become(self.gcp, told["email"], pod) if pod else None

    def _azure(self, told: dict[str, Any], token: str) -> Any:
        return azure_access.exchanged(self.azure, told["client_id"], token)

    def _vault(self, told: dict[str, Any], token: str) -> Any:
        try:
            return in_vault(self.sandbox, told["role_name"], token, "kubernetes")
        except REFUSED:
            return None

    def does(self, sessions: dict[str, Any]) -> Uses:
        """Tell, by cloud, whether sessions write where they may and read what they may."""
        uses: dict[str, Callable[[Any], tuple[bool, ...]]] = {
            "aws": lambda it: (self._sends(it, "orders"), self._gets(it, BUCKET, "orders/1")),
            "gcp": lambda it: (it.publishes("orders"), it.gets("orders/1", BUCKET)),
            "azure": lambda it: (it.sends("orders"), it.gets("orders/1", "orders")),
            "vault": lambda it: (reads(it, "secret/orders"),),
        }
        return {cloud: uses[cloud](session) for cloud, session in sessions.items()}

    def does_too_much(self, sessions: dict[str, Any]) -> dict[str, bool]:
        """Tell, by cloud, whether sessions do anything with what is others', or more than is granted with theirs."""
        aws, gcp, azure, vault = (sessions[cloud] for cloud in CLOUDS)
        return {
            "aws": self._sends(aws, "others") or self._gets(aws, BUCKET, "others/1") or self._takes(aws),
            "gcp": gcp.publishes("others") or gcp.gets("others/1", BUCKET) or gcp.deletes("orders"),
            "azure": azure.sends("other") or azure.gets("orders/1", "others") or azure.takes("orders"),
            "vault": reads(vault, "secret/others"),
        }

    def _sends(self, client: Any, queue: str) -> bool:
        return allowed(client("sqs").send_message, QueueUrl=self._url(queue), MessageBody="an order")

    def _takes(self, client: Any) -> bool:
        return allowed(client("sqs").receive_message, QueueUrl=self._url("orders"))

    def _gets(self, client: Any, bucket: str, key: str) -> bool:
        return allowed(client("s3").get_object, Bucket=bucket, Key=key)

    def _url(self, queue: str) -> str:
        return str(self.sandbox.aws.client("sqs").get_queue_url(QueueName=queue)["QueueUrl"])

    def everything(self) -> list[dict[str, list[str]]]:
        """What there is of identities anywhere."""
        seen = inventory.everything(self.sandbox), gcp_access.everything(self.gcp), azure_access.everything(self.azure)
        return [*seen, self.cluster.everything()]


@pytest.fixture
def world(sandbox: Sandbox, gcp: GoogleCloud, azure: AzureCloud, cluster: OneCluster) -> World:
    tokens = cluster.double.cluster.tokens
    tokens.named = ISSUER
    cluster.put("configmaps", "orders-flags", {"data": {"fast": "yes"}})
    for name in ("orders", "others"):
        cluster.put("secrets", name, {"data": {"key": "dHJpYWw="}})
    cluster.put("serviceaccounts", "other", {})

    sandbox.aws.client("iam").create_open_id_connect_provider(Url=ISSUER, ClientIDList=["sts.amazonaws.com"])
    for name in ("orders", "others"):
        sandbox.aws.client("sqs").create_queue(QueueName=name)
    s3 = sandbox.aws.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    for key in KEYS:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"trial")

    gcp.double.sts.issuers[ISSUER] = jwks_of(tokens.issuer.public_key)
    google.topics(gcp, "orders", "others")
    google.bucket_with(gcp, BUCKET, *KEYS)

    azure.double.entra.issuers.put(ISSUER, tokens.issuer.public_key)
    make_queues(azure)
    for name in ("orders", "others"):
        microsoft.container_with(azure, azure_access.ACCOUNT, name, KEYS[0])

    root = sandbox.vault.client()
    cluster.vouches_in(root)
    for name in ("orders", "others"):
        root.secrets.kv.v2.create_or_update_secret(name, {"v": "1"}, mount_point="secret")
    return World(sandbox, gcp, azure, cluster)


@pytest.fixture
def service(stack: Callable[[str], Stack], world: World) -> Stack:
    made = microsoft.reached(google.connected(stack, world.gcp, "microservice_everywhere"), world.azure)
    world.cluster.reached_by(made)
    containers = f"{IN_GROUP}/Microsoft.Storage/storageAccounts/{azure_access.ACCOUNT}/blobServices/default/containers"
    made.configure(
        orders__issuer=ISSUER,
        orders__namespace=SHOP,
        orders__aws_oidc_provider_arn=PROVIDER,
        orders__aws_queue=f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders",
        orders__aws_bucket=BUCKET,
        orders__gcp_project=PROJECT,
        orders__gcp_project_number=number_of(PROJECT),
        orders__gcp_topic=f"projects/{PROJECT}/topics/orders",
        orders__gcp_bucket=BUCKET,
        orders__azure_subscription=SUBSCRIPTION,
        orders__azure_resource_group=GROUP,
        orders__azure_queue=QUEUE,
        orders__azure_container=f"{containers}/orders",
    )
    return made


def choose(service: Stack, *clouds: str) -> None:
    service.configure(orders__clouds=json.dumps(clouds))


def assert_removed(service: Stack, *leases: str) -> None:
    """Assert that sound evidence says that everything of these leases is gone."""
    for lease in leases:
        removals = evidence(service, lease)["removals"]
        assert removals
        assert all(row["absent_at"]["state"] in ("at", "never-created") for row in removals)


def test_it_works_on_the_clouds_that_are_chosen_and_one_destroy_ends_it_everywhere(
    service: Stack, world: World
) -> None:
    before = world.everything()
    choose(service, "aws", "moon")
    refused = service.preview(check=False)
    assert_told(refused, "orders:clouds got: moon expected: some of aws, gcp, azure, vault")
    assert world.everything() == before

    choose(service, *CLOUDS)
    service.up()
    told = service.outputs()
    account = told["kubernetes"]["service_account"]
    assert len({told[each]["lease"] for each in EVERYWHERE}) == len(EVERYWHERE)
    assert len({told[each]["ends"] for each in EVERYWHERE}) == 1
    annotations = world.cluster.objects("serviceaccounts")[account]["metadata"]["annotations"]
    assert annotations["eks.amazonaws.com/role-arn"] == told["aws"]["role_arn"]
    assert annotations["azure.workload.identity/client-id"] == told["azure"]["client_id"]
    linted = nhi(service, "lint", "--stack", "dev", "--strict")
    assert linted.code == 0, linted.text

    pod, first = world.cluster.session(account), world.sessions(told)
    assert world.does(first) == {"aws": (True, True), "gcp": (True, True), "azure": (True, True), "vault": (True,)}
    assert not any(world.does_too_much(first).values())
    assert [pod.may("GET", f"/api/v1/namespaces/{SHOP}/{path}") for path in OWN] == [True, True]
    assert [pod.may("GET", f"/api/v1/namespaces/{SHOP}/{path}") for path in OTHERS] == [False, False]
    assert world.sessions(told, "other") == {}

    choose(service, "azure", "vault")
    service.up()
    assert_removed(service, told["aws"]["lease"], told["gcp"]["lease"])
    assert gcp_access.everything(world.gcp) == before[1]
    assert world.does(first) == {"aws": (False, False), "gcp": (False, False), "azure": (True, True), "vault": (True,)}
    assert world.sessions(told).keys() == {"azure", "vault"}
    annotations = world.cluster.objects("serviceaccounts")[account]["metadata"]["annotations"]
    assert "eks.amazonaws.com/role-arn" not in annotations

    suspended = nhi(service, "suspend", "orders.dev", *BY, "--up")
    assert suspended.code == 0, suspended.text
    assert not any(map(any, world.does(first).values()))
    assert not any(pod.may("GET", f"/api/v1/namespaces/{SHOP}/{path}") for path in OWN)
    assert world.sessions(told) == {}

    service.destroy()
    assert not pod.reviewed()
    assert world.everything() == before
    assert service.resources() == []
    assert_removed(service, *(told[each]["lease"] for each in EVERYWHERE))
