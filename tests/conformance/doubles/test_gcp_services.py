"""The services of Google Cloud's double: by Google's own clients where they are installed, else by google-auth.

Each file of cases runs in a process of its own: Google's protocol buffers and Pulumi's can't share one.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from nhi_components.core.gcp_catalogue import all_permissions
from tools.doubles.gcp import GcpDouble

HERE = Path(__file__).parent
SOURCES = HERE.parents[2] / "tools" / "doubles" / "gcp"
PREFIXES = "pubsub|storage|secretmanager|bigquery|cloudkms|run|iam|artifactregistry|logging"
CASES = (
    "google_client_storage.py",
    "google_clients_services.py",
    "google_session_services.py",
    "google_session_bigquery.py",
)

ASKED_WITHIN = {
    # The object's name is in the query, in the body, or there are two of them.
    "POST /upload/storage/v1/b/{bucket}/o",
    "POST /storage/v1/b/{bucket}/o/{object}/compose",
    "POST /storage/v1/b/{bucket}/o/{object}/copyTo/b/{destination}/o/{target}",
    "POST /storage/v1/b/{bucket}/o/{object}/rewriteTo/b/{destination}/o/{target}",
    # What is written and read is in the body.
    "POST /v2/entries:write",
    "POST /v2/entries:list",
    # The location is in the host's name, which the double has only one of.
    "GET /v2/{project}/{repository}/{image}/blobs/{digest}",
    "HEAD /v2/{project}/{repository}/{image}/blobs/{digest}",
    "POST /v2/{project}/{repository}/{image}/blobs/uploads/",
    "GET /v2/{project}/{repository}/{image}/manifests/{reference}",
    "HEAD /v2/{project}/{repository}/{image}/manifests/{reference}",
    "PUT /v2/{project}/{repository}/{image}/manifests/{reference}",
    # One sees what one may get, and one's own.
    "GET /bigquery/v2/projects/{project}/datasets",
    "GET /bigquery/v2/projects/{project}/jobs/{job}",
    "GET /bigquery/v2/projects/{project}/queries/{job}",
    # Artifact Registry documents no permission for its operations.
    "GET /v1/projects/{project}/locations/{location}/operations/{operation}",
}
"""Routes that name no permission: their handlers ask for it on what they find out themselves."""

ELSEWHERE = re.compile(r":testIamPermissions$|/iam/testPermissions$|^/v[13]/projects(:search)?$|/v1/roles/\{role\}")
"""What Google asks no permission for."""


@pytest.mark.parametrize("name", CASES)
def test_the_services_work_as_google_documents_them(name: str) -> None:
    cases = HERE / name
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(cases)]
    done = subprocess.run(command, cwd=HERE.parents[2], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout
    (passed,) = re.findall(r"^(\d+) passed", done.stdout, re.MULTILINE)
    assert int(passed) >= cases.read_text().count("\ndef test_") > 6


def test_every_permission_that_a_route_needs_is_one_of_google_s() -> None:
    known = all_permissions()
    needed = {route.needs for route in GcpDouble()._routes if route.needs}
    sources = "".join(file.read_text() for file in SOURCES.glob("*.py"))
    named = set(re.findall(rf'"((?:{PREFIXES})\.(?!googleapis)\w+\.\w+)"', sources))
    assert len(needed) > 100
    assert sorted(each for each in needed | named if each not in known) == []


def test_no_other_route_goes_without_a_permission() -> None:
    free = [route for route in GcpDouble()._routes if not (route.needs or route.public)]
    names = {f"{route.method} {route.pattern}" for route in free if not ELSEWHERE.search(route.pattern)}
    assert names == ASKED_WITHIN
