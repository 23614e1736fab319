"""The data plane of Container Registry, below `/registry/<name>`: tokens for tokens, then manifests and tags.

An Entra token is exchanged for the registry's refresh token, that for an access token of some repositories; what the
roles permit is decided at that last step, so an access token lives on for its 75 minutes.
No client of a registry is installed here: the shapes are those of 'Azure Container Registry authentication' (POST
`/oauth2/exchange`, `/oauth2/token`) and of the OCI distribution specification; the permissions are those of 'Azure
Container Registry roles and permissions' and 'Microsoft Entra attribute-based access control for repositories'.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qsl

from tools.doubles.azure.audiences import audiences_of
from tools.doubles.azure.delayed import Clock
from tools.doubles.azure.entra import Entra
from tools.doubles.azure.errors import registry
from tools.doubles.azure.gate import Gate
from tools.doubles.messages import Answer, Request
from tools.doubles.routes import route

REGISTRIES: Final = "Microsoft.ContainerRegistry/registries"
_LIFETIME: Final = timedelta(minutes=75)
_REFRESH_LIFETIME: Final = timedelta(hours=3)
_REPOSITORY = "/registry/{registry}/v2/{repository*}"
_BY_ROLE: Mapping[str, str] = {"pull": "pull/read", "push": "push/write", "delete": "artifacts/delete"}
_BY_REPOSITORY: Mapping[str, str] = {
    "pull": "repositories/content/read",
    "push": "repositories/content/write",
    "delete": "repositories/content/delete",
}


@dataclass(frozen=True, slots=True)
class _Token:
    """A registry's token: whose, of which registry, for what (`repository:action`), until when."""

    client: str
    entra: str
    registry: str
    access: frozenset[str]
    ends: datetime


class Registries:
    """What there is in the repositories.

    Attributes:
        manifests: each by registry, repository and tag or digest.
    """

    def __init__(self, gate: Gate, entra: Entra, now: Clock) -> None:
        self.manifests: dict[tuple[str, str, str], bytes] = {}
        self._tokens: dict[str, _Token] = {}
        self._gate, self._entra, self._now = gate, entra, now

    def holder_of(self, token: str, path: str) -> str:
        """The client id of whom a registry's access token speaks for; empty for none."""
        kept = self._tokens.get(token)
        good = kept is not None and kept.access and kept.registry == path.split("/")[2] and self._now() < kept.ends
        return kept.client if kept is not None and good else ""

    @route("POST", "/registry/{registry}/oauth2/exchange", public=True)
    def exchange(self, request: Request) -> Any:
        form, name = dict(parse_qsl(request.body.decode())), request.params["registry"]
        self._registry(name)
        token = form.get("access_token", "")
        client = self._entra.holder_of(token, audiences_of(request.path))
        if form.get("grant_type") != "access_token" or not client:
            raise registry(401, "UNAUTHORIZED", "the Entra token is not accepted")
        return {"refresh_token": self._issue(_Token(client, token, name, frozenset(), self._now() + _REFRESH_LIFETIME))}

    @route("POST", "/registry/{registry}/oauth2/token", public=True)
    def token(self, request: Request) -> Any:
        form, name = dict(parse_qsl(request.body.decode())), request.params["registry"]
        refresh = self._tokens.get(form.get("refresh_token", ""))
        if refresh is None or refresh.registry != name or self._now() >= refresh.ends or refresh.access:
            raise registry(401, "UNAUTHORIZED", "the refresh token is not accepted")
        kind, _, rest = form.get("scope", "").partition(":")
        repository, _, actions = rest.rpartition(":")
        caller = replace(request, headers={"authorization": f"Bearer {refresh.entra}"}, principal=refresh.client)
        granted = [each for each in actions.split(",") if kind == "repository" and self._may(caller, repository, each)]
        if not granted:
            raise registry(401, "UNAUTHORIZED", f"no access of {form.get('scope')} is permitted")
        access = frozenset(f"{repository}:{each}" for each in granted)
        return {"access_token": self._issue(replace(refresh, access=access, ends=self._now() + _LIFETIME))}

    @route("GET", "/registry/{registry}/v2/")
    def version(self, request: Request) -> Any:
        return {}

    @route("GET", _REPOSITORY + "/tags/list")
    def tags(self, request: Request) -> Any:
        key = self._judge(request, "pull")
        return {
            "name": key[1],
            "tags": sorted(ref for *owner, ref in self.manifests if tuple(owner) == key and ":" not in ref),
        }

    @route("GET", _REPOSITORY + "/manifests/{reference}")
    @route("HEAD", _REPOSITORY + "/manifests/{reference}")
    def pull(self, request: Request) -> Any:
        found = self.manifests.get((*self._judge(request, "pull"), request.params["reference"]))
        if found is None:
            raise registry(404, "MANIFEST_UNKNOWN", "manifest is not found", {"Tag": request.params["reference"]})
        return Answer(200, found, {"Docker-Content-Digest": f"sha256:{sha256(found).hexdigest()}"})

    @route("PUT", _REPOSITORY + "/manifests/{reference}")
    def push(self, request: Request) -> Any:
        key, digest = self._judge(request, "push"), f"sha256:{sha256(request.body).hexdigest()}"
        self.manifests[*key, request.params["reference"]] = self.manifests[*key, digest] = request.body
        return Answer(201, None, {"Docker-Content-Digest": digest})

    @route("DELETE", _REPOSITORY + "/manifests/{reference}")
    def delete(self, request: Request) -> Any:
        if self.manifests.pop((*self._judge(request, "delete"), request.params["reference"]), None) is None:
            raise registry(404, "MANIFEST_UNKNOWN", "manifest is not found")
        return Answer(202)

    def _registry(self, name: str) -> dict[str, Any]:
        found = self._gate.named(REGISTRIES, name)
        if found is None:
            raise registry(404, "NAME_UNKNOWN", f"there is no registry {name}")
        return found

    def _issue(self, token: _Token) -> str:
        value = secrets.token_urlsafe(40)
        self._tokens[value] = token
        return value

    def _may(self, caller: Request, repository: str, action: str) -> bool:
        found = self._registry(caller.params["registry"])
        if action not in _BY_ROLE:
            return False
        if found["properties"].get("roleAssignmentMode") == "AbacRepositoryPermissions":
            about = {"repositories:name": repository}
            return self._gate.holds(
                caller, f"{REGISTRIES}/{_BY_REPOSITORY[action]}", found["id"], data=True, about=about
            )
        return self._gate.holds(caller, f"{REGISTRIES}/{_BY_ROLE[action]}", found["id"])

    def _judge(self, request: Request, action: str) -> tuple[str, str]:
        repository = request.params["repository"]
        kept = self._tokens.get(request.headers.get("authorization", "").partition(" ")[2])
        if kept is None or f"{repository}:{action}" not in kept.access:
            detail = [{"Type": "repository", "Name": repository, "Action": action}]
            raise registry(401, "UNAUTHORIZED", "authentication required", detail)
        return request.params["registry"], repository
