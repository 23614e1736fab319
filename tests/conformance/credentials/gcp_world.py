"""Google Cloud's double, asked over REST with google-auth, and looked into where nothing can be asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from nhi_components.core.connection import GcpConnection
from nhi_components.core.credential.places import GcpSecretPlace, PlaceSpec
from nhi_components.core.credential.sources import GcpServiceAccountKeySource, SourceSpec
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags, description_mark
from nhi_components.lifecycle.adapters.gcp.credentials import Credentials
from nhi_components.lifecycle.credentials.ports import CredentialSystem, Material
from tests.conformance.credentials.secret_manager import SecretManager
from tools.doubles.gcp import GcpDouble
from tools.doubles.gcp.double import PROJECT

if TYPE_CHECKING:
    from tests.conformance.credentials.conftest import Setting

_SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
_AMBIENT = "GOOGLE_APPLICATION_CREDENTIALS"


class GcpWorld:
    system = System.GCP

    def __init__(self, setting: Setting) -> None:
        self.double: GcpDouble = setting.closing.enter_context(GcpDouble())
        self._folder, self._environment = setting.folder, setting.environment
        key_file = self.double.ambient(setting.folder)
        self._environment.setenv(_AMBIENT, str(key_file))
        self._environment.delenv("GOOGLE_CLOUD_PROJECT", raising=False)
        self.credentials: list[str] = [json.loads(key_file.read_text())["private_key"]]
        self.connection = GcpConnection(endpoint=self.double.url)
        self._credentials = service_account.Credentials.from_service_account_file(key_file, scopes=_SCOPES)

    def open(self) -> CredentialSystem:
        return Credentials("default", self.connection)

    def open_wrong(self) -> CredentialSystem:
        """With a key that was deleted."""
        file = self.double.ambient(self._folder, "intruder")
        email = json.loads(file.read_text())["client_email"]
        self.double.keys.of(self.double.accounts.by_email[email]).clear()
        self._environment.setenv(_AMBIENT, str(file))
        return self.open()

    def stop(self) -> None:
        self.double.stop()

    def start(self) -> None:
        self.double.start()


class GcpKeyWorld(GcpWorld):
    can_disable = True
    tells_use = False

    def source(self, tags: LeaseTags) -> SourceSpec:
        text = f"orders. {description_mark(tags.lease)}"
        return GcpServiceAccountKeySource(account=self.double.accounts.make(PROJECT, "orders-dev", text)["email"])

    def foreign_source(self, tags: LeaseTags) -> SourceSpec | None:
        email = self.double.accounts.make(PROJECT, "orders-dev", "made by hand")["email"]
        spec = GcpServiceAccountKeySource(account=email)
        self.create_by_hand(spec)
        return spec

    def create_by_hand(self, spec: SourceSpec) -> str:
        assert isinstance(spec, GcpServiceAccountKeySource)
        return self.double.keys.make(spec.account)[0].id

    def ids(self, spec: SourceSpec) -> list[str]:
        assert isinstance(spec, GcpServiceAccountKeySource)
        return self.double.keys.listed(spec.account)

    def accepts(self, spec: SourceSpec, material: Material) -> bool:
        file = json.loads(material.fields["key_file"])
        try:
            service_account.Credentials.from_service_account_info(file, scopes=_SCOPES).refresh(Request())
        except RefreshError:
            return False
        return True


class GcpSecretWorld(GcpWorld):
    keeps_lease = True
    tells_key = True
    compares = True
    keeps_older = True

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.client = SecretManager(self.double.url, self._credentials)

    def place(self, tags: LeaseTags) -> PlaceSpec:
        return GcpSecretPlace(project=PROJECT).resolved(tags)

    def material(self, key_id: str) -> Material:
        fields = {"access_key_id": key_id, "secret_access_key": f'value-of-{key_id}-\u00e9"\\'}
        self.credentials.append(fields["secret_access_key"])
        return Material(key_id, fields)

    def values(self, spec: PlaceSpec) -> Mapping[str, str] | None:
        opened = self.client.latest(spec.address)
        if opened is None:
            return None
        content: dict[str, Any] = json.loads(opened)
        content.pop("key_id", None)
        return content

    def change_by_hand(self, spec: PlaceSpec) -> None:
        self.client.add(spec.address, b'{"by": "hand"}')

    def put_namesake(self, spec: PlaceSpec) -> None:
        self.client.create(PROJECT, spec.address.rpartition("/secrets/")[2], team="payments")
        self.change_by_hand(spec)

    def everything(self, spec: PlaceSpec) -> list[str]:
        return [name for _, name in self.double.secrets.by_name]


PLACES = {"gcp_secret": GcpSecretWorld}
SOURCES = {"gcp_service_account_key": GcpKeyWorld}
HOMES = ["gcp_secret"]
