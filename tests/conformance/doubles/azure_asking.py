"""Asking the double of Azure where no client of Microsoft's is installed: requests in the documented shapes."""

from __future__ import annotations

from typing import Any

import requests

from tools.doubles.azure import AzureDouble
from tools.doubles.azure.directory import Principal
from tools.doubles.azure.versions import default_of

ARM = "https://management.azure.com"
GRAPH = "https://graph.microsoft.com"


class Asker:
    """Asks with the tokens of one principal.

    Attributes:
        client: its client id.
    """

    def __init__(self, double: AzureDouble, client: str) -> None:
        self.double, self.client = double, client

    def token(self, audience: str) -> str:
        return self.double.entra.token_for(self.client, audience)

    def send(self, method: str, path: str, audience: str, body: Any = None, **headers: str) -> requests.Response:
        """Send JSON, or bytes as they are."""
        given = {"data": body} if isinstance(body, bytes) else {"json": body}
        named = {"Authorization": f"Bearer {self.token(audience)}"} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        return requests.request(method, f"{self.double.url}{path}", headers=named, timeout=10, **given)

    def arm(self, method: str, path: str, body: Any = None, version: str | None = None) -> requests.Response:
        """Ask Azure Resource Manager, with the version that azure-native uses for the type."""
        namespace, *rest = path.rpartition("/providers/")[2].split("/")
        type_ = "/".join((namespace, *rest[::2])) if "/providers/" in path else "Microsoft.Resources"
        asked = default_of(type_) if version is None else version
        return self.send(method, f"{path}?api-version={asked}" if asked else path, ARM, body)

    def graph(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.send(method, f"/v1.0{path}", GRAPH, body)


def operator(double: AzureDouble) -> Asker:
    """Somebody who may do everything."""
    return Asker(double, double.ambient()["AZURE_CLIENT_ID"])


def identity(double: AzureDouble, name: str) -> Principal:
    """The service principal of a managed identity that is made."""
    return double.identities.principal_of(double.identities.make(name)["id"])


def code_of(answer: requests.Response) -> tuple[int, str]:
    """The status and the error's code; an empty one for no error."""
    error = answer.json().get("error", {}) if answer.content else {}
    return answer.status_code, error["code"] if error else ""
