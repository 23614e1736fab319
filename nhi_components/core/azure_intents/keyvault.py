"""Intents on secrets and keys of a Key Vault.

Sources: Key Vault documentation, 'Provide access to Key Vault keys, certificates, and secrets with Azure role-based
access control' (roles can be assigned at one secret, key or certificate; a vault with access policies heeds no role),
'About keys' (key operations); Azure documentation, 'Azure permissions for Security'.
"""

from __future__ import annotations

from typing import Final

from nhi_components.core.azure_intents.model import AzureIntent, named
from nhi_components.core.azure_resource import ResourceKind
from nhi_components.core.intents import Part

_VAULT: Final = "Microsoft.KeyVault/vaults/shop-prod"
_SECRET: Final = named(ResourceKind.VAULT_SECRET, f"{_VAULT}/secrets/orders-database")
_KEY: Final = named(ResourceKind.VAULT_KEY, f"{_VAULT}/keys/orders")
_BY_ROLES: Final = "The vault must be one that roles decide about, with `enableRbacAuthorization`."
_SECRETS_USER: Final = "Key Vault Secrets User"


def _on_key(name: str, operations: tuple[str, ...], purpose: str, excludes: str) -> AzureIntent:
    return AzureIntent(
        id=f"keyvault.{name}",
        purpose=purpose,
        excludes=f"{excludes} no version be made or backed up, and the key not be changed, rotated, removed or shared.",
        target=_KEY,
        parts=(Part(tuple(f"Microsoft.KeyVault/vaults/keys/{each}" for each in operations)),),
        kind=ResourceKind.VAULT_KEY,
        nearest=("Key Vault Crypto User",),
        notes=_BY_ROLES,
    )


INTENTS: Final = (
    AzureIntent(
        id="keyvault.read_secret",
        purpose="Read the value of a secret, every version that is enabled, and list its versions.",
        excludes="No other secret of the vault can be read or found, and the secret not be set, changed, backed up, "
        "removed or shared.",
        target=_SECRET,
        parts=(Part((_SECRETS_USER,)),),
        kind=ResourceKind.VAULT_SECRET,
        nearest=(_SECRETS_USER,),
        notes=_BY_ROLES,
    ),
    AzureIntent(
        id="keyvault.write_secret",
        purpose="Set a secret: each time a new version, which becomes the latest one.",
        excludes="No value can be read, no version be listed, changed or disabled, and the secret not be backed up, "
        "removed, recovered or shared.",
        target=_SECRET,
        parts=(Part(("Microsoft.KeyVault/vaults/secrets/setSecret/action",)),),
        kind=ResourceKind.VAULT_SECRET,
        nearest=("Key Vault Secrets Officer",),
        notes=f"It also makes the secret while there is none of its name. {_BY_ROLES}",
    ),
    _on_key("encrypt", ("encrypt/action",), "Encrypt with a key.", "Nothing can be decrypted, wrapped or signed,"),
    _on_key("decrypt", ("decrypt/action",), "Decrypt with a key.", "Nothing can be encrypted, unwrapped or signed,"),
    _on_key(
        "wrap_key",
        ("wrap/action",),
        "Wrap other keys with a key, as envelope encryption does.",
        "Nothing can be unwrapped, encrypted or signed,",
    ),
    _on_key(
        "unwrap_key",
        ("unwrap/action",),
        "Unwrap other keys with a key, as envelope encryption does.",
        "Nothing can be wrapped, decrypted or signed,",
    ),
    _on_key("sign", ("sign/action",), "Sign digests with a key.", "Nothing can be verified, decrypted or unwrapped,"),
    _on_key(
        "verify",
        ("verify/action", "read"),
        "Verify signatures with a key, or get its public part to do so elsewhere.",
        "Nothing can be signed, decrypted or unwrapped,",
    ),
)
