"""OpenBao with KV v2 entries as places, and secret ids, certificates and API keys as sources."""

from __future__ import annotations

import hashlib
import os
import secrets
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hvac.exceptions import InvalidPath, InvalidRequest

from nhi_components.core.connection import VaultConnection
from nhi_components.core.credential.places import VaultKvPlace
from nhi_components.core.credential.sources import ApiKeySource, VaultCertificateSource, VaultSecretIdSource
from nhi_components.core.lease_id import CLAIM
from nhi_components.core.links import System
from nhi_components.core.tags import LeaseTags, policy_mark
from nhi_components.lifecycle.adapters.vault.credentials import Credentials
from nhi_components.lifecycle.credentials.ports import Material
from tests.conformance.issuers import NAMES, Pki
from tests.conformance.vault_world import KV, VaultWorld
from tests.conformance.world import new_tags

if TYPE_CHECKING:
    from tests.conformance.credentials.conftest import Setting


class VaultCredentialWorld:
    """One OpenBao, asked as root."""

    system = System.VAULT

    def __init__(self, setting: Setting) -> None:
        self.world = VaultWorld(setting.servers.vault, setting.environment)
        self.root, self.credentials, self.folder = self.world.root, self.world.credentials, setting.folder
        self._wrong = secrets.token_urlsafe(20)
        self.credentials.append(self._wrong)

    def open(self) -> Credentials:
        return Credentials("default", VaultConnection())

    def open_wrong(self) -> Credentials:
        self.world.environment.setenv("VAULT_TOKEN", self._wrong)
        return self.open()

    def stop(self) -> None:
        self.world.stop()

    def start(self) -> None:
        self.world.start()

    def metadata(self, path: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.root.secrets.kv.v2.read_secret_metadata(path=path)["data"]
        except InvalidPath:
            return None
        return found

    def content(self, path: str) -> dict[str, Any] | None:
        try:
            read = self.root.secrets.kv.v2.read_secret_version(path=path, raise_on_deleted_version=True)
        except InvalidPath:
            return None
        found: dict[str, Any] = read["data"]["data"]
        return found

    def put(self, path: str, content: Mapping[str, Any]) -> None:
        self.root.secrets.kv.v2.create_or_update_secret(path=path, secret=dict(content))


class VaultKvWorld(VaultCredentialWorld):
    """The identity's own entry; somebody else's there bears another lease."""

    keeps_lease = True
    tells_key = True
    compares = True
    keeps_older = True

    def place(self, tags: LeaseTags) -> VaultKvPlace:
        return VaultKvPlace(mount=KV).resolved(tags)

    def material(self, key_id: str) -> Material:
        fields = {"access_key_id": key_id, "secret_access_key": secrets.token_urlsafe(30), "note": "ünïcode\nlines"}
        self.credentials.append(fields["secret_access_key"])
        return Material(key_id, fields)

    def values(self, spec: VaultKvPlace) -> Mapping[str, str] | None:
        found = self.content(spec.address)
        return {name: value for name, value in found.items() if name != "key_id"} if found else None

    def change_by_hand(self, spec: VaultKvPlace) -> None:
        self.put(spec.address, {**(self.content(spec.address) or {}), "secret_access_key": "by-hand"})

    def put_namesake(self, spec: VaultKvPlace) -> None:
        self.put(spec.address, {"password": "somebody else's"})
        marks = new_tags(os.urandom(16)).to_metadata()
        self.root.secrets.kv.v2.update_metadata(path=spec.address, custom_metadata=marks)

    def everything(self, spec: VaultKvPlace) -> list[str]:
        found = {path: self.metadata(path) for path in (spec.address, spec.address + CLAIM)}
        return [f"{path}: {told['versions']} {told['custom_metadata']}" for path, told in found.items() if told]


class VaultKvElsewhereWorld(VaultKvWorld):
    """A path that a team has chosen; somebody else's there bears no lease."""

    def place(self, tags: LeaseTags) -> VaultKvPlace:
        return VaultKvPlace(mount=KV, path=f"team/orders/{tags.lease}-signer").resolved(tags)

    def put_namesake(self, spec: VaultKvPlace) -> None:
        self.put(spec.address, {"password": "somebody else's"})


class VaultSecretIdWorld(VaultCredentialWorld):
    """Secret ids of an AppRole whose policy bears the lease."""

    can_disable = False
    tells_use = False

    def source(self, tags: LeaseTags) -> VaultSecretIdSource:
        spec = VaultSecretIdSource().resolved(tags)
        self.root.sys.create_or_update_policy(str(spec.role), f"{policy_mark(tags.lease)}\n")
        return self._made(spec)

    def foreign_source(self, tags: LeaseTags) -> VaultSecretIdSource:
        spec = VaultSecretIdSource(role=f"foreign-{os.urandom(4).hex()}")
        self.root.sys.create_or_update_policy(str(spec.role), f"{policy_mark(new_tags(os.urandom(16)).lease)}\n")
        return self._made(spec)

    def create_by_hand(self, spec: VaultSecretIdSource) -> str:
        made = self.root.auth.approle.generate_secret_id(spec.role)["data"]
        self.credentials.append(made["secret_id"])
        accessor: str = made["secret_id_accessor"]
        return accessor

    def ids(self, spec: VaultSecretIdSource) -> list[str]:
        return self.world.secret_ids(str(spec.role))

    def accepts(self, spec: VaultSecretIdSource, material: Material) -> bool:
        anyone = self.world.server.client("")
        try:
            login = anyone.auth.approle.login(**material.fields, use_token=False)["auth"]
        except InvalidRequest:
            return False
        assert material.key_id not in ("", login["accessor"])
        self.world.server.client(login["client_token"]).auth.token.revoke_self()
        return True

    def _made(self, spec: VaultSecretIdSource) -> VaultSecretIdSource:
        settings = {"token_policies": [spec.role], "token_ttl": "1h", "secret_id_ttl": "2h"}
        self.root.auth.approle.create_or_update_approle(spec.role, **settings)
        return spec


class VaultCertificateWorld(VaultCredentialWorld):
    """Certificates of a PKI role whose organization bears the lease, shown to a TLS server that looks at the CRL."""

    can_disable = False
    tells_use = False

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting)
        self.pki = Pki(self.world)

    def source(self, tags: LeaseTags) -> VaultCertificateSource:
        self.pki.create(tags)
        return self._spec(tags)

    def foreign_source(self, tags: LeaseTags) -> VaultCertificateSource:
        self.pki.create(tags, organizations=())
        return self._spec(tags)

    def _spec(self, tags: LeaseTags) -> VaultCertificateSource:
        return VaultCertificateSource(mount=self.pki.mount, names=NAMES, ttl="1h").resolved(tags)

    def create_by_hand(self, spec: VaultCertificateSource) -> str:
        made = self.root.write(f"{spec.mount}/issue/{spec.role}", common_name=NAMES[0])["data"]
        self.credentials.append(made["private_key"])
        serial: str = made["serial_number"]
        return serial

    def ids(self, spec: VaultCertificateSource) -> list[str]:
        serials = (self.root.list(f"{spec.mount}/certs") or {"data": {"keys": []}})["data"]["keys"]
        own = self.root.read(f"{spec.mount}/cert/ca")["data"]["certificate"].strip()
        read = {serial: self.root.read(f"{spec.mount}/cert/{serial}")["data"] for serial in serials}
        return [s for s, c in read.items() if not c["revocation_time"] and c["certificate"].strip() != own]

    def accepts(self, spec: VaultCertificateSource, material: Material) -> bool:
        return handshake(self.folder, material.fields, self._authority(spec))

    def _authority(self, spec: VaultCertificateSource) -> str:
        authority = self.root.read(f"{spec.mount}/cert/ca")["data"]["certificate"]
        return f"{authority}\n{self.root.read(f'{spec.mount}/cert/crl')['data']['certificate']}\n"


