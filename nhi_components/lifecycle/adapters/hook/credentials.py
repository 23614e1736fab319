"""Keys of systems that declared commands and web hooks speak to."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from nhi_components.core.connection import HookConnection
from nhi_components.core.credential.dependents import CommandHook, HttpHook
from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.credential.sources import CommandSource, HttpSource, SourceSpec
from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.hook.protocol import (
    Action,
    Description,
    Done,
    Keys,
    LastUsed,
    Made,
    Tried,
    lease_facts,
)
from nhi_components.lifecycle.adapters.hook.speaking import Hook
from nhi_components.lifecycle.adapters.local_user import local_user
from nhi_components.lifecycle.credentials.ports import Key, Material, NoSuchKind, NotSearchable, Place
from nhi_components.lifecycle.ports import Caller

_WHERE = "commands and web hooks"


class HookSource:
    """The keys of one account of a system that a hook speaks to, as `lifecycle.credentials.ports.Source`."""

    def __init__(self, spec: CommandSource | HttpSource) -> None:
        self._spec = spec
        self._hook = Hook(spec.connection, _hook_of(spec))
        self._lock = Lock()
        self._description: Description | None = None

    @property
    def spec(self) -> CommandSource | HttpSource:
        """What it was opened by."""
        return self._spec

    @property
    def most(self) -> int | None:
        """What the hook says of it; asked once."""
        return self._described.most

    @property
    def can_disable(self) -> bool:
        """What the hook says of it; asked once."""
        return self._described.can_disable

    def keys(self, lease: LeaseTags) -> list[Key]:
        """List the account's keys, oldest first as far as the hook tells when they were made."""
        listed = self._hook.ask(Action.KEYS_LIST, Keys, {**self._facts(), "lease": lease.lease}).keys
        keys = [Key(each.key_id, each.enabled, each.created_at, each.ends) for each in listed]
        known = [(key.created_at, key) for key in keys if key.created_at]
        if len(known) < len(keys):
            return keys
        return [key for _, key in sorted(known, key=lambda pair: pair[0])]

    def create(self, lease: LeaseTags) -> Material:
        """Have a key made; should its answer be lost, `keys` lists it."""
        made = self._hook.ask(Action.KEYS_CREATE, Made, {**self._facts(), **lease_facts(lease)})
        return Material(made.key_id, dict(made.fields))

    def disable(self, key_id: str) -> None:
        """Have a key disabled; only where the hook says that it can."""
        self._refuse_unless_it_can()
        self._hook.ask(Action.KEYS_DISABLE, Done, self._facts(key_id))

    def enable(self, key_id: str) -> None:
        """Have a key enabled; only where the hook says that it can."""
        self._refuse_unless_it_can()
        self._hook.ask(Action.KEYS_ENABLE, Done, self._facts(key_id))

    def delete(self, key_id: str) -> None:
        """Have a key deleted; the hook answers once its system no longer lists it."""
        self._hook.ask(Action.KEYS_DELETE, Done, self._facts(key_id))

    def works(self, material: Material) -> bool:
        """Have the hook use a key once, as its holder would."""
        facts = {**self._facts(material.key_id), "fields": dict(material.fields)}
        return self._hook.ask(Action.KEYS_TEST, Tried, facts, material.fields.values()).works

    def last_used(self, key_id: str) -> datetime | NotChecked | None:
        """Ask when a key was last used, where the hook says that it knows."""
        if not self._described.tells_use:
            return NotChecked(f"{self._hook.name} does not tell when a key was last used")
        return self._hook.ask(Action.KEYS_LAST_USED, LastUsed, self._facts(key_id)).last_used

    @property
    def _described(self) -> Description:
        with self._lock:
            if self._description is None:
                self._description = self._hook.ask(Action.DESCRIBE, Description, {"account": self._spec.account})
            return self._description

    def _facts(self, key_id: str | None = None) -> Mapping[str, Any]:
        facts = {"account": self._spec.account}
        return {**facts, "key_id": key_id} if key_id is not None else facts

    def _refuse_unless_it_can(self) -> None:
        if not self.can_disable:
            raise NhiError(
                f"{System.HOOK}.{self._spec.connection}: {self._hook.name} says that it can't disable keys; "
                "expected can_disable true; fix: delete the key instead, or let the hook disable keys"
            )


class Credentials:
    """What hooks hold, as `lifecycle.credentials.ports.CredentialSystem`."""

    def __init__(self, name: str, connection: HookConnection) -> None:
        self._name = name
        self._connection = connection

    def caller(self) -> Caller:
        """Tell which user of which machine runs commands; each web hook knows us by a token of its own."""
        return Caller(System.HOOK, self._name, f"{local_user()}@{socket.gethostname()}", _WHERE)

    def source(self, spec: SourceSpec) -> HookSource:
        """Open the keys of an account."""
        if not isinstance(spec, CommandSource | HttpSource):
            raise NoSuchKind(f"{System.HOOK}.{self._name}: got a source {spec.kind}, expected command or http")
        return HookSource(spec)

    def place(self, spec: PlaceSpec) -> Place:
        """Refuse: a hook issues credentials, and keeps none."""
        raise NoSuchKind(f"{System.HOOK}.{self._name}: got a place {spec.kind}, expected a source")

    def search(self, lease_id: str) -> list[Link]:
        """Refuse: nobody but the program's declaration knows which hooks there are."""
        raise NotSearchable(
            f"{System.HOOK}.{self._name}: no list of hooks in which to look for {lease_id}; expected the stack's state "
            "or evidence, which name them; fix: look with the stack"
        )


def _hook_of(spec: CommandSource | HttpSource) -> CommandHook | HttpHook:
    if isinstance(spec, CommandSource):
        return CommandHook(command=spec.command)
    return HttpHook(url=spec.url, token_variable=spec.token_variable)
