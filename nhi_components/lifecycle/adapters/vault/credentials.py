"""Vault and OpenBao as a system of credentials: KV v2 entries as places, secret ids, certificates and API keys.

What the connection's token needs, beside what `VaultAdapter` does: for a place `create`, `read` and `update` on
`data/`, `create`, `read`, `update` and `delete` on `metadata/` and `update` on `destroy/` of the entry and of the same
path with `.claim`; for API keys the same of the registry; for secret ids `read` on the AppRole and its `role-id`,
`list` and `update` on its `secret-id`, `update` on its `secret-id/lookup`, `secret-id-accessor/lookup` and
`secret-id-accessor/destroy`; for certificates `read` on the PKI role, `update` on `issue/` of it and on `revoke`, and
`list` on `certs`.
"""

from __future__ import annotations

from nhi_components.core.connection import VaultConnection
from nhi_components.core.credential.places import PlaceSpec, VaultKvPlace
from nhi_components.core.credential.sources import ApiKeySource, SourceSpec, VaultCertificateSource, VaultSecretIdSource
from nhi_components.core.links import Link, System
from nhi_components.lifecycle.adapters.vault.api_keys import ApiKeys
from nhi_components.lifecycle.adapters.vault.certificate_source import IssuedCertificates
from nhi_components.lifecycle.adapters.vault.kv_place import KvPlace
from nhi_components.lifecycle.adapters.vault.search import search
from nhi_components.lifecycle.adapters.vault.secret_ids import SecretIds
from nhi_components.lifecycle.adapters.vault.session import VaultSession
from nhi_components.lifecycle.credentials.ports import NoSuchKind, Place, Source
from nhi_components.lifecycle.ports import Caller


class Credentials:
    """One Vault or OpenBao, one namespace, as `lifecycle.credentials.ports.CredentialSystem`."""

    def __init__(self, name: str, connection: VaultConnection) -> None:
        self._session = VaultSession(name, connection)

    def caller(self) -> Caller:
        """Tell whom the connection speaks for: the token's display name, the cluster's id and the namespace."""
        identity = self._session.identity
        return Caller(System.VAULT, self._session.name, identity.display_name, identity.place)

    def source(self, spec: SourceSpec) -> Source:
        """Open the secret ids of an AppRole, the certificates of a PKI role, or a registry of API keys."""
        match spec:
            case VaultSecretIdSource():
                return SecretIds(self._session, spec)
            case VaultCertificateSource():
                return IssuedCertificates(self._session, spec)
            case ApiKeySource():
                return ApiKeys(self._session, spec)
            case _:
                raise NoSuchKind(f"vault.{self._session.name}: got a source {spec.kind}, expected one of Vault")

    def place(self, spec: PlaceSpec) -> Place:
        """Open a KV v2 entry, which is a home as well."""
        if isinstance(spec, VaultKvPlace):
            return KvPlace(self._session, spec)
        raise NoSuchKind(f"vault.{self._session.name}: got a place {spec.kind}, expected vault-kv")

    def search(self, lease_id: str) -> list[Link]:
        """Find every place and key that bears the lease; see the port."""
        return search(self._session, lease_id)
