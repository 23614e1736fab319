"""The resources on which intents are tried: what is granted on is called orders, what is not is called invoices.

Most exist twice side by side, and once more as orders in another resource group. An operator makes them by the REST
APIs, as a person would; what the double keeps of a resource's making alone is left to its own handles.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tools.doubles.azure import AzureDouble
from tools.doubles.azure.keys import Key, Version
from tools.doubles.azure.subscriptions import GROUP, SUBSCRIPTION
from tools.doubles.azure.subscriptions import LOCATION as REGION

__all__ = ["ELSEWHERE", "GROUP", "OTHERS", "OURS", "SUBSCRIPTION", "Caller", "World", "id_of", "items"]

ELSEWHERE: Final = "nhi-elsewhere"
OURS: Final = "orders"
OTHERS: Final = "invoices"
IMAGE: Final = "team/api"
STORED: Final = "in/1"
LOCATION: Final = "{location}"
"""Stands for the path that the answer before led to."""

VERSIONS: Final[Mapping[str, str]] = {
    "Microsoft.Storage": "2024-01-01",
    "Microsoft.ServiceBus": "2024-01-01",
    "Microsoft.EventHub": "2024-01-01",
    "Microsoft.KeyVault": "2024-11-01",
    "Microsoft.DocumentDB": "2025-04-15",
    "Microsoft.ContainerRegistry": "2025-04-01",
}
"""The versions of the APIs that are asked."""

_AUDIENCES: Final[Mapping[str, str]] = {
    "subscriptions": "https://management.azure.com",
    "blob": "https://storage.azure.com",
    "servicebus": "https://servicebus.azure.net",
    "eventhubs": "https://eventhubs.azure.net",
    "vaults": "https://vault.azure.net",
    "cosmos": "https://cosmos.azure.com",
    "registry": "https://containerregistry.azure.net",
}
_STORAGE: Final = {"x-ms-version": "2021-12-02", "x-ms-blob-type": "BlockBlob"}
REGISTRIES: Final = {"shopprod": "LegacyRegistryPermissions", "shoprepos": "AbacRepositoryPermissions"}


def id_of(path: str, group: str = GROUP) -> str:
    """A resource id, of what follows its resource group's providers."""
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/{path}"


def items(account: str, container: str) -> tuple[str, str]:
    """A container of Cosmos DB: its path in the data plane, and the scope as the account's roles name it."""
    group = GROUP if account == "shop-prod" else ELSEWHERE
    below = f"dbs/shop/colls/{container}"
    return f"/cosmos/{account}/{below}", f"{id_of(f'Microsoft.DocumentDB/databaseAccounts/{account}', group)}/{below}"


@cache
def key_pair() -> rsa.RSAPrivateKey:
    """What the key that is granted on consists of, so that something can be sealed with it outside of its vault."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sealed_text() -> dict[str, str]:
    """What asks for a text to be decrypted that was encrypted with that key."""
    scheme = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    value = base64.urlsafe_b64encode(key_pair().public_key().encrypt(b"x", scheme)).rstrip(b"=").decode()
    return {"alg": "RSA-OAEP-256", "value": value}


class Caller:
    """Calls with the tokens of one principal."""

    def __init__(self, double: AzureDouble, client: str, authority: Path) -> None:
        self._double, self._client = double, client
        self._session = requests.Session()
        # What the environment says about certificates would count for more than what is said here.
        self._session.trust_env, self._session.verify = False, str(authority)
        self._tokens: dict[str, str] = {}
        self._location = ""

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, wants: str = ""
    ) -> requests.Response:
        """Make a call.

        Args:
            method: the HTTP method.
            path: below the double, with the query.
            body: bytes as they are, anything else as JSON; a function gives it.
            headers: beside the usual ones.
            wants: of a registry, what its token is asked for: its refusal is the answer then.
        """
        path, body = path.replace(LOCATION, self._location), body() if callable(body) else body
        service = path.split("/")[1]
        token = self.token(service)
        if service == "registry":
            exchanged = self._registry_token(path.split("/")[2], token, wants)
            if exchanged.status_code != 200:
                return exchanged
            token = exchanged.json()["access_token"]
        shown = quote(f"type=aad&ver=1.0&sig={token}", safe="") if service == "cosmos" else f"Bearer {token}"
        named = {"Authorization": shown, **(_STORAGE if service == "blob" else {}), **(headers or {})}
        answer = self._session.request(
            method,
            f"{self._double.url}{path}",
            headers=named,
            timeout=30,
            **({"data": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}),
        )
        self._location = answer.headers.get("Location", "").removeprefix(self._double.url)
        return answer

    def token(self, service: str) -> str:
        """A token for a service, as long as the double's clock stands still."""
        if service not in self._tokens:
            self._tokens[service] = self._double.entra.token_for(self._client, _AUDIENCES[service])
        return self._tokens[service]

    def renew(self) -> None:
        """Ask for new tokens from now on."""
        self._tokens.clear()

    def _registry_token(self, registry: str, token: str, wants: str) -> requests.Response:
        base = f"{self._double.url}/registry/{registry}/oauth2"
        form = {"grant_type": "access_token", "service": registry, "access_token": token}
        first = self._session.post(f"{base}/exchange", data=form, timeout=30)
        if first.status_code != 200:
            return first
        form = {"grant_type": "refresh_token", "scope": wants, "refresh_token": first.json()["refresh_token"]}
        return self._session.post(f"{base}/token", data=form, timeout=30)


