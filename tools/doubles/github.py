"""A double of GitHub's REST API as far as secrets of Actions go: repositories, environments, sealed boxes.

What an organisation and its repositories hold beside these is in `github_organizations.py`, what has happened there in
`github_audit_log.py`.

It opens what is encrypted for it, keeps `updated_at` in whole seconds, tells the rate limit with each answer, and gives
404 to whoever may not see a repository, as GitHub's REST API documents it. It speaks plain HTTP.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from tools.doubles.github_answers import paged, refused, written
from tools.doubles.github_audit_log import AuditLog
from tools.doubles.github_organizations import Organizations
from tools.doubles.messages import Answer, Refusal, Request
from tools.doubles.routes import route
from tools.doubles.server import HttpDouble

LIMIT = 5000
LARGEST = 48 * 1024
_REPOSITORY = "/repos/{owner}/{name}"
_ACTIONS = _REPOSITORY + "/actions/secrets"
_ENVIRONMENT = _REPOSITORY + "/environments/{environment}/secrets"


@dataclass
class Secret:
    """One secret: when it was written, and its value, which GitHub shows nobody."""

    created_at: datetime
    updated_at: datetime
    value: str = field(repr=False)


@dataclass
class Holder:
    """What has secrets: a repository, or one of its environments."""

    id: int
    key: PrivateKey = field(default_factory=PrivateKey.generate, repr=False)
    key_id: str = "568250167242549743"
    secrets: dict[str, Secret] = field(default_factory=dict)

    def opened(self, encrypted: str) -> str:
        """Open a sealed box."""
        return SealedBox(self.key).decrypt(base64.b64decode(encrypted)).decode()


@dataclass
class Repository(Holder):
    """A repository, with its environments by name and the users that may see it."""

    environments: dict[str, Holder] = field(default_factory=dict)
    readers: set[str] = field(default_factory=set)


class GitHubDouble(HttpDouble):
    """One GitHub.

    Attributes:
        audit_log: what has happened in organisations.
        organizations: what they hold beside secrets of Actions.
        installations: principals that are installations of Apps, which are no users.
        remaining: how many requests the rate limit still lets through.
    """

    def __init__(self) -> None:
        self.api = Api(self)
        self.organizations = Organizations(self)
        self.audit_log = AuditLog(self)
        self.installations: set[str] = set()
        self.remaining = LIMIT
        super().__init__(self.api, self.organizations, self.audit_log)

    def token_of(self, request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return token.strip() if scheme.lower() in ("bearer", "token") else ""

    def respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Count requests, and tell the rate limit with each answer."""
        if self.remaining <= 0:
            answer = refused(HTTPStatus.FORBIDDEN, "API rate limit exceeded for user ID 1.")
        else:
            self.remaining -= 1
            answer = super().respond(method, target, headers, body)
        resets = int((self.now() + timedelta(hours=1)).timestamp())
        told = {"Limit": LIMIT, "Remaining": max(self.remaining, 0), "Reset": resets, "Used": LIMIT - self.remaining}
        limits = {f"X-RateLimit-{name}": str(value) for name, value in told.items()}
        return replace(answer, headers={**answer.headers, **limits})

    def unauthorized(self, request: Request) -> Answer:
        return refused(HTTPStatus.UNAUTHORIZED, "Bad credentials")

    def forbidden(self, request: Request, permission: str) -> Answer:
        kind = "integration" if request.principal in self.installations else "personal access token"
        return refused(HTTPStatus.FORBIDDEN, f"Resource not accessible by {kind}")

    def absent(self, request: Request) -> Answer:
        return refused(HTTPStatus.NOT_FOUND, "Not Found")

    def busy(self, request: Request, status: int) -> Answer:
        if status in (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS):
            return refused(status, "You have exceeded a secondary rate limit. Please wait a few minutes.")
        return super().busy(request, status)


