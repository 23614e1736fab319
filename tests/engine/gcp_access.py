"""Real use of what a bundle on Google Cloud grants: tokens of its account, and whether they are let through.

Everything is asked of the double itself, by REST: as the workload with its own token, or as the operator.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from tests.engine.gcp import TOKEN, GoogleCloud
from tests.engine.programs import evidence, nhi
from tools.doubles.gcp.double import PROJECT
from tools.lab.project import Project

GKE = f"gcp.GkeTrust(cluster_project={PROJECT!r}, namespace='shop', service_account='orders')"
POD = f"{PROJECT}.svc.id.goog[shop/orders]"
"""The service account of Kubernetes that `GKE` lets in."""

OTHER_POD = f"{PROJECT}.svc.id.goog[shop/other]"
_CONVENIENCE = ("projectOwner:", "projectEditor:", "projectViewer:")
"""Whom Google itself binds on a bucket that is made."""

SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
_SECONDS = 20
_REFUSED = (401, 403)
_GONE = 404


class RefusedError(Exception):
    """Google refused a call.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        super().__init__(f"{status} {text}")


def ask(cloud: GoogleCloud, method: str, path: str, body: Any = None, *, token: str = TOKEN) -> Any:
    """Make a call, as the operator unless another token is given.

    Raises:
        RefusedError: Google refuses it.
    """
    headers = {"Authorization": f"Bearer {token}"}
    answer = requests.request(method, f"{cloud.double.url}{path}", json=body, headers=headers, timeout=_SECONDS)
    if not answer.ok:
        raise RefusedError(answer.status_code, answer.text)
    return answer.json() if answer.content else {}


@dataclass(frozen=True)
class Session:
    """An access token, and what it is good for.

    Attributes:
        token: the token.
    """

    cloud: GoogleCloud = field(repr=False)
    token: str = field(repr=False)

    def may(self, method: str, path: str, body: Any = None) -> bool:
        """Tell whether Google lets it through; any error but a refusal is raised."""
        try:
            ask(self.cloud, method, path, body, token=self.token)
        except RefusedError as refused:
            if refused.status not in _REFUSED:
                raise
            return False
        return True

    def publishes(self, topic: str = "orders") -> bool:
        path = f"/v1/projects/{PROJECT}/topics/{topic}:publish"
        return self.may("POST", path, {"messages": [{"data": base64.b64encode(b"trial").decode()}]})

    def deletes(self, topic: str = "orders") -> bool:
        return self.may("DELETE", f"/v1/projects/{PROJECT}/topics/{topic}")

    def gets(self, name: str, bucket: str = "nhi-orders") -> bool:
        return self.may("GET", f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}")

    def puts(self, name: str, bucket: str = "nhi-orders") -> bool:
        path = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(name, safe='')}"
        return self.may("POST", path, "trial")

    def reads(self, secret: str) -> bool:
        """Tell whether it reads the newest version of a secret, by relative name; of one that is gone it does not."""
        try:
            return self.may("GET", f"/v1/{secret}/versions/latest:access")
        except RefusedError as refused:
            if refused.status != _GONE:
                raise
            return False

    def knows(self) -> bool:
        """Tell whether Google takes the token for anybody's, whatever that may do."""
        try:
            ask(self.cloud, "GET", f"/v1/projects/{PROJECT}/topics", token=self.token)
        except RefusedError as refused:
            if refused.status not in _REFUSED:
                raise
            return refused.status != 401
        return True


def pod(cloud: GoogleCloud, account: str = POD) -> Session:
    """A service account of Kubernetes, as a pod on GKE has its federated token."""
    with cloud.double.lock:
        return Session(cloud, cloud.double.tokens.issue(account))


def issued(cloud: GoogleCloud, email: str) -> Session:
    """A session of an account without anybody's leave, as a machine that it is attached to gets it."""
    with cloud.double.lock:
        return Session(cloud, cloud.double.tokens.issue(email))


def exchanged(cloud: GoogleCloud, provider: str, token: str) -> Session | None:
    """A federated session for a foreign token, as `google-github-actions/auth` gets it; None when it is refused."""
    asked = {
        "audience": f"//iam.googleapis.com/{provider}",
        "grantType": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requestedTokenType": "urn:ietf:params:oauth:token-type:access_token",
        "scope": SCOPES[0],
        "subjectToken": token,
        "subjectTokenType": "urn:ietf:params:oauth:token-type:jwt",
    }
    answer = requests.post(f"{cloud.double.url}/v1/token", json=asked, timeout=_SECONDS)
    if answer.status_code == 400:
        return None
    return Session(cloud, answer.json()["access_token"])


def become(cloud: GoogleCloud, email: str, by: Session) -> Session | None:
    """A session of a service account that somebody makes; None when Google refuses it."""
    path = f"/v1/projects/-/serviceAccounts/{email}:generateAccessToken"
    try:
        made = ask(cloud, "POST", path, {"scope": SCOPES}, token=by.token)
    except RefusedError as refused:
        if refused.status not in (*_REFUSED, _GONE):
            raise
        return None
    return Session(cloud, made["accessToken"])


def workload(cloud: GoogleCloud, outputs: Mapping[str, Any], account: str = POD) -> Session:
    """A session of a bundle's account, as its pod on GKE makes it."""
    session = become(cloud, outputs["email"], pod(cloud, account))
    assert session is not None, f"{account} may not become {outputs['email']}"
    return session