class World:
    """An empty double, filled.

    Attributes:
        double: the double.
        authority: the certificate of whoever vouches for it.
        operator: calls as somebody who may do everything.
    """

    def __init__(self, double: AzureDouble, authority: Path) -> None:
        self.double, self.authority = double, authority
        self.operator = Caller(double, double.ambient()["AZURE_CLIENT_ID"], authority)
        self._put(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{ELSEWHERE}", "2024-03-01", {"location": REGION})
        self._make_resources()
        for registry in (*REGISTRIES, "shopelse"):
            self.ask("PUT", f"/registry/{registry}/v2/{IMAGE}/manifests/v1", b"{}", wants=f"repository:{IMAGE}:push")
        self.restore()

    def ask(self, method: str, path: str, body: Any = None, **told: Any) -> Any:
        """Make a call as the operator, which has to be answered."""
        answer = self.operator.send(method, path, body, **told)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def restore(self) -> None:
        """Let everything hold what it held at first: one blob, message, event and item each, secrets and a key."""
        self.double.blobs.by_path.clear()
        self.double.messaging.waiting.clear()
        self.double.cosmos.items.clear()
        self.double.vaults.by_name.clear()
        key = Key(OURS, [Version("1", self.double.now(), key_pair())])
        self.double.keys.by_name = {("shop-prod", OURS): key}
        for account, name in (("shopprod", OURS), ("shopprod", OTHERS), ("shopelse", OURS)):
            self.ask("PUT", f"/blob/{account}/{name}/{STORED}", b"x")
        for place, name in (("shop-prod", OURS), ("shop-prod", OTHERS), ("shop-else", OURS)):
            self.ask("PUT", f"/vaults/{place}/secrets/{name}", {"value": "x"})
            self.ask("POST", f"/servicebus/{place}/{name}/messages", b"x")
            self.ask("POST", f"/servicebus/{place}/{name}-news/messages", b"x")
            self.ask("POST", f"/eventhubs/{place}/{name}/messages", b"x")
            self.ask("POST", f"{items(place, name)[0]}/docs", {"id": "1"})

    def _make_resources(self) -> None:
        make = self.double.resources.make
        for group, short in ((GROUP, "prod"), (ELSEWHERE, "else")):
            place, named = f"shop-{short}", (OURS, OTHERS) if group == GROUP else (OURS,)
            for name in named:
                containers = "Microsoft.Storage/storageAccounts/blobServices/containers"
                make(containers, f"shop{short}", "default", name, group=group)
                make("Microsoft.ServiceBus/namespaces/queues", place, name, group=group)
                for reader in ("billing", "audit"):
                    topics = "Microsoft.ServiceBus/namespaces/topics/subscriptions"
                    make(topics, place, f"{name}-news", reader, group=group)
                    hubs = "Microsoft.EventHub/namespaces/eventhubs/consumergroups"
                    make(hubs, place, name, reader, group=group)
                database = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers"
                make(database, place, "shop", name, group=group)
            self._make_vault(place, group)
        for registry, mode in REGISTRIES.items():
            make("Microsoft.ContainerRegistry/registries", registry, roleAssignmentMode=mode)
        make("Microsoft.ContainerRegistry/registries", "shopelse", group=ELSEWHERE)

    def _make_vault(self, name: str, group: str) -> None:
        properties = {
            "tenantId": self.double.entra.tenant,
            "sku": {"family": "A", "name": "standard"},
            "enableRbacAuthorization": True,
        }
        vault = id_of(f"Microsoft.KeyVault/vaults/{name}", group)
        self._put(vault, VERSIONS["Microsoft.KeyVault"], {"location": REGION, "properties": properties})

    def _put(self, id_: str, version: str, body: Any) -> None:
        self.ask("PUT", f"{id_}?api-version={version}", body)
