"""Curated intents on Vault: for one job, the least capabilities that do it, on the paths of one key, entry or role.

Sources: Vault HTTP API, 'Transit', 'KV version 2', 'Database', 'PKI'. `create` and `update` are told apart where it
matters: with `create`, an encryption makes the key that it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from nhi_components.core.intents import Intent, Parameter, Part, Shape

_NAME: Final = r"[A-Za-z0-9_][\w.-]*"
_KEY: Final = Shape("the name of one key", _NAME, "orders")
_ROLE: Final = Shape("the name of one role", _NAME, "orders-reader")
_PATH: Final = Shape(
    "the path of one entry below its mount, without `data/`, wildcards and outer slashes",
    rf"(?!data/|metadata/){_NAME}(?:/{_NAME})*",
    "shared/rates",
)
_FOLDER: Final = Shape(
    "the path of one folder below its mount, without `metadata/`, wildcards and outer slashes", _PATH.pattern, "shared"
)


def _mounted(usual: str) -> tuple[Parameter, ...]:
    shape = Shape("the path of one mount, without outer slashes", r"[\w-]+(?:/[\w-]+)*", usual)
    return (Parameter("mount", shape, "where the engine is mounted", default=usual),)


def _transit(name: str, purpose: str, excludes: str) -> Intent:
    parts = (Part(("update",), (f"{{mount}}/{name}/{{target}}",)),)
    return Intent(f"transit.{name}", purpose, excludes, _KEY, parts, _mounted("transit"))


_ALL: Final = (
    _transit(
        "encrypt",
        "Encrypt with a key that exists.",
        "Nothing can be decrypted, and no key be made, read, rotated, exported or deleted.",
    ),
    _transit(
        "decrypt",
        "Decrypt what was encrypted with a key.",
        "Nothing can be encrypted, and the key can't be read, rotated, exported or deleted.",
    ),
    _transit(
        "sign",
        "Sign with a key; the hash algorithm, if not the usual one, is named in the request's body.",
        "Nothing can be verified, and the key can't be read, rotated, exported or deleted.",
    ),
    _transit(
        "verify",
        "Verify signatures and HMACs that were made with a key.",
        "Nothing can be signed, and no HMAC be made; the public key itself can't be read.",
    ),
    _transit(
        "hmac",
        "Make an HMAC with a key; to verify one, see `transit.verify`.",
        "Nothing can be signed, encrypted or decrypted with the key.",
    ),
    _transit(
        "rewrap",
        "Encrypt anew, with the newest version of a key, what was encrypted with an older one.",
        "The plaintext is never seen, nothing else can be encrypted or decrypted, and the key can't be rotated.",
    ),
    Intent(
        id="kv.read",
        purpose="Read every version of one entry that is there, of KV version 2.",
        excludes="Nothing can be written, deleted or listed, and the entry's metadata not be read.",
        target=_PATH,
        parts=(Part(("read",), ("{mount}/data/{target}",)),),
        parameters=_mounted("secret"),
    ),
    Intent(
        id="kv.write",
        purpose="Write new versions of one entry, of KV version 2, whether it exists or not.",
        excludes="Nothing can be read, patched, deleted, undeleted, destroyed or listed, and no metadata be changed.",
        target=_PATH,
        parts=(Part(("create", "update"), ("{mount}/data/{target}",)),),
        parameters=_mounted("secret"),
    ),
    Intent(
        id="kv.list",
        purpose="List the names in one folder, of KV version 2.",
        excludes="No value or metadata can be read, and no folder below be listed.",
        target=_FOLDER,
        parts=(Part(("list",), ("{mount}/metadata/{target}",)),),
        parameters=_mounted("secret"),
    ),
    Intent(
        id="database.credentials",
        purpose="Have a user of a database made, by one role, whose password nobody else gets.",
        excludes="The role and the connection can't be read or changed, and no static role's password be read.",
        target=_ROLE,
        parts=(Part(("read",), ("{mount}/creds/{target}",)),),
        parameters=_mounted("database"),
    ),
    Intent(
        id="pki.issue",
        purpose="Have a key and its certificate issued, within what one role allows.",
        excludes="No request can be signed, verbatim or by the role, and no certificate be revoked; the role and the "
        "authority can't be read or changed.",
        target=_ROLE,
        parts=(Part(("update",), ("{mount}/issue/{target}",)),),
        parameters=_mounted("pki"),
    ),
)

VAULT_INTENTS: Final[Mapping[str, Intent]] = MappingProxyType({intent.id: intent for intent in _ALL})
"""Every intent on Vault by its id."""
