"""Uses a service account of Google Cloud as its workload would, over REST."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_SECONDS = 30
_REFUSALS = (401, 403)


@dataclass(frozen=True, slots=True)
class AccountToken:
    """An access token, and where it is shown."""

    url: str
    token: str = field(repr=False)

    def publishes(self, topic: str) -> bool:
        """Whether it may publish to a topic, by its relative name."""
        return self.allowed("POST", f"/v1/{topic}:publish", {"messages": [{"data": "YW4gb3JkZXI="}]})

    def reads(self, secret: str) -> bool:
        """Whether it may read a secret, by its relative name."""
        return self.allowed("GET", f"/v1/{secret}/versions/latest:access")

    def makes_topic(self, topic: str) -> bool:
        """Whether it may make a topic."""
        return self.allowed("PUT", f"/v1/{topic}", {})

    def allowed(self, method: str, path: str, body: Any = None) -> bool:
        """Whether a call is let through; any other error is raised."""
        answer = self.ask(method, path, body)
        if answer.status_code in _REFUSALS:
            return False
        answer.raise_for_status()
        return True

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Make a call, whatever the answer."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, f"{self.url}{path}", json=body, headers=headers, timeout=_SECONDS)


def become(url: str, token: str, email: str) -> AccountToken | None:
    """Make a token of a service account by impersonation; None when that is refused."""
    path = f"/v1/projects/-/serviceAccounts/{email}:generateAccessToken"
    answer = AccountToken(url, token).ask("POST", path, {"scope": [_SCOPE]})
    # Of an account that is gone Google answers 404.
    if answer.status_code in (*_REFUSALS, 404):
        return None
    answer.raise_for_status()
    return AccountToken(url, answer.json()["accessToken"])
