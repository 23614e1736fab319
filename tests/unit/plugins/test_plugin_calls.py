"""The calls that the plugin makes are those of the real provider: each pinned, for each resource.

Sources: shared findings with a build of the real provider (service accounts, roles, pools, policies, secrets, topics,
buckets), and terraform-provider-google 8.0 where that says more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tools.doubles.gcp.double import PROJECT
from tools.plugins.gcp.provider import RESOURCES

if TYPE_CHECKING:
    from tests.unit.plugins.conftest import Engine

EMAIL = f"printer-test@{PROJECT}.iam.gserviceaccount.com"
ACCOUNT = f"projects/{PROJECT}/serviceAccounts/{EMAIL}"
IN_EUROPE = f"projects/{PROJECT}/locations/europe-west1"
POOL = f"projects/{PROJECT}/locations/global/workloadIdentityPools"
RING = f"{IN_EUROPE}/keyRings/ring"
KEY = f"{RING}/cryptoKeys/key"
DATASETS = f"projects/{PROJECT}/datasets"
VIEW = f"projects/{PROJECT}/locations/global/buckets/_Default/views/_AllLogs"
GITHUB = "https://token.actions.githubusercontent.com"


@dataclass(frozen=True)
class Case:
    """A resource, what it is changed to, and the calls of its creation, refresh, update and deletion."""

    token: str
    inputs: dict[str, Any]
    created: list[str]
    read: list[str]
    change: dict[str, Any]
    updated: list[str]
    deleted: list[str]

    def __str__(self) -> str:
        return self.token.rsplit(":", 1)[1]


def regular(
    token: str, inputs: dict[str, Any], change: dict[str, Any], base: str, path: str, **differing: list[str]
) -> Case:
    """A resource that is read after each change, with what differs from that."""
    read = [f"GET {base}{path}"]
    calls = {
        "created": read,
        "read": read,
        "updated": [*differing.pop("patched"), *read],
        "deleted": [f"DELETE {base}{path}"],
    }
    return Case(token, inputs, change=change, **{**calls, **differing})


V1, V2 = "/v1/", "/v2/"
CASES = [
    Case(
        "gcp:serviceaccount/account:Account",
        {"accountId": "printer-test"},
        [f"POST /v1/projects/{PROJECT}/serviceAccounts", *[f"GET /v1/{ACCOUNT}"] * 3],
        [f"GET /v1/{ACCOUNT}"],
        {"description": "prints", "disabled": True},
        [f"GET /v1/{ACCOUNT}", f"POST /v1/{ACCOUNT}:disable", f"PATCH /v1/{ACCOUNT}", *[f"GET /v1/{ACCOUNT}"] * 3],
        [f"DELETE /v1/{ACCOUNT}"],
    ),
    Case(
        "gcp:projects/iAMCustomRole:IAMCustomRole",
        {"roleId": "printer_test", "title": "Prints", "permissions": ["pubsub.topics.publish"]},
        [
            f"GET /v1/projects/{PROJECT}/roles/printer_test",
            f"POST /v1/projects/{PROJECT}/roles",
            f"GET /v1/projects/{PROJECT}/roles/printer_test",
        ],
        [f"GET /v1/projects/{PROJECT}/roles/printer_test"],
        {"title": "Prints more"},
        [f"GET /v1/projects/{PROJECT}/roles/printer_test", f"PATCH /v1/projects/{PROJECT}/roles/printer_test"],
        [f"DELETE /v1/projects/{PROJECT}/roles/printer_test"],
    ),
    regular(
        "gcp:iam/workloadIdentityPool:WorkloadIdentityPool",
        {"workloadIdentityPoolId": "printers"},
        {"description": "prints", "disabled": True},
        V1,
        f"{POOL}/printers",
        created=[f"POST /v1/{POOL}?workloadIdentityPoolId=printers", f"GET /v1/{POOL}/printers"],
        patched=[f"PATCH /v1/{POOL}/printers?updateMask=description,disabled"],
    ),
    regular(
        "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",
        {
            "workloadIdentityPoolId": "others",
            "workloadIdentityPoolProviderId": "github",
            "attributeMapping": {"google.subject": "assertion.sub"},
            "attributeCondition": "assertion.repository == 'a/b'",
            "oidc": {"issuerUri": GITHUB},
        },
        {"oidc": {"issuerUri": GITHUB, "allowedAudiences": ["printers"]}},
        V1,
        f"{POOL}/others/providers/github",
        created=[
            f"POST /v1/{POOL}/others/providers?workloadIdentityPoolProviderId=github",
            f"GET /v1/{POOL}/others/providers/github",
        ],
        patched=[
            f"PATCH /v1/{POOL}/others/providers/github?updateMask=oidc.allowed_audiences,oidc.issuer_uri,oidc.jwks_json"
        ],
    ),
    regular(
        "gcp:secretmanager/secret:Secret",
        {"secretId": "label", "replication": {"auto": {}}},
        {"labels": {"a": "b"}, "annotations": {"c": "d"}},
        V1,
        f"projects/{PROJECT}/secrets/label",
        created=[f"POST /v1/projects/{PROJECT}/secrets?secretId=label", f"GET /v1/projects/{PROJECT}/secrets/label"],
        patched=[f"PATCH /v1/projects/{PROJECT}/secrets/label?updateMask=annotations,labels"],
    ),
    regular(
        "gcp:pubsub/topic:Topic",
        {"name": "labels"},
        {"messageRetentionDuration": "3600s"},
        V1,
        f"projects/{PROJECT}/topics/labels",
        created=[f"PUT /v1/projects/{PROJECT}/topics/labels", *[f"GET /v1/projects/{PROJECT}/topics/labels"] * 2],
        patched=[f"PATCH /v1/projects/{PROJECT}/topics/labels?updateMask=messageRetentionDuration"],
    ),
    regular(
        "gcp:pubsub/subscription:Subscription",
        {"name": "labels", "topic": "orders"},
        {"ackDeadlineSeconds": 60},
        V1,
        f"projects/{PROJECT}/subscriptions/labels",
        created=[
            f"PUT /v1/projects/{PROJECT}/subscriptions/labels",
            *[f"GET /v1/projects/{PROJECT}/subscriptions/labels"] * 2,
        ],
        patched=[f"PATCH /v1/projects/{PROJECT}/subscriptions/labels?updateMask=ackDeadlineSeconds"],
    ),
    regular(
        "gcp:storage/bucket:Bucket",
        {"name": "nhi-labels", "location": "EU", "uniformBucketLevelAccess": True},
        {"labels": {"a": "b"}},
        "/storage/v1/",
        "b/nhi-labels",
        created=[f"POST /storage/v1/b?project={PROJECT}", *["GET /storage/v1/b/nhi-labels"] * 2],
        patched=["PATCH /storage/v1/b/nhi-labels"],
        deleted=[
            "GET /storage/v1/b/nhi-labels/anywhereCaches/",
            "GET /storage/v1/b/nhi-labels/o?versions=true",
            "DELETE /storage/v1/b/nhi-labels",
        ],
    ),
    regular(
        "gcp:bigquery/dataset:Dataset",
        {"datasetId": "labels"},
        {"description": "labels"},
        "/bigquery/v2/",
        f"{DATASETS}/labels",
        created=[f"POST /bigquery/v2/{DATASETS}?accessPolicyVersion=3", f"GET /bigquery/v2/{DATASETS}/labels"],
        patched=[f"PUT /bigquery/v2/{DATASETS}/labels?accessPolicyVersion=3"],
        deleted=[f"DELETE /bigquery/v2/{DATASETS}/labels?deleteContents=false"],
    ),
    regular(
        "gcp:bigquery/table:Table",
        {"datasetId": "ds", "tableId": "new", "deletionProtection": False},
        {"description": "labels"},
        "/bigquery/v2/",
        f"{DATASETS}/ds/tables/new",
        created=[f"POST /bigquery/v2/{DATASETS}/ds/tables", f"GET /bigquery/v2/{DATASETS}/ds/tables/new"],
        patched=[f"PUT /bigquery/v2/{DATASETS}/ds/tables/new"],
    ),
    Case(
        "gcp:kms/keyRing:KeyRing",
        {"name": "labels", "location": "europe-west1"},
        [f"POST /v1/{IN_EUROPE}/keyRings?keyRingId=labels", f"GET /v1/{IN_EUROPE}/keyRings/labels"],
        [f"GET /v1/{IN_EUROPE}/keyRings/labels"],
        {},
        [f"GET /v1/{IN_EUROPE}/keyRings/labels"],
        [],
    ),
    regular(
        "gcp:kms/cryptoKey:CryptoKey",
        {"name": "labels", "keyRing": RING},
        {"labels": {"a": "b"}},
        V1,
        f"{RING}/cryptoKeys/labels",
        created=[
            f"POST /v1/{RING}/cryptoKeys?cryptoKeyId=labels&skipInitialVersionCreation=false",
            f"GET /v1/{RING}/cryptoKeys/labels",
        ],
        patched=[f"PATCH /v1/{RING}/cryptoKeys/labels?updateMask=labels"],
        deleted=[
            f"GET /v1/{RING}/cryptoKeys/labels/cryptoKeyVersions",
            f"POST /v1/{RING}/cryptoKeys/labels/cryptoKeyVersions/1:destroy",
        ],
    ),
    regular(
        "gcp:cloudrunv2/service:Service",
        {
            "name": "labels",
            "location": "europe-west1",
            "deletionProtection": False,
            "template": {"containers": [{"image": "i", "envs": [{"name": "A", "value": "b"}]}]},
        },
        {"template": {"containers": [{"image": "i2", "ports": {"containerPort": 8080}}]}},
        V2,
        f"{IN_EUROPE}/services/labels",
        created=[f"POST /v2/{IN_EUROPE}/services?serviceId=labels", f"GET /v2/{IN_EUROPE}/services/labels"],
        patched=[f"PATCH /v2/{IN_EUROPE}/services/labels"],
    ),
    regular(
        "gcp:artifactregistry/repository:Repository",
        {"repositoryId": "labels", "location": "europe-west1", "format": "DOCKER"},
        {"description": "labels"},
        V1,
        f"{IN_EUROPE}/repositories/labels",
        created=[
            f"POST /v1/{IN_EUROPE}/repositories?repository_id=labels",
            f"GET /v1/{IN_EUROPE}/repositories/labels",
        ],
        patched=[f"PATCH /v1/{IN_EUROPE}/repositories/labels?updateMask=description"],
    ),
]

UNTIL = {"title": "until", "expression": 'request.time < timestamp("2030-01-01T00:00:00Z")'}
MEMBERS: list[tuple[str, str, dict[str, Any], str, str]] = [
    (
        "projects/iAMMember:IAMMember",
        "roles/logging.logWriter",
        {"project": PROJECT, "condition": UNTIL},
        f"POST /v1/projects/{PROJECT}:getIamPolicy",
        f"POST /v1/projects/{PROJECT}:setIamPolicy",
    ),
    (
        "serviceaccount/iAMMember:IAMMember",
        "roles/iam.serviceAccountTokenCreator",
        {"serviceAccountId": ACCOUNT.replace("printer-test", "robot-test"), "condition": UNTIL},
        f"POST /v1/{ACCOUNT.replace('printer-test', 'robot-test')}:getIamPolicy?options.requestedPolicyVersion=3",
        f"POST /v1/{ACCOUNT.replace('printer-test', 'robot-test')}:setIamPolicy",
    ),
    (
        "secretmanager/secretIamMember:SecretIamMember",
        "roles/secretmanager.secretAccessor",
        {"secretId": "s", "condition": UNTIL},
        f"GET /v1/projects/{PROJECT}/secrets/s:getIamPolicy?options.requestedPolicyVersion=3",
        f"POST /v1/projects/{PROJECT}/secrets/s:setIamPolicy",
    ),
    (
        "pubsub/topicIAMMember:TopicIAMMember",
        "roles/pubsub.publisher",
        {"topic": f"projects/{PROJECT}/topics/orders"},
        f"GET /v1/projects/{PROJECT}/topics/orders:getIamPolicy",
        f"POST /v1/projects/{PROJECT}/topics/orders:setIamPolicy",
    ),
    (
        "pubsub/subscriptionIAMMember:SubscriptionIAMMember",
        "roles/pubsub.subscriber",
        {"subscription": "sub"},
        f"GET /v1/projects/{PROJECT}/subscriptions/sub:getIamPolicy",
        f"POST /v1/projects/{PROJECT}/subscriptions/sub:setIamPolicy",
    ),
    (
        "storage/bucketIAMMember:BucketIAMMember",
        "roles/storage.objectViewer",
        {"bucket": "nhi-orders", "condition": UNTIL},
        "GET /storage/v1/b/nhi-orders/iam?optionsRequestedPolicyVersion=3",
        "PUT /storage/v1/b/nhi-orders/iam",
    ),
    (
        "bigquery/iamMember:IamMember",
        "roles/bigquery.dataViewer",
        {"datasetId": "ds", "tableId": "t"},
        f"POST /bigquery/v2/{DATASETS}/ds/tables/t:getIamPolicy",
        f"POST /bigquery/v2/{DATASETS}/ds/tables/t:setIamPolicy",
    ),
    (
        "kms/keyRingIAMMember:KeyRingIAMMember",
        "roles/cloudkms.cryptoKeyEncrypter",
        {"keyRingId": RING, "condition": UNTIL},
        f"GET /v1/{RING}:getIamPolicy?options.requestedPolicyVersion=3",
        f"POST /v1/{RING}:setIamPolicy",
    ),
    (
        "kms/cryptoKeyIAMMember:CryptoKeyIAMMember",
        "roles/cloudkms.cryptoKeyEncrypter",
        {"cryptoKeyId": KEY, "condition": UNTIL},
        f"GET /v1/{KEY}:getIamPolicy?options.requestedPolicyVersion=3",
        f"POST /v1/{KEY}:setIamPolicy",
    ),
    (
        "cloudrunv2/serviceIamMember:ServiceIamMember",
        "roles/run.invoker",
        {"name": "run", "location": "europe-west1"},
        f"GET /v2/{IN_EUROPE}/services/run:getIamPolicy",
        f"POST /v2/{IN_EUROPE}/services/run:setIamPolicy",
    ),
    (
        "artifactregistry/repositoryIamMember:RepositoryIamMember",
        "roles/artifactregistry.reader",
        {"repository": "images", "location": "europe-west1"},
        f"GET /v1/{IN_EUROPE}/repositories/images:getIamPolicy",
        f"POST /v1/{IN_EUROPE}/repositories/images:setIamPolicy",
    ),
    (
        "logging/logViewIamMember:LogViewIamMember",
        "roles/logging.viewAccessor",
        {
            "parent": f"projects/{PROJECT}",
            "location": "global",
            "bucket": "_Default",
            "name": "_AllLogs",
            "condition": UNTIL,
        },
        f"POST /v2/{VIEW}:getIamPolicy",
        f"POST /v2/{VIEW}:setIamPolicy",
    ),
]
DATASET_MEMBER = "bigquery/datasetIamMember:DatasetIamMember"


@pytest.fixture
def furnished(plugin: Engine) -> Engine:
    """With what the cases rest on."""
    for token, inputs in (
        ("gcp:serviceaccount/account:Account", {"accountId": "robot-test"}),
        ("gcp:iam/workloadIdentityPool:WorkloadIdentityPool", {"workloadIdentityPoolId": "others"}),
        ("gcp:secretmanager/secret:Secret", {"secretId": "s", "replication": {"auto": {}}}),
        ("gcp:pubsub/topic:Topic", {"name": "orders"}),
        ("gcp:pubsub/subscription:Subscription", {"name": "sub", "topic": "orders"}),
        ("gcp:storage/bucket:Bucket", {"name": "nhi-orders", "location": "EU", "uniformBucketLevelAccess": True}),
        ("gcp:bigquery/dataset:Dataset", {"datasetId": "ds"}),
        ("gcp:bigquery/table:Table", {"datasetId": "ds", "tableId": "t"}),
        ("gcp:kms/keyRing:KeyRing", {"name": "ring", "location": "europe-west1"}),
        ("gcp:kms/cryptoKey:CryptoKey", {"name": "key", "keyRing": RING}),
        (
            "gcp:cloudrunv2/service:Service",
            {"name": "run", "location": "europe-west1", "template": {"containers": [{"image": "i"}]}},
        ),
        (
            "gcp:artifactregistry/repository:Repository",
            {"repositoryId": "images", "location": "europe-west1", "format": "DOCKER"},
        ),
    ):
        plugin.create(token, inputs)
    plugin.double.services.log_buckets.view(VIEW)
    return plugin


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_resource_is_made_read_changed_and_deleted_with_these_calls(furnished: Engine, case: Case) -> None:
    previewed = furnished.preview(case.token, case.inputs)
    kept = furnished.create(case.token, case.inputs)
    assert kept.calls == case.created
    foreseen = {name: value for name, value in previewed.items() if isinstance(value, (str, bool, int))}
    assert foreseen.items() <= {**kept.outputs, **case.inputs}.items()
    assert not furnished.diff(kept, case.inputs).changes

    refreshed = furnished.refresh(kept)
    assert refreshed is not None
    assert refreshed.calls == case.read
    assert refreshed.outputs == kept.outputs
    assert refreshed.inputs == kept.inputs

    changed = {**case.inputs, **case.change}
    assert sorted(furnished.diff(kept, changed).diffs) == sorted(case.change)
    updated = furnished.update(kept, changed)
    assert updated.calls == case.updated
    assert not furnished.diff(updated, changed).changes

    assert furnished.delete(updated) == case.deleted


@pytest.mark.parametrize(("token", "role", "inputs", "get", "set_"), MEMBERS, ids=[each[0] for each in MEMBERS])
def test_a_member_is_bound_and_unbound_with_these_calls(
    furnished: Engine, token: str, role: str, inputs: dict[str, Any], get: str, set_: str
) -> None:
    bound = {**inputs, "role": role, "member": f"serviceAccount:robot-test@{PROJECT}.iam.gserviceaccount.com"}
    kept = furnished.create(f"gcp:{token}", bound)
    assert kept.calls == [get, set_, *[get] * 4]
    assert not furnished.diff(kept, bound).changes
    refreshed = furnished.refresh(kept)
    assert refreshed is not None
    assert refreshed.calls == [get]
    assert refreshed.outputs == kept.outputs
    assert furnished.delete(kept) == [get, set_, *[get] * 4]
    assert furnished.refresh(kept) is None


def test_a_member_of_a_dataset_is_bound_by_its_list_of_accesses(furnished: Engine) -> None:
    member = {"member": f"serviceAccount:robot-test@{PROJECT}.iam.gserviceaccount.com"}
    bound = {"datasetId": "ds", "role": "roles/bigquery.dataViewer", "condition": UNTIL, **member}
    get, patch = (f"{method} /bigquery/v2/{DATASETS}/ds?accessPolicyVersion=3" for method in ("GET", "PATCH"))
    kept = furnished.create(f"gcp:{DATASET_MEMBER}", bound)
    assert kept.calls == [get, get, patch, *[get] * 4]
    assert furnished.delete(kept) == [get, get, patch, *[get] * 4]
    assert furnished.refresh(kept) is None


def test_nothing_that_is_served_is_left_out_here() -> None:
    pinned = {case.token for case in CASES} | {f"gcp:{each[0]}" for each in MEMBERS} | {f"gcp:{DATASET_MEMBER}"}
    assert pinned == RESOURCES.keys()
