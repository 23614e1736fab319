"""Asks Google Cloud's double as somebody, without any client library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from tools.doubles.gcp import GcpDouble

PROJECT = "nhi-tests"
DAY = "2030-06-01T00:00:00Z"


@dataclass(frozen=True)
class Caller:
    """Somebody with a token."""

    double: GcpDouble
    token: str

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, dict[str, Any]]:
        """The status and the body of an answer."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        url = f"{self.double.url}{path}"
        answer = requests.request(method, url, json=body, params=query or None, headers=headers, timeout=5)
        told: dict[str, Any] = answer.json()
        return answer.status_code, told

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return self._well("GET", path, None, **query)

    def post(self, path: str, body: Any = None, **query: Any) -> dict[str, Any]:
        return self._well("POST", path, body or {}, **query)

    def delete(self, path: str) -> dict[str, Any]:
        return self._well("DELETE", path, None)

    def patch(self, path: str, body: Any, **query: Any) -> dict[str, Any]:
        return self._well("PATCH", path, body, **query)

    def refused(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, str, str]:
        """Status, canonical code and message of an error."""
        status, told = self.ask(method, path, body, **query)
        assert status >= 400, told
        return status, told["error"].get("status", ""), told["error"]["message"]

    def bind(self, path: str, role: str, member: str, condition: dict[str, str] | None = None) -> dict[str, Any]:
        """Add one binding to the policy of a resource of IAM or Resource Manager."""
        policy = self.post(f"{path}:getIamPolicy", {"options": {"requestedPolicyVersion": 3}})
        binding: dict[str, Any] = {"role": role, "members": [member]}
        bindings = [*policy.get("bindings", []), binding | ({"condition": condition} if condition else {})]
        return self.post(f"{path}:setIamPolicy", {"policy": {**policy, "version": 3, "bindings": bindings}})

    def members(self, path: str) -> list[str]:
        """All members of the policy of a resource of IAM or Resource Manager."""
        policy = self.post(f"{path}:getIamPolicy", {"options": {"requestedPolicyVersion": 3}})
        return sorted({each for binding in policy.get("bindings", []) for each in binding["members"]})

    def _well(self, method: str, path: str, body: Any, **query: Any) -> dict[str, Any]:
        status, told = self.ask(method, path, body, **query)
        assert status == 200, told
        return told


def operator(double: GcpDouble) -> Caller:
    """Somebody who may do everything."""
    return Caller(double, double.grant("operator-token", "operator"))


def somebody(double: GcpDouble, name: str = "orders-dev") -> tuple[Caller, str]:
    """A service account that may do nothing yet, and its address."""
    email = double.accounts.make(PROJECT, name)["email"]
    return Caller(double, double.tokens.issue(email)), email
