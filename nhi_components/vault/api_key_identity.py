"""An API key, for a system that verifies keys itself: made, delivered and rotated by our provider, known by digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, ClassVar

import pulumi
from pydantic import StringConstraints, field_validator

from nhi_components.bundle import Bundle
from nhi_components.core.connection import DEFAULT
from nhi_components.core.credential.accounts import SUSPENDED
from nhi_components.core.credential.dependents import Dependent
from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.credential.rotation import Rotation, SourceKind
from nhi_components.core.credential.sources import ApiKeySource
from nhi_components.core.grant import vault_grant_problems
from nhi_components.core.identity import Identity, Kind, of_kind
from nhi_components.core.issued import USUAL_ROTATION, IssuedSpec
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.core.spec import parse_spec
from nhi_components.core.tags import LeaseTags
from nhi_components.core.vault_login import Mount
from nhi_components.refusal import refusing_plainly
from nhi_components.vault.documents import policy_rule
from nhi_components.vault.homes import home_path


class VaultApiKeySpec(IssuedSpec):
    """What an identity that is an API key is made from.

    A key is replaced monthly unless said otherwise, and quarterly at least.

    Attributes:
        prefix: what every key begins with, so that a leaked one is recognised: 2 to 16 of a-z, 0-9, `_`.
        secret_mount: where the KV v2 engine is mounted that keeps the registry of accepted keys; it must exist.
    """

    subject: ClassVar[str] = "vault.ApiKeyIdentity"
    issues: ClassVar[SourceKind] = SourceKind.API_KEY

    prefix: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,15}$")] = "nhi"
    secret_mount: Mount = "secret"  # noqa: S105 - a mount's name

    @field_validator("identity")
    @classmethod
    def _is_an_api_key(cls, identity: Identity) -> Identity:
        return of_kind(identity, Kind.API_KEY)

    @property
    def source(self) -> ApiKeySource:
        """What makes the API keys."""
        return ApiKeySource(connection=self.connection, mount=self.secret_mount, prefix=self.prefix)


class ApiKeyIdentity(Bundle):
    """An identity that is an API key: random, in no state and no output, known to its verifier by its digest only.

    Vault keeps a registry of accepted keys: for each its id, whether it is enabled, when it was made, and the SHA-256
    of its value. The system that takes the key verifies it by that: it hashes what it is shown, and accepts it when the
    digest is listed and enabled. How long it may rely on what it has read is how long a revocation may take there.

    The identity logs in nowhere and makes nothing in Vault but the registry and its places. Each place holds `api_key`.

    Attributes:
        key_id: the id of the key that every place holds; None while suspended without one.
        credential_version: how many keys have been delivered: dependents that take it as an input roll with it.
        registry_path: mount and path of the registry, such as `secret/nhi/prod/orders/lease-….keys`.
        verifier_policy: the rule, in Vault's policy language, that lets a verifier read the registry and nothing else.
            It belongs into the verifier's own policy: whoever carried one of this identity's would be cut off with it.
        secret_path: mount and path of the home; None when that is not in Vault.
    """

    system = System.VAULT
    results: ClassVar[tuple[str, ...]] = (
        "key_id",
        "credential_version",
        "registry_path",
        "verifier_policy",
        "secret_path",
    )

    key_id: pulumi.Output[str | None]
    credential_version: pulumi.Output[int | None]
    registry_path: pulumi.Output[str]
    verifier_policy: pulumi.Output[str]
    secret_path: pulumi.Output[str] | None

    _spec: VaultApiKeySpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        places: Sequence[PlaceSpec | Mapping[str, Any]] | None = None,
        rotation: Rotation | Mapping[str, Any] = USUAL_ROTATION,
        dependents: Sequence[Dependent | Mapping[str, Any]] = (),
        generation: int = 1,
        prefix: str = "nhi",
        secret_mount: str = "secret",  # noqa: S107 - a mount's name
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle; the arguments are those of `VaultApiKeySpec`.

        Args:
            name: the component's name in the program.
            identity: whose it is, of kind `api-key`; see `nhi_components.Identity`.
            places: where the key is delivered; by default a KV v2 entry of its own, at `secret_mount`.
            rotation: when the key is replaced.
            dependents: what uses the key.
            generation: raise it to have the key replaced by the next `up`.
            prefix: what every key begins with.
            secret_mount: where the KV v2 engine is mounted that keeps the registry.
            connection: the connection of `nhi.Provider` that reaches the Vault.
            opts: resource options; `providers` may name an explicit nhi provider.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        own = {"kind": "vault-kv", "mount": secret_mount, "connection": connection}
        fields = {
            "identity": identity,
            "places": [own] if places is None else places,
            "rotation": rotation,
            "dependents": dependents,
            "generation": generation,
            "prefix": prefix,
            "secret_mount": secret_mount,
            "connection": connection,
            "grants": (),
        }
        with refusing_plainly():
            self._spec = parse_spec(VaultApiKeySpec, name, fields, vault_grant_problems)
        super().__init__(name, self._spec, connection=connection, opts=opts)

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """Nothing but what the credential brings: the registry and the places."""
        return []

    def make(self) -> None:
        """Have a key issued, and tell where it is registered."""
        mount, path = self._spec.secret_mount, self.name_of(LinkKind.VAULT_API_KEYS)
        self.registry_path = pulumi.Output.concat(mount, "/", path)
        self.verifier_policy = path.apply(lambda known: policy_rule(f"{mount}/data/{known}", ["read"]) + "\n")
        self.secret_path = home_path(self, self._spec.places)
        credential = self.issue()
        self.key_id, self.credential_version = credential.key_id, credential.version

    def _tagged(self, linked: Callable[[LeaseTags], Link]) -> pulumi.Output[dict[str, Any]]:
        """Say on the registry whether the identity is suspended: only if not, keys that were cut off are restored."""
        return pulumi.Output.all(super()._tagged(linked), self.suspended).apply(lambda k: _noting(k[0], suspended=k[1]))


def _noting(link: dict[str, Any], *, suspended: bool) -> dict[str, Any]:
    if link["kind"] != LinkKind.VAULT_API_KEYS:
        return link
    return {**link, "attributes": {**link["attributes"], SUSPENDED: "true" if suspended else "false"}}
