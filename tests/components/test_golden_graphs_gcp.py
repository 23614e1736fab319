"""What each identity on Google Cloud registers, held against a golden graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from nhi_components import Grant, SecretSpec, gcp
from nhi_components.core.credential.places import FilePlace, GcpSecretPlace
from nhi_components.core.rule_exception import RuleException
from tests.components.conftest import IDENTITY
from tests.components.graphs import assert_golden

PROJECT = "shop-dev"
NUMBER = "123456789012"
POOL = f"projects/{NUMBER}/locations/global/workloadIdentityPools/pipelines"
TOPIC = f"projects/{PROJECT}/topics/orders"
PUBLISH = Grant(actions=["pubsub.topics.publish"], targets=[TOPIC])
READ = Grant(actions=["roles/bigquery.dataViewer"], targets=[f"projects/{PROJECT}/datasets/orders"])
RUNTIME = f"serviceAccount:agents@{PROJECT}.iam.gserviceaccount.com"
PIPELINE = f"serviceAccount:deploy@{PROJECT}.iam.gserviceaccount.com"
VENDOR = gcp.VendorAccount(email="collector@auditors-prod.iam.gserviceaccount.com")
WHY = "the firmware of the scanners takes a key file, and nothing else"


def of(kind: str, **more: Any) -> dict[str, Any]:
    return {**IDENTITY, "kind": kind, **more}


def gcp_gke_workload_with_secret() -> None:
    trust = gcp.GkeTrust(cluster_project="shop-clusters", namespace="orders", service_account="api")
    gcp.WorkloadIdentity(
        "orders", identity=IDENTITY, project=PROJECT, trusted_by=trust, grants=[PUBLISH, READ], secret=SecretSpec()
    )


def gcp_cloud_run_workload() -> None:
    trust = gcp.AttachedTrust(deployers=[PIPELINE])
    grant = Grant(actions=["run.routes.invoke"], targets=[f"projects/{PROJECT}/locations/europe-west3/services/mail"])
    gcp.WorkloadIdentity("orders", identity=IDENTITY, project=PROJECT, trusted_by=trust, grants=[grant])


def gcp_impersonated_workload() -> None:
    later = pulumi.Output.from_input(RUNTIME)
    trust = gcp.ImpersonationTrust(members=[PIPELINE, later])
    gcp.WorkloadIdentity("orders", identity=IDENTITY, project=PROJECT, trusted_by=trust)


def gcp_grants_on_every_kind() -> None:
    project, place = f"projects/{PROJECT}", f"projects/{PROJECT}/locations/europe-west3"
    grants = [
        PUBLISH,
        Grant(actions=["pubsub.topics.publish"], targets=["projects/shop-media/topics/thumbnails"]),
        Grant(actions=["pubsub.subscriptions.consume"], targets=[f"{project}/subscriptions/orders"]),
        Grant(actions=["roles/secretmanager.secretAccessor"], targets=[f"{project}/secrets/courier-key"]),
        Grant(actions=["bigquery.jobs.create"], targets=[project]),
        Grant(actions=["bigquery.tables.getData", "bigquery.tables.get"], targets=[f"{project}/datasets/orders"]),
        Grant(actions=["bigquery.tables.getData"], targets=[f"{project}/datasets/sales/tables/2026 by day"]),
        Grant(
            actions=["cloudkms.cryptoKeyVersions.useToEncrypt"],
            targets=[f"{place}/keyRings/shop", f"{place}/keyRings/vault/cryptoKeys/orders"],
        ),
        Grant(actions=["run.routes.invoke"], targets=[f"{place}/services/mail"]),
        Grant(actions=["roles/artifactregistry.reader"], targets=[f"{place}/repositories/images"]),
        Grant(actions=["logging.views.access"], targets=[f"{place}/buckets/shop/views/orders"]),
        Grant(actions=["storage.objects.get"], targets=["projects/_/buckets/shop-public"]),
    ]
    gcp.WorkloadIdentity("orders", identity=IDENTITY, project=PROJECT, grants=grants)


def gcp_prefixes_of_a_bucket() -> None:
    bucket = "projects/_/buckets/shop-invoices"
    grants = [
        Grant(actions=["storage.objects.get"], targets=[f"{bucket}/objects/in/*"]),
        Grant(actions=["storage.objects.get"], targets=[f"{bucket}/objects/archive/*"]),
        Grant(actions=["storage.objects.create"], targets=[f"{bucket}/objects/out/*"]),
    ]
    gcp.WorkloadIdentity("orders", identity=IDENTITY, project=PROJECT, grants=grants)


def gcp_targets_known_later() -> None:
    topic = gcp.LaterTarget(gcp.ResourceKind.TOPIC, pulumi.Output.from_input("projects/shop-media/topics/new"), None)
    bucket = pulumi.Output.from_input("projects/_/buckets/shop-new/objects/in/*")
    prefix = gcp.LaterTarget(gcp.ResourceKind.BUCKET, bucket, "shop-media", "in")
    grants = [
        Grant(actions=["roles/pubsub.publisher"], targets=[topic]),
        Grant(actions=["storage.objects.get"], targets=[prefix]),
    ]
    gcp.WorkloadIdentity("orders", identity=IDENTITY, project=PROJECT, grants=grants)


def gcp_wildcard_with_an_exception() -> None:
    exception = RuleException(
        rule="gcp.permission-wildcard",
        resource="orders*",
        reason="it reads whatever a subscription offers",
        approver="ada@example.com",
        ends=IDENTITY["expires"],
    )
    target = f"projects/{PROJECT}/subscriptions/orders"
    grant = Grant(actions=["pubsub.subscriptions.get*"], targets=[target], exception=exception)
    gcp.WorkloadIdentity("orders", identity=of("pipeline"), project=PROJECT, grants=[grant])


def gcp_secret_kept_in_two_places() -> None:
    secret = gcp.SecretSpec(
        generate_bytes=None, locations=("europe-west3", "europe-west1"), expires=False, destroyed_after_days=7
    )
    gcp.WorkloadIdentity("orders", identity=IDENTITY, project=PROJECT, secret=secret)


def gcp_workload_suspended() -> None:
    identity = {**IDENTITY, "name": "suspended", "state": "suspended"}
    trust = gcp.AttachedTrust(deployers=[PIPELINE])
    gcp.WorkloadIdentity(
        "orders", identity=identity, project=PROJECT, trusted_by=trust, grants=[PUBLISH, READ], secret={}
    )


def gcp_github() -> None:
    source = gcp.GitHub(repository="example/orders", environment="prod", owner_id="123456", repository_id="456789")
    gcp.PipelineIdentity(
        "deploy",
        identity=of("pipeline"),
        project=PROJECT,
        project_number=NUMBER,
        source=source,
        grants=[PUBLISH],
    )


def gcp_github_by_a_pool_that_exists() -> None:
    source = gcp.GitHub(repository="example/orders", ref="refs/heads/main")
    gcp.PipelineIdentity(
        "deploy", identity=of("pipeline"), project=PROJECT, source=source, provider=f"{POOL}/providers/github"
    )


def gcp_gitlab() -> None:
    source = gcp.GitLab(project="example/shop/orders", ref="main")
    gcp.PipelineIdentity(
        "deploy", identity=of("pipeline"), project=PROJECT, project_number=NUMBER, source=source, grants=[PUBLISH]
    )


def gcp_gitlab_environment_suspended() -> None:
    identity = of("pipeline", name="suspended", state="suspended")
    source = gcp.GitLab(project="example/shop/orders", environment='the "live" one', audience="shop")
    gcp.PipelineIdentity("deploy", identity=identity, project=PROJECT, project_number=NUMBER, source=source)


def gcp_terraform() -> None:
    source = gcp.TerraformCloud(organization="example", project="shop", workspace="orders", run_phase="plan")
    gcp.PipelineIdentity("deploy", identity=of("pipeline"), project=PROJECT, project_number=NUMBER, source=source)


def gcp_agent_with_two_tools() -> None:
    gcp.AgentIdentity(
        "support",
        identity=of("ai-agent"),
        sponsor="ada@example.com",
        project=PROJECT,
        trusted_by=[RUNTIME],
        tools={"search": [READ], "escalate": [PUBLISH, READ]},
    )


def gcp_agent_suspended() -> None:
    identity = of("ai-agent", name="suspended", state="suspended", sponsor="ada@example.com")
    runtime = pulumi.Output.from_input(RUNTIME)
    gcp.AgentIdentity("support", identity=identity, project=PROJECT, trusted_by=[runtime], tools={"search": [READ]})


def gcp_vendor_by_account() -> None:
    gcp.ThirdPartyIdentity("audit", identity=of("third-party"), project=PROJECT, vendor=VENDOR, grants=[READ])


def gcp_vendor_by_aws_role() -> None:
    vendor = gcp.VendorAwsRole(account="999999999999", role="collector")
    gcp.ThirdPartyIdentity(
        "audit",
        identity=of("third-party"),
        project=PROJECT,
        project_number=NUMBER,
        vendor=vendor,
        grants=[READ],
    )


def gcp_vendor_by_subject() -> None:
    vendor = gcp.VendorSubject(issuer="https://login.vendor.example.com", subject_claim="customer-4711")
    gcp.ThirdPartyIdentity(
        "audit", identity=of("third-party"), project=PROJECT, project_number=NUMBER, vendor=vendor, grants=[READ]
    )


def gcp_key() -> None:
    gcp.ServiceAccountKeyIdentity(
        "scanner", identity=of("service-account"), project=PROJECT, why_not_federated=WHY, grants=[PUBLISH]
    )


def gcp_key_everywhere() -> None:
    places = [GcpSecretPlace(project=PROJECT), FilePlace(path="/run/scanner/key.json")]
    gcp.ServiceAccountKeyIdentity(
        "scanner",
        identity=of("api-key", approvers=("ada@example.com",)),
        project=PROJECT,
        why_not_federated=WHY,
        grants=[PUBLISH],
        places=places,
        rotation={"every": "3d", "overlap": "1d"},
        dependents=[
            {"name": "scanner", "alive": {"kind": "command", "command": ["systemctl", "is-active", "scanner"]}}
        ],
        generation=2,
    )


def gcp_key_suspended() -> None:
    identity = of("service-account", name="suspended", state="suspended")
    gcp.ServiceAccountKeyIdentity("scanner", identity=identity, project=PROJECT, why_not_federated=WHY)


PROGRAMS = [
    gcp_agent_suspended,
    gcp_agent_with_two_tools,
    gcp_cloud_run_workload,
    gcp_github,
    gcp_github_by_a_pool_that_exists,
    gcp_gitlab,
    gcp_gitlab_environment_suspended,
    gcp_gke_workload_with_secret,
    gcp_grants_on_every_kind,
    gcp_impersonated_workload,
    gcp_key,
    gcp_key_everywhere,
    gcp_key_suspended,
    gcp_prefixes_of_a_bucket,
    gcp_secret_kept_in_two_places,
    gcp_targets_known_later,
    gcp_terraform,
    gcp_vendor_by_account,
    gcp_vendor_by_aws_role,
    gcp_vendor_by_subject,
    gcp_wildcard_with_an_exception,
    gcp_workload_suspended,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_the_graph_is_the_golden_one(program: Callable[[], object], registered: Any) -> None:
    assert_golden(program, registered)
