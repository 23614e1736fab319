"""Trials on secrets, and on service accounts."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.gcp_intents.trial import Call, Trial, policy_calls
from tests.conformance.gcp_intents.world import OURS, PLACES, PROJECT, account

Calls = tuple[Call, ...]
_NEIGHBOURS = PLACES[1:]


def trials() -> Iterator[Trial]:
    yield from _on_secrets()
    yield from _on_accounts()


def _on_secrets() -> Iterator[Trial]:
    ours = _secret(PROJECT, OURS)
    yield Trial(
        "secretmanager.read_secret",
        ours,
        may=_reading(PROJECT, OURS),
        may_not=(*(c for place in _NEIGHBOURS for c in _reading(*place)), *_adding(PROJECT, OURS), *_ruling(ours)),
    )
    yield Trial(
        "secretmanager.add_version",
        ours,
        may=_adding(PROJECT, OURS),
        may_not=(*(c for place in _NEIGHBOURS for c in _adding(*place)), *_reading(PROJECT, OURS), *_ruling(ours)),
    )


def _secret(project: str, name: str) -> str:
    return f"projects/{project}/secrets/{name}"


def _reading(project: str, name: str) -> Calls:
    versions = [f"{_secret(project, name)}/versions/{version}" for version in ("1", "latest")]
    return tuple(Call("secretmanager.versions.access", each, "GET", f"/v1/{each}:access") for each in versions)


def _adding(project: str, name: str) -> Calls:
    secret, body = _secret(project, name), {"payload": {"data": "eA=="}}
    return (Call("secretmanager.versions.add", secret, "POST", f"/v1/{secret}:addVersion", body),)


def _ruling(secret: str) -> Calls:
    path, version = f"/v1/{secret}", f"{secret}/versions/1"
    making = f"/v1/projects/{PROJECT}/secrets?secretId=new-one"
    return (
        Call("secretmanager.versions.list", secret, "GET", f"{path}/versions"),
        Call("secretmanager.versions.get", version, "GET", f"/v1/{version}"),
        *(
            Call(f"secretmanager.versions.{verb}", version, "POST", f"/v1/{version}:{verb}", {})
            for verb in ("disable", "enable", "destroy")
        ),
        Call("secretmanager.secrets.get", secret, "GET", path),
        Call("secretmanager.secrets.update", secret, "PATCH", f"{path}?updateMask=labels", {"labels": {"a": "b"}}),
        Call("secretmanager.secrets.delete", secret, "DELETE", path),
        *policy_calls(secret, "secretmanager.secrets"),
        Call("secretmanager.secrets.list", f"projects/{PROJECT}", "GET", f"/v1/projects/{PROJECT}/secrets"),
        Call("secretmanager.secrets.create", f"projects/{PROJECT}", "POST", making, {"replication": {"automatic": {}}}),
        Call("resourcemanager.projects.get", f"projects/{PROJECT}", "GET", f"/v1/projects/{PROJECT}"),
    )


def _on_accounts() -> Iterator[Trial]:
    ours = account(PROJECT, OURS)
    yield Trial(
        "iam.mint_id_tokens",
        f"projects/{PROJECT}/serviceAccounts/{ours}",
        may=(_minting(PROJECT, OURS),),
        may_not=(*(_minting(*place) for place in _NEIGHBOURS), *_becoming(PROJECT, ours), *_ruling_account(ours)),
    )


def _minting(project: str, name: str) -> Call:
    email = account(project, name)
    return Call(
        "iam.serviceAccounts.getOpenIdToken",
        f"projects/{project}/serviceAccounts/{email}",
        "POST",
        f"/v1/projects/-/serviceAccounts/{email}:generateIdToken",
        {"audience": "https://orders.example.com", "includeEmail": True},
    )


def _becoming(project: str, email: str) -> Calls:
    resource, path = f"projects/{project}/serviceAccounts/{email}", f"/v1/projects/-/serviceAccounts/{email}"
    scope = {"scope": ["https://www.googleapis.com/auth/cloud-platform"]}
    return (
        Call("iam.serviceAccounts.getAccessToken", resource, "POST", f"{path}:generateAccessToken", scope),
        Call("iam.serviceAccounts.signBlob", resource, "POST", f"{path}:signBlob", {"payload": "eA=="}),
        Call("iam.serviceAccounts.signJwt", resource, "POST", f"{path}:signJwt", {"payload": "{}"}),
        Call("iam.serviceAccounts.actAs", resource, "", "").judged("no call is made of it alone"),
        Call("iam.serviceAccountKeys.create", resource, "POST", f"/v1/{resource}/keys", {}),
    )


def _ruling_account(email: str) -> Calls:
    resource = f"projects/{PROJECT}/serviceAccounts/{email}"
    return (
        Call("iam.serviceAccounts.get", resource, "GET", f"/v1/{resource}"),
        Call("iam.serviceAccounts.disable", resource, "POST", f"/v1/{resource}:disable", {}),
        Call("iam.serviceAccounts.delete", resource, "DELETE", f"/v1/{resource}"),
        *policy_calls(resource, "iam.serviceAccounts", read="POST"),
    )
