"""The double's KMS, Run, Artifact Registry and Logging, whose clients aren't installed here.

They are driven over plain REST with google-auth's AuthorizedSession, as their REST references describe the methods.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.conformance.doubles.gcp_cast import DAY, PARENT, WORKER, Cast, refusal
from tools.doubles.gcp import GcpDouble
from tools.doubles.gcp.double import PROJECT

PLACE = f"{PARENT}/locations/europe-west1"
RING, KEY = f"{PLACE}/keyRings/shop", f"{PLACE}/keyRings/shop/cryptoKeys/orders"
SERVICE, REPOSITORY = f"{PLACE}/services/orders", f"{PLACE}/repositories/shop"
BUCKET = f"{PARENT}/locations/global/buckets/_Default"
VIEW = f"{BUCKET}/views/orders"
LOG = f"{PARENT}/logs/orders"
PLAIN = base64.b64encode(b"one").decode()
CONTAINERS = {"containers": [{"image": "europe-west1-docker.pkg.dev/nhi-tests/shop/orders:1"}]}


@pytest.fixture
def cast(tmp_path: Path) -> Iterator[Cast]:
    with GcpDouble() as double:
        yield Cast(double, tmp_path)


@pytest.fixture
def key(cast: Cast) -> Cast:
    cast.ask("POST", f"/v1/{PLACE}/keyRings?keyRingId=shop", {})
    made = cast.ask("POST", f"/v1/{RING}/cryptoKeys?cryptoKeyId=orders", {"purpose": "ENCRYPT_DECRYPT"})
    assert made["primary"]["state"] == "ENABLED"
    return cast


@pytest.fixture
def service(cast: Cast) -> Cast:
    made = cast.ask("POST", f"/v2/{PLACE}/services?serviceId=orders", {"template": CONTAINERS})
    assert (made["done"], made["response"]["name"]) == (True, SERVICE)
    return cast


@pytest.fixture
def repository(cast: Cast) -> Cast:
    made = cast.ask("POST", f"/v1/{PLACE}/repositories?repositoryId=shop", {"format": "DOCKER"})
    assert (made["done"], made["response"]["name"]) == (True, REPOSITORY)
    return cast


@pytest.fixture
def view(cast: Cast) -> Cast:
    asked = {"filter": 'LOG_ID("orders") AND severity >= WARNING'}
    assert cast.ask("POST", f"/v2/{BUCKET}/views?viewId=orders", asked)["name"] == VIEW
    for severity in ("INFO", "ERROR"):
        entry = {"logName": LOG, "severity": severity, "textPayload": severity}
        assert cast.ask("POST", "/v2/entries:write", {"entries": [entry]}) == {}
    return cast


def encrypted(cast: Cast, name: str = "worker") -> Any:
    return cast.ask("POST", f"/v1/{KEY}:encrypt", {"plaintext": PLAIN}, name)


def test_what_is_encrypted_comes_back_also_after_a_rotation(key: Cast) -> None:
    sealed = encrypted(key, "operator")
    assert b"one" not in base64.b64decode(sealed["ciphertext"])
    key.ask("POST", f"/v1/{KEY}/cryptoKeyVersions", {})
    key.ask("POST", f"/v1/{KEY}:updatePrimaryVersion", {"cryptoKeyVersionId": "2"})
    assert encrypted(key, "operator")["name"].endswith("/2")
    opened = key.ask("POST", f"/v1/{KEY}:decrypt", {"ciphertext": sealed["ciphertext"]})
    assert (opened["plaintext"], opened["usedPrimary"]) == (PLAIN, False)
    wrong = base64.b64encode(base64.b64decode(sealed["ciphertext"])[:-1] + b"x").decode()
    assert "Decryption failed" in key.ask("POST", f"/v1/{KEY}:decrypt", {"ciphertext": wrong})["error"]["message"]


def test_a_key_version_is_destroyed_after_thirty_days_unless_it_is_restored(key: Cast) -> None:
    sealed = encrypted(key, "operator")
    version = f"/v1/{KEY}/cryptoKeyVersions/1"
    assert key.ask("POST", f"{version}:destroy", {})["state"] == "DESTROY_SCHEDULED"
    assert (
        "not enabled" in key.ask("POST", f"/v1/{KEY}:decrypt", {"ciphertext": sealed["ciphertext"]})["error"]["message"]
    )
    assert key.ask("POST", f"{version}:restore", {})["state"] == "DISABLED"
    assert key.ask("PATCH", f"{version}?updateMask=state", {"state": "ENABLED"})["state"] == "ENABLED"
    key.ask("POST", f"{version}:destroy", {})
    key.double.ahead += timedelta(days=31)
    assert key.ask("GET", version)["state"] == "DESTROYED"
    assert "not scheduled" in key.ask("POST", f"{version}:restore", {})["error"]["message"]
    assert key.session().delete(f"{key.url}/v1/{KEY}").status_code == 404


def test_a_signature_fits_its_public_key(key: Cast) -> None:
    asked = {"purpose": "ASYMMETRIC_SIGN", "versionTemplate": {"algorithm": "EC_SIGN_P256_SHA256"}}
    key.ask("POST", f"/v1/{RING}/cryptoKeys?cryptoKeyId=signing", asked)
    version = f"/v1/{RING}/cryptoKeys/signing/cryptoKeyVersions/1"
    digest = base64.b64encode(hashlib.sha256(b"one").digest()).decode()
    signature = key.ask("POST", f"{version}:asymmetricSign", {"digest": {"sha256": digest}})["signature"]
    public = serialization.load_pem_public_key(key.ask("GET", f"{version}/publicKey")["pem"].encode())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(base64.b64decode(signature), b"one", ec.ECDSA(hashes.SHA256()))


def test_a_mac_fits_its_data_only(key: Cast) -> None:
    key.ask("POST", f"/v1/{RING}/cryptoKeys?cryptoKeyId=mac", {"purpose": "MAC"})
    version = f"/v1/{RING}/cryptoKeys/mac/cryptoKeyVersions/1"
    mac = key.ask("POST", f"{version}:macSign", {"data": PLAIN})["mac"]
    assert key.ask("POST", f"{version}:macVerify", {"data": PLAIN, "mac": mac})["success"] is True
    assert key.ask("POST", f"{version}:macVerify", {"data": "eA==", "mac": mac})["success"] is False
    verify = key.ask("POST", f"{version}:macVerify", {"data": PLAIN, "mac": mac}, "worker")
    assert "cloudkms.cryptoKeyVersions.useToVerify" in refusal(verify)


def test_a_key_s_binding_ends(key: Cast) -> None:
    assert "cloudkms.cryptoKeyVersions.useToEncrypt" in refusal(encrypted(key))
    key.bind("roles/cloudkms.cryptoKeyEncrypter", KEY)
    assert "ciphertext" in encrypted(key)
    key.double.ahead += 2 * DAY
    assert "cloudkms.cryptoKeyVersions.useToEncrypt" in refusal(encrypted(key))


def test_a_ring_s_binding_holds_for_its_keys_and_encrypting_is_not_decrypting(key: Cast) -> None:
    assert "cloudkms.cryptoKeyVersions.useToEncrypt" in refusal(encrypted(key))
    bound = {"version": 3, "bindings": [key.binding("roles/cloudkms.cryptoKeyEncrypter")]}
    assert key.ask("POST", f"/v1/{RING}:setIamPolicy", {"policy": bound})["version"] == 3
    sealed = encrypted(key)["ciphertext"]
    opened = key.ask("POST", f"/v1/{KEY}:decrypt", {"ciphertext": sealed}, "worker")
    assert "cloudkms.cryptoKeyVersions.useToDecrypt" in refusal(opened)


def called(cast: Cast, name: str | None = "worker") -> int:
    uri = cast.ask("GET", f"/v2/{SERVICE}")["uri"]
    session = cast.session(name) if name else requests.Session()
    return int(session.get(uri, timeout=10).status_code)


def test_a_service_can_be_called_by_whom_it_is_opened_to(service: Cast) -> None:
    assert called(service) == 403
    assert called(service, None) == 403
    dated = {"version": 3, "bindings": [service.binding("roles/run.invoker")]}
    service.ask("POST", f"/v2/{SERVICE}:setIamPolicy", {"policy": dated})
    assert called(service) == 200
    assert called(service, None) == 403
    assert service.double.services.run.calls == [(WORKER.removeprefix("serviceAccount:"), SERVICE)]
    assert "run.services.delete" in refusal(service.ask("DELETE", f"/v2/{SERVICE}", name="worker"))
    service.double.ahead += 2 * DAY
    assert called(service) == 403
    public = {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}
    service.ask("POST", f"/v2/{SERVICE}:setIamPolicy", {"policy": public})
    assert called(service, None) == 200


def test_to_deploy_one_must_be_allowed_to_act_as_the_service_s_account(service: Cast) -> None:
    account = service.double.accounts.make(PROJECT, "runtime")["email"]
    changed = {"template": {**CONTAINERS, "serviceAccount": account}}
    service.bind("roles/run.developer", SERVICE)
    patch = f"/v2/{SERVICE}?updateMask=template"
    assert "iam.serviceAccounts.actAs" in refusal(service.ask("PATCH", patch, changed, "worker"))
    service.bind("roles/iam.serviceAccountUser", f"{PARENT}/serviceAccounts/{account}")
    operation = service.ask("PATCH", patch, changed, "worker")
    assert operation["response"]["template"]["serviceAccount"] == account
    assert service.ask("GET", f"/v2/{operation['name']}")["done"] is True
    assert service.ask("DELETE", f"/v2/{SERVICE}")["done"] is True
    assert service.ask("GET", f"/v2/{SERVICE}")["error"]["status"] == "NOT_FOUND"
    assert not service.double.policies.exists(SERVICE)


def image(cast: Cast, method: str, name: str = "worker") -> Any:
    url = f"{cast.url}/v2/{PROJECT}/shop/orders/manifests/1"
    return cast.session(name).request(method, url, data=b"{}" if method == "PUT" else None)


def test_images_are_pushed_and_pulled_by_whom_the_repository_is_opened_to(repository: Cast) -> None:
    dated = {"version": 3, "bindings": [repository.binding("roles/artifactregistry.reader")]}
    set_ = f"/v1/{REPOSITORY}:setIamPolicy"
    assert repository.ask("POST", set_, {"policy": dated})["error"]["code"] == 400
    assert image(repository, "PUT", "operator").status_code == 201
    assert "artifactregistry.repositories.downloadArtifacts" in image(repository, "GET").text
    repository.ask(
        "POST", set_, {"policy": {"bindings": [repository.binding("roles/artifactregistry.reader", ends=False)]}}
    )
    assert image(repository, "GET").content == b"{}"
    refused = image(repository, "PUT")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "DENIED")
    (shown,) = repository.ask("GET", f"/v1/{REPOSITORY}/dockerImages", name="worker")["dockerImages"]
    assert shown["tags"] == ["1"]
    (file,) = repository.ask("GET", f"/v1/{REPOSITORY}/files", name="worker")["files"]
    assert repository.session("worker").get(f"{repository.url}/v1/{file['name']}:download?alt=media").content == b"{}"
    assert repository.ask("DELETE", f"/v1/{REPOSITORY}")["done"] is True
    assert image(repository, "GET", "operator").status_code == 404


def test_images_are_named_anew_by_whom_may(repository: Cast) -> None:
    image(repository, "PUT", "operator")
    package = f"/v1/{REPOSITORY}/packages/orders"
    (tag,) = repository.ask("GET", f"{package}/tags")["tags"]
    repository.bind("roles/artifactregistry.writer", REPOSITORY, ends=False)
    made = repository.ask("POST", f"{package}/tags?tagId=live", {"version": tag["version"]}, "worker")
    assert made == {"name": f"{REPOSITORY}/packages/orders/tags/live", "version": tag["version"]}
    assert "artifactregistry.packages.delete" in refusal(repository.ask("DELETE", package, name="worker"))
    assert repository.ask("DELETE", package)["done"] is True
    assert repository.ask("GET", f"{package}/tags")["error"]["status"] == "NOT_FOUND"


def test_a_job_is_run_by_whom_it_is_opened_to(cast: Cast) -> None:
    job = f"{PLACE}/jobs/nightly"
    cast.ask("POST", f"/v2/{PLACE}/jobs?jobId=nightly", {"template": {"template": CONTAINERS}})
    assert "run.jobs.run" in refusal(cast.ask("POST", f"/v2/{job}:run", {}, "worker"))
    cast.bind("roles/run.invoker", job)
    assert cast.ask("POST", f"/v2/{job}:run", {}, "worker")["response"]["job"] == job
    changed = cast.ask("POST", f"/v2/{job}:run", {"overrides": {"taskCount": 2}}, "worker")
    assert "run.jobs.runWithOverrides" in refusal(changed)
    cast.double.ahead += 2 * DAY
    assert "run.jobs.run" in refusal(cast.ask("POST", f"/v2/{job}:run", {}, "worker"))


def listed(cast: Cast, source: str, name: str = "worker") -> Any:
    return cast.ask("POST", "/v2/entries:list", {"resourceNames": [source]}, name)


def test_a_view_opens_what_its_filter_lets_through_until_the_binding_ends(view: Cast) -> None:
    assert [each["severity"] for each in listed(view, PARENT, "operator")["entries"]] == ["INFO", "ERROR"]
    assert "logging.views.access" in refusal(listed(view, VIEW))
    bound = {"version": 3, "bindings": [view.binding("roles/logging.viewAccessor")]}
    view.ask("POST", f"/v2/{VIEW}:setIamPolicy", {"policy": bound})
    assert [each["severity"] for each in listed(view, VIEW)["entries"]] == ["ERROR"]
    assert "logging.logEntries.list" in refusal(listed(view, PARENT))
    assert "logging.views.access" in refusal(listed(view, f"{BUCKET}/views/_AllLogs"))
    view.double.ahead += 2 * DAY
    assert "logging.views.access" in refusal(listed(view, VIEW))


def test_a_log_writer_writes_and_reads_nothing(cast: Cast) -> None:
    asked = {"entries": [{"logName": LOG, "jsonPayload": {"order": 1}}]}
    write = "/v2/entries:write"
    assert "logging.logEntries.create" in refusal(cast.ask("POST", write, asked, "worker"))
    cast.bind("roles/logging.logWriter", PARENT)
    assert cast.ask("POST", write, asked, "worker") == {}
    assert "logging.logEntries.list" in refusal(listed(cast, PARENT))
    found = cast.ask("POST", "/v2/entries:list", {"resourceNames": [PARENT], "filter": "jsonPayload.order=1"})
    assert found["entries"][0]["jsonPayload"] == {"order": 1}
    foreign = {"entries": [{"logName": "projects/others-project/logs/x", "textPayload": "x"}]}
    assert "projects/others-project" in refusal(cast.ask("POST", write, foreign, "worker"))


def test_a_log_writer_makes_no_sink(cast: Cast) -> None:
    asked = {"name": "out", "destination": "storage.googleapis.com/shop-out"}
    cast.bind("roles/logging.logWriter", PARENT)
    assert "logging.sinks.create" in refusal(cast.ask("POST", f"/v2/{PARENT}/sinks", asked, "worker"))
    assert cast.ask("POST", f"/v2/{PARENT}/sinks", asked)["name"] == "out"
    assert cast.ask("DELETE", f"/v2/{PARENT}/sinks/out") == {}
    assert cast.ask("GET", f"/v2/{PARENT}/sinks") == {}
