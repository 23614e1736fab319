"""Key rings and keys of Cloud KMS, which are never deleted: a key's versions are destroyed, a ring stays.

Source: terraform-provider-google 8.0, `resource_kms_key_ring.go`, `resource_kms_crypto_key.go`, `kms_utils.go`.
"""

from __future__ import annotations

from dataclasses import dataclass

from tools.plugins.gcp.google import Google
from tools.plugins.gcp.rest_resource import DELETION_POLICY, RestResource
from tools.plugins.gcp.settings import KMS
from tools.plugins.resource import AutoName, Properties

_GONE = ("DESTROYED", "DESTROY_SCHEDULED")


@dataclass(frozen=True, kw_only=True)
class _KeyRing(RestResource):
    def remove(self, client: Google, path: str, state: Properties) -> None:
        """Forget it."""


@dataclass(frozen=True, kw_only=True)
class _CryptoKey(RestResource):
    def remove(self, client: Google, path: str, state: Properties) -> None:
        """Destroy its versions, and have it make no more of them."""
        for version in client.call(KMS, "GET", f"{path}/cryptoKeyVersions").get("cryptoKeyVersions", ()):
            if version["state"] not in _GONE:
                client.call(KMS, "POST", f"{version['name']}:destroy", body={})
        if state.get("rotationPeriod"):
            body = {"rotationPeriod": None, "nextRotationTime": None}
            client.call(KMS, "PATCH", path, query={"updateMask": "rotationPeriod,nextRotationTime"}, body=body)


KEY_RING = _KeyRing(
    token="gcp:kms/keyRing:KeyRing",  # noqa: S106 - a type
    noun="KeyRing",
    service=KMS,
    path="projects/{project}/locations/{location}/keyRings/{name}",
    made_at="projects/{project}/locations/{location}/keyRings",
    made_with={"keyRingId": "{name}"},
    replaces=frozenset({"project", "location", "name"}),
    filled_in=frozenset({"project"}),
    auto_name=AutoName("name", 63),
)

CRYPTO_KEY = _CryptoKey(
    token="gcp:kms/cryptoKey:CryptoKey",  # noqa: S106 - a type
    noun="CryptoKey",
    service=KMS,
    path="{keyRing}/cryptoKeys/{name}",
    made_at="{keyRing}/cryptoKeys",
    made_with={"cryptoKeyId": "{name}"},
    made_and={"skipInitialVersionCreation": "false"},
    fields=("purpose", "versionTemplate", "destroyScheduledDuration"),
    labelled=True,
    replaces=frozenset({"keyRing", "name", "purpose", "destroyScheduledDuration"}),
    filled_in=frozenset({DELETION_POLICY, "versionTemplate", "destroyScheduledDuration"}),
    defaults={"purpose": "ENCRYPT_DECRYPT"},
    auto_name=AutoName("name", 63),
)
