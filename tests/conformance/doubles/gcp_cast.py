"""Who acts in the conformance tests of Google Cloud's double: an operator, who may do everything, and a worker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from google.auth.transport.requests import AuthorizedSession
from google.oauth2.credentials import Credentials

from tools.doubles.gcp import GcpDouble
from tools.doubles.gcp.double import PROJECT
from tools.doubles.gcp.names import stamp

DAY = timedelta(days=1)
PARENT = f"projects/{PROJECT}"
WORKER = f"serviceAccount:worker@{PROJECT}.iam.gserviceaccount.com"


class Cast:
    """An operator, and a worker without any right, with one double.

    Attributes:
        double: the double.
        url: its base URL.
    """

    def __init__(self, double: GcpDouble, folder: Path) -> None:
        self.double, self.url = double, double.url
        double.ambient(folder)
        double.accounts.make(PROJECT, "worker")

    def credentials(self, name: str = "operator") -> Credentials:
        """Whoever it is, with a token of an hour: to be asked for again once the clock was moved."""
        return Credentials(self.double.tokens.issue(f"{name}@{PROJECT}.iam.gserviceaccount.com"))

    def session(self, name: str = "operator") -> AuthorizedSession:
        """Whoever it is, over plain REST."""
        return AuthorizedSession(self.credentials(name))

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, name: str = "operator") -> Any:
        """One request; gives the answer's JSON, also of a refusal."""
        return self.session(name).request(method, f"{self.url}{path}", json=body).json()

    def condition(self, for_: timedelta = DAY, beside: str = "") -> dict[str, str]:
        """A condition that ends a while from now, on the double's clock."""
        end = stamp(self.double.now() + for_, microseconds=False)
        return {
            "title": "nhi",
            "expression": f'request.time < timestamp("{end}")' + (f" && {beside}" if beside else ""),
        }

    def binding(self, role: str, *, ends: bool = True) -> dict[str, Any]:
        """The worker's binding of a role, for a day or for ever."""
        bound = {"role": role, "members": [WORKER]}
        return {**bound, "condition": self.condition()} if ends else bound

    def bind(self, role: str, resource: str, *, ends: bool = True) -> None:
        """Add the worker's binding to what stands, without the API."""
        stands = self.double.policies.get(resource, 3)
        bindings = [*stands.get("bindings", []), self.binding(role, ends=ends)]
        self.double.policies.set(resource, {**stands, "bindings": bindings, "version": 3})


def refusal(answer: Mapping[str, Any]) -> str:
    """What a 403 says; fails for any other answer."""
    error = answer["error"]
    assert error["code"] == 403
    return str(error["message"])
