"""Reading the non-human identities of one Vault or OpenBao, or of one namespace of it.

Auth roles, entities, standing tokens, stored secrets and what issues credentials; with policies, groups, secret ids and
who logs in. Sources: Vault HTTP API, '/sys/auth', '/sys/mounts', and the pages that each part names. Vault tells of
hardly any use: its audit log does, which cannot be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from nhi_components.core.connection import VaultConnection
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.vault.discovery_policy import MOUNTS
from nhi_components.lifecycle.adapters.vault.found_entities import entities, groups
from nhi_components.lifecycle.adapters.vault.found_entries import entries
from nhi_components.lifecycle.adapters.vault.found_issuers import KEEP_NONE, KINDS, issuers, static_roles
from nhi_components.lifecycle.adapters.vault.found_logins import METHODS, OF_PEOPLE, logins
from nhi_components.lifecycle.adapters.vault.found_policies import policies
from nhi_components.lifecycle.adapters.vault.found_reads import Looks
from nhi_components.lifecycle.adapters.vault.found_secret_ids import secret_ids
from nhi_components.lifecycle.adapters.vault.found_tokens import tokens
from nhi_components.lifecycle.adapters.vault.kv import is_kv_v2
from nhi_components.lifecycle.discovery.ports import NotSeen, Page, Section

_OF_NAMESPACE: Final = "ns_"
"""How the types of the mounts begin that every namespace has."""

Mounts = Mapping[str, Mapping[str, Any]]


class Discovery:
    """One Vault through one connection.

    Args:
        connection: its name.
        settings: how it is reached; the namespace is the one that is read.
        clock: tells the time.
    """

    system = System.VAULT

    def __init__(self, connection: str, settings: VaultConnection, clock: Callable[[], datetime]) -> None:
        self.connection = connection
        self._looks = Looks(connection, settings)
        self._clock = clock

    def place(self) -> str:
        """Tell the cluster's id, and the namespace if there is one.

        Raises:
            SystemUnreachable: it can't be reached.
        """
        return self._looks.identity.place

    def beginnings(self) -> Sequence[str]:
        """Name the sections that every scan reads."""
        return ("mounts/all", "mounts/seen", "identity/entities", "identity/groups", "policies", "tokens")

    def section(self, name: str) -> Section:
        """Give a section by its name; of a mount's, its path is the rest of it."""
        looks = self._looks
        match name.split("/", 2):
            case ["mounts", "all"]:
                return Section(name, "mounts on which the token may do nothing", MOUNTS, self._all_mounts)
            case ["mounts", "seen"]:
                return Section(name, "mounts on which the token may do something", (), self._seen_mounts)
            case ["identity", "entities"]:
                return entities(looks, name)
            case ["identity", "groups"]:
                return groups(looks, name)
            case ["policies"]:
                return policies(looks, name)
            case ["tokens"]:
                return tokens(looks, name)
            case [part, kind, mount]:
                return self._of_mount(name, part, kind, mount)
            case _:
                raise ValueError(name)

    def _of_mount(self, name: str, part: str, kind: str, mount: str) -> Section:
        looks = self._looks
        match part:
            case "auth" if kind in METHODS:
                return logins(looks, name, kind, mount)
            case "secret-ids":
                return secret_ids(looks, name, mount)
            case "kv":
                return entries(looks, name, mount, self._clock)
            case "engine" if kind in KINDS:
                return issuers(looks, name, kind, mount)
            case "static-roles":
                return static_roles(looks, name, mount)
            case "unread":
                return Section(name, f"{kind} at {mount}", (), lambda _: self._unread(kind, mount))
            case _:
                raise ValueError(name)

    def _all_mounts(self, _: str | None) -> Page:
        return _opening(self._looks.read("sys/auth"), self._looks.read("sys/mounts"))

    def _seen_mounts(self, _: str | None) -> Page:
        """A token that may not list all mounts reads at least those on which it may do something."""
        seen = self._looks.seen_mounts()
        return _opening(seen.get("auth") or {}, seen.get("secret") or {})

    def _unread(self, kind: str, mount: str) -> Page:
        raise NotSeen(
            f"vault.{self.connection}: {mount}/ is of the type {kind}, whose identities are not read; see to it by hand"
        )


def _opening(auth: Mounts, engines: Mounts) -> Page:
    return Page((), opens=[*_of_auth(auth), *_of_engines(engines)])


def _of_auth(mounts: Mounts) -> Iterator[str]:
    for path, facts in sorted(mounts.items()):
        method, mount = str(facts["type"]).removeprefix(_OF_NAMESPACE), path.rstrip("/")
        if method in METHODS:
            yield f"auth/{method}/{mount}"
        elif method not in OF_PEOPLE:
            yield f"unread/{method}/auth/{mount}"
        if method == "approle":
            yield f"secret-ids/approle/{mount}"


def _of_engines(mounts: Mounts) -> Iterator[str]:
    for path, facts in sorted(mounts.items()):
        engine, mount = str(facts["type"]).removeprefix(_OF_NAMESPACE), path.rstrip("/")
        if is_kv_v2(facts):
            yield f"kv/2/{mount}"
        elif engine in KINDS:
            yield f"engine/{engine}/{mount}"
        elif engine not in KEEP_NONE:
            # Version 1 of KV tells nothing of an entry but what it holds.
            yield f"unread/{engine}/{mount}"
        if engine == "database":
            yield f"static-roles/database/{mount}"
