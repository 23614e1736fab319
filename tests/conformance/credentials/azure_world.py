"""Azure's double, asked through Microsoft's own clients where there are any, and looked into where there are none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from azure.core.exceptions import ClientAuthenticationError, ResourceNotFoundError
from azure.identity import ClientSecretCredential
from azure.keyvault.secrets import SecretClient

from nhi_components.core.connection import AzureConnection
from nhi_components.core.credential.places import KeyVaultPlace, PlaceSpec
from nhi_components.core.credential.sources import EntraClientSecretSource, SourceSpec
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags, description_mark
from nhi_components.lifecycle.adapters.azure.credentials import Credentials
from nhi_components.lifecycle.credentials.ports import CredentialSystem, Material
from tools.doubles.azure import AzureDouble
from tools.doubles.tls import write_authority

if TYPE_CHECKING:
    from tests.conformance.credentials.conftest import Setting

_SCOPE = "https://graph.microsoft.com/.default"
_SECRET = "AZURE_CLIENT_SECRET"


class AzureWorld:
    system = System.AZURE

    def __init__(self, setting: Setting) -> None:
        self.double: AzureDouble = setting.closing.enter_context(AzureDouble())
        self._environment = setting.environment
        self._environment.setenv("REQUESTS_CA_BUNDLE", str(write_authority(setting.folder)))
        self.variables = self.double.ambient()
        for name, value in self.variables.items():
            self._environment.setenv(name, value)
        self.credentials: list[str] = [self.variables[_SECRET]]
        self.connection = AzureConnection(endpoint=self.double.url, authority=self.double.url)

    def open(self) -> CredentialSystem:
        return Credentials("default", self.connection)

    def open_wrong(self) -> CredentialSystem:
        self._environment.setenv(_SECRET, "wrong-" + self.variables[_SECRET])
        return self.open()

    def stop(self) -> None:
        self.double.stop()

    def start(self) -> None:
        self.double.start()

    def credential(self, tenant: str, client: str, secret: str) -> ClientSecretCredential:
        settings = {"authority": self.double.url, "disable_instance_discovery": True, "retry_total": 0}
        return ClientSecretCredential(tenant, client, secret, **settings)


class EntraWorld(AzureWorld):
    can_disable = False
    tells_use = False

    def source(self, tags: LeaseTags) -> SourceSpec:
        made = self.double.applications.make("orders-dev", tags=["team:orders", description_mark(tags.lease)])
        return EntraClientSecretSource(application=made["id"])

    def foreign_source(self, tags: LeaseTags) -> SourceSpec | None:
        spec = EntraClientSecretSource(application=self.double.applications.make("orders-dev", notes="by hand")["id"])
        self.create_by_hand(spec)
        return spec

    def create_by_hand(self, spec: SourceSpec) -> str:
        assert isinstance(spec, EntraClientSecretSource)
        made = self.double.applications.add(self.double.applications.by_id[spec.application], "by hand")
        return str(made["keyId"])

    def ids(self, spec: SourceSpec) -> list[str]:
        assert isinstance(spec, EntraClientSecretSource)
        return [each["keyId"] for each in self.double.applications.by_id[spec.application]["passwordCredentials"]]

    def accepts(self, spec: SourceSpec, material: Material) -> bool:
        told = material.fields
        try:
            self.credential(told["tenant_id"], told["client_id"], told["client_secret"]).get_token(_SCOPE)
        except ClientAuthenticationError:
            return False
        return True


class KeyVaultWorld(AzureWorld):
    keeps_lease = True
    tells_key = True
    compares = True
    keeps_older = True
    vault = "team-orders"

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        credential = self.credential(
            *(self.variables[f"AZURE_{name}"] for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"))
        )
        self.client = SecretClient(
            f"{self.double.url}/vaults/{self.vault}", credential, verify_challenge_resource=False, retry_total=0
        )

    def place(self, tags: LeaseTags) -> PlaceSpec:
        return KeyVaultPlace(vault=self.vault).resolved(tags)

    def material(self, key_id: str) -> Material:
        fields = {"client_id": "of-orders", "client_secret": f'value-of-{key_id}-\u00e9"\\'}
        self.credentials.append(fields["client_secret"])
        return Material(key_id, fields)

    def values(self, spec: PlaceSpec) -> Mapping[str, str] | None:
        try:
            found = self.client.get_secret(self._name(spec)).value
        except ResourceNotFoundError:
            return None
        values: Mapping[str, str] = json.loads(found or "{}")
        return values

    def change_by_hand(self, spec: PlaceSpec) -> None:
        self.client.set_secret(self._name(spec), '{"by": "hand"}')

    def put_namesake(self, spec: PlaceSpec) -> None:
        self.client.set_secret(self._name(spec), '{"whose": "theirs"}', tags={"team": "payments"})

    def everything(self, spec: PlaceSpec) -> list[str]:
        return [name for _, name in self.double.vaults.by_name]

    def _name(self, spec: PlaceSpec) -> str:
        return spec.address.partition("/")[2]


PLACES = {"key_vault": KeyVaultWorld}
SOURCES = {"entra_client_secret": EntraWorld}
HOMES = ["key_vault"]