class ApiKeyWorld(VaultCredentialWorld):
    """Random keys, verified as a service does that reads the registry."""

    can_disable = True
    tells_use = False

    def source(self, tags: LeaseTags) -> ApiKeySource:
        return ApiKeySource(mount=KV, prefix="shop").resolved(tags)

    def foreign_source(self, tags: LeaseTags) -> ApiKeySource:
        spec = ApiKeySource(mount=KV, path=f"team/{os.urandom(4).hex()}.keys")
        self.put(str(spec.path), {"keys": {}})
        return spec

    def create_by_hand(self, spec: ApiKeySource) -> str:
        value = secrets.token_urlsafe(32)
        self.credentials.append(value)
        known = (self.content(str(spec.path)) or {"keys": {}})["keys"]
        digest = hashlib.sha256(value.encode()).hexdigest()
        self.put(str(spec.path), {"keys": {**known, "by-hand": {"sha256": digest, "enabled": True}}})
        return "by-hand"

    def ids(self, spec: ApiKeySource) -> list[str]:
        return list((self.content(str(spec.path)) or {"keys": {}})["keys"])

    def accepts(self, spec: ApiKeySource, material: Material) -> bool:
        digest = hashlib.sha256(material.fields["api_key"].encode()).hexdigest()
        known = (self.content(str(spec.path)) or {"keys": {}})["keys"]
        return {"sha256": digest, "enabled": True}.items() <= known.get(material.key_id, {}).items()


def handshake(folder: Path, fields: Mapping[str, str], trusted: str) -> bool:
    """Show a certificate to a TLS peer that trusts an authority and looks at its CRL."""
    shown, trust = folder / f"{os.urandom(4).hex()}.pem", folder / f"{os.urandom(4).hex()}.pem"
    shown.write_text("\n".join([fields["private_key"], fields["certificate"], fields["ca_chain"]]))
    trust.write_text(trusted)
    holder, peer = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=str(trust))
    holder.load_cert_chain(shown)
    peer.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    to_holder, to_peer = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        peer.wrap_bio(to_peer, to_holder, server_hostname=NAMES[0]),
        holder.wrap_bio(to_holder, to_peer, server_side=True),
    ]
    try:
        for _ in range(4):
            for end in ends:
                _step(end)
    except ssl.SSLCertVerificationError:
        return False
    return ends[0].version() is not None


def _step(end: ssl.SSLObject) -> None:
    try:
        end.do_handshake()
    except ssl.SSLWantReadError:
        return


PLACES = {"vault_kv": VaultKvWorld, "vault_kv_elsewhere": VaultKvElsewhereWorld}
SOURCES = {"vault_secret_id": VaultSecretIdWorld, "vault_certificate": VaultCertificateWorld, "api_key": ApiKeyWorld}
HOMES = ["vault_kv", "vault_kv_elsewhere"]