class Api:
    """The routes, and what is kept.

    Attributes:
        repositories: by `owner/name`.
    """

    def __init__(self, server: GitHubDouble) -> None:
        self._server = server
        self.repositories: dict[str, Repository] = {}

    def add_repository(self, full_name: str, *readers: str, environments: tuple[str, ...] = ()) -> Repository:
        number = 1000 + len(self.repositories)
        made = Repository(number, readers=set(readers))
        made.environments = {name: Holder(number * 100 + index) for index, name in enumerate(environments)}
        self.repositories[full_name] = made
        return made

    def write(self, holder: Holder, name: str, value: str) -> bool:
        """Write a secret as GitHub keeps it; tell whether it is a new one."""
        at, known = self._server.now().replace(microsecond=0), holder.secrets.get(name.upper())
        holder.secrets[name.upper()] = Secret(known.created_at if known else at, at, value)
        return known is None

    @route("GET", "/user")
    def user(self, request: Request) -> dict[str, Any]:
        if request.principal in self._server.installations:
            raise Refusal(self._server.forbidden(request, "user"))
        return {"login": request.principal, "id": 1, "type": "User"}

    @route("GET", "/installation/repositories")
    def installation(self, request: Request) -> dict[str, Any]:
        if request.principal not in self._server.installations:
            raise Refusal(self._server.forbidden(request, "installation"))
        seen = [name for name, each in self.repositories.items() if request.principal in each.readers]
        told = [{"full_name": name, "owner": {"login": name.partition("/")[0]}} for name in seen]
        return {"total_count": len(seen), "repositories": told}

    @route("GET", _REPOSITORY, needs="metadata")
    def repository(self, request: Request) -> dict[str, Any]:
        found = self.seen(request)
        full_name = f"{request.params['owner']}/{request.params['name']}"
        url = f"{self._server.url}/repos/{full_name}"
        described = self._server.organizations.described(full_name, found.id)
        return {**described, "name": request.params["name"], "url": url, "private": True}

    @route("GET", _REPOSITORY + "/environments", needs="actions")
    def environments(self, request: Request) -> Answer:
        found = self.seen(request).environments
        return paged(self._server.url, request, [self._described(request, name) for name in found], "environments")

    @route("GET", _REPOSITORY + "/environments/{environment}")
    def environment(self, request: Request) -> dict[str, Any]:
        self._holder(request)
        return self._described(request, request.params["environment"])

    @route("GET", _ACTIONS + "/public-key", needs="secrets")
    @route("GET", _ENVIRONMENT + "/public-key", needs="environments")
    def public_key(self, request: Request) -> dict[str, Any]:
        holder = self._holder(request)
        return {"key_id": holder.key_id, "key": base64.b64encode(bytes(holder.key.public_key)).decode()}

    @route("GET", _ACTIONS, needs="secrets")
    @route("GET", _ENVIRONMENT, needs="environments")
    def secrets(self, request: Request) -> Answer:
        found = self._holder(request).secrets
        return paged(self._server.url, request, [shown(name, found[name]) for name in sorted(found)], "secrets")

    @route("GET", _ACTIONS + "/{secret}", needs="secrets")
    @route("GET", _ENVIRONMENT + "/{secret}", needs="environments")
    def secret(self, request: Request) -> dict[str, Any]:
        name, found = request.params["secret"].upper(), self._holder(request).secrets
        if name not in found:
            raise Refusal(self._server.absent(request))
        return shown(name, found[name])

    @route("PUT", _ACTIONS + "/{secret}", needs="secrets")
    @route("PUT", _ENVIRONMENT + "/{secret}", needs="environments")
    def put(self, request: Request) -> Answer:
        holder, name, body = self._holder(request), request.params["secret"], request.json()
        if name.upper().startswith("GITHUB_") or not name.replace("_", "").isalnum() or name[:1].isdigit():
            raise Refusal(
                refused(HTTPStatus.UNPROCESSABLE_ENTITY, "Secret names can only contain alphanumeric characters")
            )
        if body.get("key_id") != holder.key_id:
            raise Refusal(refused(HTTPStatus.UNPROCESSABLE_ENTITY, "Bad request - key_id is not the current one"))
        try:
            value = holder.opened(body["encrypted_value"])
        except (CryptoError, ValueError, KeyError):
            text = "Bad request - encrypted_value is not a sealed box for the public key"
            raise Refusal(refused(HTTPStatus.UNPROCESSABLE_ENTITY, text)) from None
        if len(value.encode()) > LARGEST:
            raise Refusal(refused(HTTPStatus.UNPROCESSABLE_ENTITY, "Secret value is too large"))
        made = self.write(holder, name, value)
        return Answer(HTTPStatus.CREATED, {}) if made else Answer(HTTPStatus.NO_CONTENT)

    @route("DELETE", _ACTIONS + "/{secret}", needs="secrets")
    @route("DELETE", _ENVIRONMENT + "/{secret}", needs="environments")
    def delete(self, request: Request) -> Answer:
        if self._holder(request).secrets.pop(request.params["secret"].upper(), None) is None:
            raise Refusal(self._server.absent(request))
        return Answer(HTTPStatus.NO_CONTENT)

    def seen(self, request: Request) -> Repository:
        """Find the repository of a request; 404 to whoever may not see it."""
        found = self.repositories.get(f"{request.params['owner']}/{request.params['name']}")
        if found is None or request.principal not in found.readers:
            raise Refusal(self._server.absent(request))
        return found

    def _holder(self, request: Request) -> Holder:
        found = self.seen(request)
        if "environment" not in request.params:
            return found
        if request.params["environment"] not in found.environments:
            raise Refusal(self._server.absent(request))
        return found.environments[request.params["environment"]]

    def _described(self, request: Request, name: str) -> dict[str, Any]:
        repository = f"{self._server.url}/repos/{request.params['owner']}/{request.params['name']}"
        found = self.seen(request).environments[name]
        return {"id": found.id, "name": name, "url": f"{repository}/environments/{name}"}


def shown(name: str, secret: Secret) -> dict[str, Any]:
    """Describe a secret; never its value."""
    return {"name": name, "created_at": written(secret.created_at), "updated_at": written(secret.updated_at)}
