"""The metadata of a cloud: where its services are, as providers ask a host that is not a public cloud's.

Source: Azure Resource Manager, `/metadata/endpoints?api-version=2022-09-01`, as `https://management.azure.com` answers.
"""

from __future__ import annotations

from typing import Any

from tools.doubles.azure.audiences import ARM, VAULT
from tools.doubles.azure.errors import arm
from tools.doubles.messages import Request
from tools.doubles.routes import route

_VERSION = "2022-09-01"


class Clouds:
    """The one cloud that there is, all of it at the double's own address."""

    def __init__(self, url: str) -> None:
        self._url = url

    @route("GET", "/metadata/endpoints", public=True)
    def endpoints(self, request: Request) -> Any:
        if request.query.get("api-version") != _VERSION:
            raise arm(400, "InvalidApiVersionParameter", f"The supported api-versions are '{_VERSION}'.")
        login = {
            "loginEndpoint": self._url,
            "audiences": [ARM, f"{ARM}/"],
            "tenant": "common",
            "identityProvider": "AAD",
        }
        suffixes = {"keyVaultDns": VAULT.removeprefix("https://"), "storage": "core.windows.net"}
        return {
            "name": "AzureDouble",
            "authentication": login,
            "resourceManager": self._url,
            "microsoftGraphResourceId": f"{self._url}/",
            "suffixes": suffixes,
        }
