"""What records of a Vault's audit device say: which sections of discovery are stale, and who has logged in.

Sources: Vault documentation, 'Audit devices' and 'Audit log entry schema': each request is written twice, before and
after it was answered; values are HMACs and stay as they are; paths and names are plain. Records do not name the Vault,
but the namespace, whose path stands before the mount's but not before the request's (measured on OpenBao 2.7.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.core.links import System
from nhi_components.lifecycle.events.ports import (
    EVERYTHING,
    NOTHING,
    Event,
    Told,
    Unreadable,
    Used,
    required,
    text_in,
    time_in,
)

_CHANGES: Final = frozenset({"create", "update", "patch", "delete", "rollback", "revoke", "renew"})
_READS: Final = frozenset({"read", "list", "scan", "help", "header", "alias-lookahead", "resolve-role"})
_MOUNTS: Final = ("mounts/all", "mounts/seen")
_ENTITIES, _GROUPS = "identity/entities", "identity/groups"
_NONE: Final[tuple[str, ...]] = ()

_BY_PATH: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("identity/lookup", _NONE),
    ("identity/entity", (_ENTITIES,)),
    ("identity/alias", (_ENTITIES,)),
    ("identity/persona", (_ENTITIES,)),
    ("identity/group", (_GROUPS,)),
    ("identity/oidc", _NONE),
    ("identity/mfa", _NONE),
    ("identity/", (_ENTITIES, _GROUPS)),
    ("sys/policy/", ("policies",)),
    ("sys/policies/acl/", ("policies",)),
    *(
        (f"sys/{part}", _NONE)
        for part in (
            *("policies/password", "leases", "renew", "revoke", "wrapping", "tools", "audit", "capabilities"),
            *("internal", "seal", "unseal", "step-down", "rotate", "quotas", "health", "metrics", "config/"),
            *("generate-root", "loggers", "storage", "replication", "license", "mfa", "init", "hostinfo", "pprof"),
        )
    ),
    ("sys/", EVERYTHING),
    ("auth/token/lookup", _NONE),
    ("auth/token/tidy", _NONE),
    ("auth/token/roles", ("auth/token/token",)),
    ("auth/token/", ("tokens",)),
    ("cubbyhole/", _NONE),
)
"""By how a path begins, the first that fits: what a change there makes stale. What it does not name is of a mount."""
_OF_MOUNTS: Final = ("sys/auth/", "sys/mounts/")
_TOLD_IN: Final[tuple[tuple[str, ...], ...]] = ((), ("response",))
"""Where a login says whose it is: with the request, or with the answer."""
_LOGINS: Final = ("login", "oidc/callback")
_TRANSIENT: Final = frozenset({"creds", "sign", "issue", "sts", "code", "encrypt", "decrypt", "verify", "hmac"})
"""Parts of engines in which a call gives something away, and changes nothing that discovery reads."""


def told(record: Mapping[str, Any], place: str = "") -> Told:
    """Tell what a record of an audit device says.

    Args:
        record: as it is written.
        place: the Vault's cluster id, and the namespace if there is one; empty where that is not known, and no use can
            be told then.

    Raises:
        Unreadable: it is none.
    """
    kind, request = required(record, "type"), record.get("request")
    if not isinstance(request, Mapping):
        raise Unreadable("request: no object, expected what was asked")
    namespace = text_in(request, "namespace", "path").strip("/")
    of_another = bool(place) and namespace != place.partition("/")[2]
    if kind != "response" or text_in(record, "error") or of_another:
        return NOTHING
    operation, path, at = required(request, "operation"), required(request, "path"), time_in(record, "time")
    uses = tuple(_uses(record, place))
    if operation in _READS:
        return Told(uses=uses)
    mount = _mount(request)
    entity = _entity(record)
    unless = f"{place}/identity/entity/id/{entity}" if place and entity and _is_login(path) else None
    sections = sections_of(path, mount) if operation in _CHANGES else EVERYTHING
    if _is_login(path) and not entity:
        sections = ()
    if not sections:
        return Told(uses=uses)
    event = Event(
        System.VAULT,
        place,
        required(request, "id"),
        at,
        f"{operation} {path}",
        sections,
        _MOUNTS,
        unless,
        (f"{place}/{path}",) if place else (),
    )
    return Told((event,), uses)


def sections_of(path: str, mount: str) -> tuple[str, ...]:
    """Tell which sections a change at a path makes stale.

    Args:
        path: without `v1/`.
        mount: the path of the mount, where the record tells it.
    """
    if path.endswith("/lookup"):
        # Asked with POST, also by discovery itself.
        return ()
    if _is_login(path):
        # Whoever logs in for the first time becomes an entity.
        return (_ENTITIES,)
    for beginning in _OF_MOUNTS:
        if path.startswith(beginning):
            changed = path.removeprefix(beginning).removesuffix("/tune").strip("/")
            return (*_MOUNTS, *_of_mount(changed))
    if path.startswith("sys/remount"):
        return EVERYTHING
    for beginning, sections in _BY_PATH:
        if path.startswith(beginning):
            return sections
    is_auth = path.startswith("auth/")
    plain = mount.removeprefix("auth/") or path.removeprefix("auth/").partition("/")[0]
    rest = path.removeprefix("auth/").removeprefix(plain).strip("/")
    if not is_auth and rest.partition("/")[0] in _TRANSIENT:
        return ()
    return _of_mount(plain)


def _of_mount(mount: str) -> tuple[str, ...]:
    return tuple(f"{part}/*/{mount}" for part in ("auth", "secret-ids", "kv", "engine", "static-roles"))


def _is_login(path: str) -> bool:
    rest = path.partition("/")[2] if path.startswith("auth/") else ""
    return any(f"/{each}" in f"/{rest}" for each in _LOGINS) and not rest.startswith("token/")


def _mount(request: Mapping[str, Any]) -> str:
    """Give the path of the mount within its namespace; records write the namespace's before it."""
    namespace = text_in(request, "namespace", "path").strip("/")
    mount = text_in(request, "mount_point").strip("/")
    return mount.removeprefix(f"{namespace}/") if namespace else mount


def _entity(record: Mapping[str, Any]) -> str:
    return text_in(record, "auth", "entity_id") or text_in(record, "response", "auth", "entity_id")


def _uses(record: Mapping[str, Any], place: str) -> Iterator[Used]:
    """Yield the entity that has asked, or logged in, and the role that it logged in by."""
    at, path = time_in(record, "time"), text_in(record, "request", "path")
    entity = _entity(record)
    if place and entity:
        yield Used(System.VAULT, f"{place}/identity/entity/id/{entity}", at)
    if place and _is_login(path):
        told = [text_in(record, *of, "auth", "metadata", name) for of in _TOLD_IN for name in ("role_name", "role")]
        role = next(filter(None, told), "")
        mount = _mount(record["request"]) or path.rpartition("/login")[0]
        if role:
            yield Used(System.VAULT, f"{place}/{mount}/role/{role}", at)
