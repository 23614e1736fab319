"""The resources on which intents are tried: what is granted on is called orders, what is not is called invoices.

Most exist twice in the project of the identity, and once more as orders in another project. An operator makes them by
the REST APIs, as a person would.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from urllib.parse import quote

from google.auth.transport.requests import AuthorizedSession

from tools.doubles.gcp import GcpDouble
from tools.doubles.gcp import double as gcp_double

PROJECT = gcp_double.PROJECT
ELSEWHERE = "nhi-elsewhere"
OURS = "orders"
OTHERS = "invoices"
PLACES = ((PROJECT, OURS), (PROJECT, OTHERS), (ELSEWHERE, OURS))
BUCKETS = {OURS: "orders-objects", OTHERS: "invoices-objects"}
TABLES = ("rows", "archive")
LOCATION = "europe-west1"
SIGNING = "signing"
IMAGE = "api"
CIPHERTEXT = "{ciphertext}"
"""Stands in a body for what was encrypted with the key that is called."""


def account(project: str, name: str) -> str:
    """The address of a service account that is granted on."""
    return f"{name}-caller@{project}.iam.gserviceaccount.com"


def place_of(project: str) -> str:
    """Where regional resources lie."""
    return f"projects/{project}/locations/{LOCATION}"


def key_of(project: str, name: str, purpose: str = "sealing") -> str:
    """The relative name of a key, of a ring of its own."""
    return f"{place_of(project)}/keyRings/{name}/cryptoKeys/{purpose}"


class World:
    """An empty double, filled.

    Attributes:
        double: the double.
        ciphertexts: what was encrypted with each key, by the key's relative name.
    """

    def __init__(self, double: GcpDouble, operator: AuthorizedSession) -> None:
        self.double = double
        self.ciphertexts: dict[str, str] = {}
        self._operator = operator
        for bucket in BUCKETS.values():
            self._make_bucket(bucket)
        self.restore_objects()
        for project, name in PLACES:
            self._make_messaging(project, name)
            self._make_secret(project, name)
            self._make_dataset(project, name)
            self._make_keys(project, name)
            self._make_service(project, name)
            self._make_repository(project, name)
            self._make_view(project, name)
            double.accounts.make(project, f"{name}-caller")

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Make a call as the operator, which has to be answered."""
        sent = {"data": body} if isinstance(body, bytes) else {"json": body}
        answer = self._operator.request(method, f"{self.double.url}{path}", **sent)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content and "json" in answer.headers["content-type"] else None

    def restore_objects(self) -> None:
        """Let every bucket hold the objects `in/1` and `out/1` and no others."""
        for bucket in BUCKETS.values():
            for found in self.ask("GET", f"/storage/v1/b/{bucket}/o").get("items", ()):
                self.ask("DELETE", f"/storage/v1/b/{bucket}/o/{quote(found['name'], safe='')}")
            for name in ("in/1", "out/1"):
                path = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(name, safe='')}"
                self.ask("POST", path, b"x")

    def _make_bucket(self, name: str) -> None:
        uniform = {"iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}}}
        self.ask("POST", f"/storage/v1/b?project={PROJECT}", {"name": name, **uniform})

    def _make_messaging(self, project: str, name: str) -> None:
        topic = f"projects/{project}/topics/{name}"
        self.ask("PUT", f"/v1/{topic}", {})
        self.ask("PUT", f"/v1/projects/{project}/subscriptions/{name}", {"topic": topic})

    def _make_secret(self, project: str, name: str) -> None:
        self.ask("POST", f"/v1/projects/{project}/secrets?secretId={name}", {"replication": {"automatic": {}}})
        self.ask("POST", f"/v1/projects/{project}/secrets/{name}:addVersion", {"payload": {"data": "eA=="}})

    def _make_dataset(self, project: str, name: str) -> None:
        datasets = f"/bigquery/v2/projects/{project}/datasets"
        self.ask("POST", datasets, {"datasetReference": {"projectId": project, "datasetId": name}})
        schema = {"fields": [{"name": "id", "type": "STRING"}]}
        for table in TABLES:
            self.ask("POST", f"{datasets}/{name}/tables", {"tableReference": {"tableId": table}, "schema": schema})

    def _make_keys(self, project: str, name: str) -> None:
        rings, signing = f"/v1/{place_of(project)}/keyRings", {"algorithm": "EC_SIGN_P256_SHA256"}
        self.ask("POST", f"{rings}?keyRingId={name}", {})
        keys, key = f"{rings}/{name}/cryptoKeys?cryptoKeyId=", key_of(project, name)
        self.ask("POST", f"{keys}sealing", {"purpose": "ENCRYPT_DECRYPT"})
        self.ask("POST", f"{keys}{SIGNING}", {"purpose": "ASYMMETRIC_SIGN", "versionTemplate": signing})
        self.ciphertexts[key] = self.ask("POST", f"/v1/{key}:encrypt", {"plaintext": "eA=="})["ciphertext"]

    def _make_service(self, project: str, name: str) -> None:
        template = {"containers": [{"image": "x"}]}
        self.ask("POST", f"/v2/{place_of(project)}/services?serviceId={name}", {"template": template})

    def _make_repository(self, project: str, name: str) -> None:
        self.ask("POST", f"/v1/{place_of(project)}/repositories?repositoryId={name}", {"format": "DOCKER"})
        image = f"/v2/{project}/{name}/{IMAGE}"
        self.ask("POST", f"{image}/blobs/uploads/?digest=sha256:{sha256(b'layer').hexdigest()}", b"layer")
        self.ask("PUT", f"{image}/manifests/1", b"{}")

    def _make_view(self, project: str, name: str) -> None:
        buckets = f"/v2/{place_of(project)}/buckets"
        if name == OURS:
            self.ask("POST", f"{buckets}?bucketId={OURS}", {})
        self.ask("POST", f"{buckets}/{OURS}/views?viewId={name}", {"filter": ""})


def fill(body: Any, ciphertext: str) -> Any:
    """Put a ciphertext where a body asks for it."""
    if isinstance(body, dict):
        return {key: ciphertext if value == CIPHERTEXT else value for key, value in body.items()}
    return body
