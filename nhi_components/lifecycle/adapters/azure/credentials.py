"""Azure and Entra as far as credentials go: client secrets of applications, secrets of Key Vaults."""

from __future__ import annotations

from threading import Lock

from nhi_components.core.connection import AzureConnection
from nhi_components.core.credential.places import KeyVaultPlace, PlaceSpec
from nhi_components.core.credential.sources import EntraClientSecretSource, SourceSpec
from nhi_components.core.links import Link, System
from nhi_components.lifecycle.adapters.azure.client_secrets import ClientSecrets, sources_of
from nhi_components.lifecycle.adapters.azure.journal import BESIDE
from nhi_components.lifecycle.adapters.azure.place import KeyVaultHome
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.azure.vault import Vault
from nhi_components.lifecycle.credentials.ports import NoSuchKind, NotSearchable
from nhi_components.lifecycle.ports import Caller


class Credentials:
    """Azure and Entra through one connection.

    Attributes:
        session: how they are reached.
    """

    def __init__(self, name: str, connection: AzureConnection) -> None:
        self.session = AzureSession(name, connection)
        self._lock = Lock()
        self._vaults = set(connection.vaults)

    def caller(self) -> Caller:
        """Tell whom a token of the connection is for: its getting proves that Entra accepts the credentials."""
        claims = self.session.identity()
        principal = claims.get("upn") or claims.get("appid") or claims.get("oid") or "unknown"
        return Caller(System.AZURE, self.session.name, principal, claims.get("tid", ""))

    def source(self, spec: SourceSpec) -> ClientSecrets:
        """Open the client secrets of an application."""
        if not isinstance(spec, EntraClientSecretSource):
            raise NoSuchKind(f"azure issues no {spec.kind}")
        return ClientSecrets(self.session, spec)

    def place(self, spec: PlaceSpec) -> KeyVaultHome:
        """Open a secret of a vault."""
        if not isinstance(spec, KeyVaultPlace):
            raise NoSuchKind(f"azure keeps no {spec.kind}")
        with self._lock:
            self._vaults.add(spec.vault)
        return KeyVaultHome(self.session, spec)

    def search(self, lease_id: str) -> list[Link]:
        """Look through the connection's vaults and those of the places that were opened, and the tenant's applications.

        Raises:
            NotSearchable: when no vault is known: which ones there are is not told by Key Vault.
        """
        with self._lock:
            vaults = sorted(self._vaults)
        if not vaults:
            raise NotSearchable(
                f"azure.{self.session.name}: no vault is known, expected the name of one to look through; "
                "fix: name the connection's `vaults`"
            )
        name = self.session.name
        return [
            *(
                KeyVaultPlace(vault=vault, secret=secret, connection=name).link()
                for vault in vaults
                for secret in self._secrets_of(vault, lease_id)
            ),
            *(source.link() for source, has_secrets in sources_of(self.session, lease_id) if has_secrets),
        ]

    def _secrets_of(self, vault: str, lease_id: str) -> list[str]:
        """The names of the places of a lease: also where only notes or a claim of one are left."""
        found = Vault(self.session, vault).marked(lease_id)
        return sorted({tags.get(BESIDE, name) for name, tags in found})