def everything(cloud: GoogleCloud) -> dict[str, list[str]]:
    """What an empty project does not have, by kind, as the operator finds it by REST; kinds without any are left out.

    Of accounts all but the operator's, of roles and pools those that are not deleted, of bindings every member that
    any policy names.
    """
    of_project = f"/v1/projects/{PROJECT}"
    pools = ask(cloud, "GET", f"{of_project}/locations/global/workloadIdentityPools").get("workloadIdentityPools", [])
    found = {
        "accounts": [each["email"] for each in _listed(cloud, f"{of_project}/serviceAccounts", "accounts")],
        "roles": [each["name"] for each in _listed(cloud, f"{of_project}/roles", "roles")],
        "pools": [each["name"] for each in pools],
        "secrets": [each["name"] for each in _listed(cloud, f"{of_project}/secrets", "secrets")],
        "bindings": [f"{where} {role} {member}" for where, role, member in bindings(cloud)],
    }
    found["accounts"].remove(cloud.operator)
    return {kind: names for kind, names in found.items() if names}


def bindings(cloud: GoogleCloud) -> list[tuple[str, str, str]]:
    """Resource, role and member of everything that is bound anywhere in the project, but for what Google binds."""
    return [
        (where, binding["role"], member)
        for where, binding in policies(cloud)
        for member in binding["members"]
        if not member.startswith(_CONVENIENCE)
    ]


def policies(cloud: GoogleCloud) -> list[tuple[str, dict[str, Any]]]:
    """Each binding, with its condition, of every policy in the project, and the resource that it is on."""
    results = _listed(cloud, f"/v1/projects/{PROJECT}:searchAllIamPolicies", "results")
    return [(each["resource"], binding) for each in results for binding in each["policy"]["bindings"]]


def deleted_roles(cloud: GoogleCloud) -> set[str]:
    """The custom roles that are deleted and can still be brought back."""
    listed = ask(cloud, "GET", f"/v1/projects/{PROJECT}/roles?showDeleted=true&pageSize=300").get("roles", [])
    return {role["name"] for role in listed if role.get("deleted")}


def bind(cloud: GoogleCloud, resource: str, role: str, member: str) -> None:
    """Add a binding by hand, as a person with the operator's rights does; resource by its relative name."""
    project, account = resource.count("/") == 1, "/serviceAccounts/" in resource
    # A project takes the version in the body, everything else in the query.
    body = {"options": {"requestedPolicyVersion": 3}} if project else {}
    query = "" if project else "?options.requestedPolicyVersion=3"
    policy = ask(cloud, "POST" if project or account else "GET", f"/v1/{resource}:getIamPolicy{query}", body)
    policy["bindings"] = [*policy.get("bindings", []), {"role": role, "members": [member]}]
    ask(cloud, "POST", f"/v1/{resource}:setIamPolicy", {"policy": {**policy, "version": 3}})


def _listed(cloud: GoogleCloud, path: str, field_name: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = ask(cloud, "GET", f"{path}?pageSize=100").get(field_name, [])
    return listed


def assert_gone(cloud: GoogleCloud, stack: Project, *leases: str) -> None:
    """Assert that the state is empty and that the leases are confirmed gone; see `assert_confirmed_gone`."""
    assert stack.resources() == []
    assert_confirmed_gone(cloud, stack, *leases)


def assert_confirmed_gone(cloud: GoogleCloud, stack: Project, *leases: str) -> None:
    """Assert that `nhi verify` finds nothing of the leases, and that sound evidence says that they are gone."""
    for lease in leases:
        reached = ("--system", "gcp", "--connections", str(connections(cloud, stack)))
        looked = nhi(stack, "verify", "--lease", lease, *reached)
        assert looked.code == 0, looked.text
        assert all(row["absent_at"]["state"] in ("at", "never-created") for row in evidence(stack, lease)["removals"])


def connections(cloud: GoogleCloud, stack: Project) -> Path:
    """A file that tells `nhi` how the double is reached where no state does."""
    file = stack.directory / "connections.json"
    file.write_text(json.dumps({"gcp": {"default": {"endpoint": cloud.double.url, "projects": [PROJECT]}}}))
    return file


def kept_for(row: dict[str, Any]) -> timedelta:
    """How long after it was seen absent something can be brought back, to the hour."""
    until, absent = (datetime.fromisoformat(row[fact]["time"]) for fact in ("recoverable_until", "absent_at"))
    return timedelta(hours=round((until - absent).total_seconds() / 3600))


def caretaker(cloud: GoogleCloud, stack: Project) -> str:
    """Let our own provider and `nhi` act as an owner of the project, whom the policies judge; return the address.

    An owner may not make tokens of the project's accounts: to open a canary, the right to that has to be given first.
    """
    with cloud.double.lock:
        email = str(cloud.double.accounts.make(PROJECT, "caretaker")["email"])
        key = cloud.double.keys.make(email)[1]
    for role in ("roles/owner", "roles/storage.admin"):
        bind(cloud, f"projects/{PROJECT}", role, f"serviceAccount:{email}")
    file = stack.directory / "caretaker.json"
    file.write_text(json.dumps(key))
    stack.environment["GOOGLE_APPLICATION_CREDENTIALS"] = str(file)
    return email
