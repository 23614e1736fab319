"""Azure in the story: a workload on AKS, on a double of Entra and of Azure's REST APIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.demo.clouds.cloud import Cloud, Ready, Session
from tools.demo.microsoft import BUS, MANAGER, VAULTS, Tenant
from tools.doubles.azure import AzureDouble
from tools.doubles.azure.subscriptions import GROUP, LOCATION, SUBSCRIPTION
from tools.doubles.tls import write_authority
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.issuer import Issuer
from tools.plugins.azure.settings import environment_for

_CLUSTER = "https://westeurope.oic.prod-aks.azure.com/demo/cluster/"
_POD, _OTHER_POD = "system:serviceaccount:shop:orders", "system:serviceaccount:shop:default"
_OTHER_QUEUE = "somebody-elses"
_AUDIENCE = "api://AzureADTokenExchange"
_IN_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers"
_VAULT = f"{_IN_GROUP}/Microsoft.KeyVault/vaults/shop-demo"
_BUS = f"{_IN_GROUP}/Microsoft.ServiceBus/namespaces/shop-demo"
_VAULTS_VERSION, _BUS_VERSION = "2023-07-01", "2024-01-01"


@dataclass(frozen=True, slots=True)
class _Workload:
    """The pods of a cluster, whose tokens its issuer signs."""

    tenant: Tenant
    cluster: Issuer

    def becomes(self, client: str, pod: str, audience: str) -> str | None:
        """Exchange a pod's token for one of a managed identity; None when Entra refuses."""
        told = self.cluster.token(iss=_CLUSTER, sub=pod, aud=_AUDIENCE)
        return self.tenant.token(client, audience, client_assertion=told)

    def use(self, made: Mapping[str, Any]) -> Session:
        """Open a session, as the workload does."""
        client, bus_name, vault = made["client_id"], _last_of(_BUS), _last_of(_VAULT)
        bus, vaults = (self.becomes(client, _POD, audience) for audience in (BUS, VAULTS))
        if bus is None or vaults is None:
            return Session((("its pod becomes its managed identity", False),), lambda: False)
        claims = (
            ("its pod on AKS becomes its managed identity, without a key", True),
            ("another pod of the namespace does not", self.becomes(client, _OTHER_POD, BUS) is None),
            ("its identity sends to its queue", self.tenant.sends(bus, bus_name, made["queue"])),
            ("its identity is refused at another queue", not self.tenant.sends(bus, bus_name, _OTHER_QUEUE)),
            ("its identity reads its own secret", self.tenant.reads(vaults, vault, made["secret"])),
        )

        def works() -> bool:
            may = self.tenant.sends(bus, bus_name, made["queue"]) or self.tenant.reads(vaults, vault, made["secret"])
            return may or self.becomes(client, _POD, BUS) is not None

        return Session(claims, works)


@contextmanager
def _ready(_: Sandbox, folder: Path) -> Iterator[Ready]:
    with AzureDouble() as double:
        operator, authority, cluster = double.ambient(), write_authority(folder), Issuer()
        double.entra.issuers.put(_CLUSTER, cluster.public_key)
        tenant = Tenant(double.url, double.entra.tenant, authority)
        token = tenant.token(operator["AZURE_CLIENT_ID"], MANAGER, client_secret=operator["AZURE_CLIENT_SECRET"])
        _make(tenant, str(token))
        believed = {"SSL_CERT_FILE": str(authority), "REQUESTS_CA_BUNDLE": str(authority)}
        environment = {**environment_for(double.url, operator, SUBSCRIPTION), **operator, **believed}
        settings = {"subscription": SUBSCRIPTION, "resource_group": GROUP, "issuer": _CLUSTER, "vault": _VAULT}
        settings["bus"] = _last_of(_BUS)
        connection = {"endpoint": double.url, "authority": double.url, "subscriptions": [SUBSCRIPTION]}
        yield Ready(_Workload(tenant, cluster).use, environment, settings, connection)


def _make(tenant: Tenant, operator: str) -> None:
    """Make what is there before the identity: a vault that goes by roles, and a namespace with somebody's queue."""
    sku = {"family": "A", "name": "standard"}
    properties = {"tenantId": tenant.tenant, "sku": sku, "enableRbacAuthorization": True}
    tenant.make(operator, _VAULT, _VAULTS_VERSION, {"location": LOCATION, "properties": properties})
    tenant.make(operator, _BUS, _BUS_VERSION, {"location": LOCATION, "sku": {"name": "Standard"}})
    tenant.make(operator, f"{_BUS}/queues/{_OTHER_QUEUE}", _BUS_VERSION, {"properties": {}})


def _last_of(resource: str) -> str:
    return resource.rpartition("/")[2]


AZURE = Cloud(
    "azure",
    "Azure",
    "a double of Entra and of its REST APIs that evaluates role assignments, and a test plugin in place of Pulumi's "
    "provider",
    "azure.admin",
    _ready,
)
