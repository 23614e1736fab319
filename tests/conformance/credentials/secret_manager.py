"""Secret Manager asked over REST with google-auth.

Google's own client for it is run against the double in a process of its own (tests/conformance/doubles): its protocol
buffers and Pulumi's both define `google.rpc.Status`, and one process can't hold both.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from google.auth.transport.requests import AuthorizedSession

_JSON = {"Content-Type": "application/json"}


class SecretManager:
    """The API as an operator with full rights uses it."""

    def __init__(self, url: str, credentials: Any) -> None:
        self._url, self._session = url, AuthorizedSession(credentials)

    def get(self, secret: str) -> Mapping[str, Any]:
        """The secret's own facts."""
        return self._ask("GET", secret)

    def latest(self, secret: str) -> bytes | None:
        """The newest enabled value; None when there is none."""
        answer = self._session.get(f"{self._url}/v1/{secret}/versions/latest:access")
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        answer.raise_for_status()
        return base64.b64decode(answer.json()["payload"]["data"])

    def create(self, project: str, secret: str, **labels: str) -> None:
        """Make a secret without a value."""
        body = {"replication": {"automatic": {}}, "labels": labels}
        self._ask("POST", f"projects/{project}/secrets?secretId={secret}", body)

    def add(self, secret: str, value: bytes) -> None:
        """Add a version."""
        self._ask("POST", f"{secret}:addVersion", {"payload": {"data": base64.b64encode(value).decode()}})

    def disable(self, version: str) -> None:
        """Disable a version."""
        self._ask("POST", f"{version}:disable", {})

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        data = None if body is None else json.dumps(body)
        answer = self._session.request(method, f"{self._url}/v1/{path}", data=data, headers=_JSON)
        answer.raise_for_status()
        told: Mapping[str, Any] = answer.json()
        return told
