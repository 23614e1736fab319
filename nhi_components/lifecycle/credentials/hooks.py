"""Asking a dependent whether it lives, and telling it to take up a new credential; no value is ever part of either."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, assert_never

from nhi_components.core.credential.dependents import CommandHook, DeploymentRestart, Hook, HttpHook
from nhi_components.core.errors import NhiError
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters import IMPORTING

_VERSION = 1
_RUNS, _DOES_NOT_RUN = 0, 3
"""Exit statuses of 'status' of init scripts, and of `systemctl is-active` (Linux Standard Base, 'Init Script Actions').

1 says nothing: it is also what a program that fails ends with."""

_GONE = 410
"""HTTP's word for no (RFC 9110, section 15.5.11); 404 is also what a wrong URL answers."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a hook is told.

    Attributes:
        identity: name and environment, as `orders.prod`.
        lease: its lease id.
        key_id: the source's id of the key that is, or was, delivered.
        version: how many keys have been delivered, this one included.
        cause: why: `rotation`, `exposure`, `removal`, or `decommission`, where there is neither lease nor key id.
    """

    identity: str
    lease: str
    key_id: str
    version: int
    cause: str

    def to_environment(self) -> dict[str, str]:
        """Write them as environment variables."""
        return {
            "NHI_IDENTITY": self.identity,
            "NHI_LEASE": self.lease,
            "NHI_KEY_ID": self.key_id,
            "NHI_VERSION": str(self.version),
            "NHI_CAUSE": self.cause,
        }

    def to_json(self, action: str) -> bytes:
        """Write them as a web hook's request."""
        told: Mapping[str, object] = {
            "version": _VERSION,
            "action": action,
            "identity": self.identity,
            "lease": self.lease,
            "key_id": self.key_id,
            "credential_version": self.version,
            "cause": self.cause,
        }
        return json.dumps(told).encode()


class Deployments(Protocol):
    """The Deployments of one Kubernetes cluster."""

    def alive(self, namespace: str, name: str) -> bool:
        """Tell whether a Deployment exists and wants pods.

        Raises:
            NhiError: that can't be told.
        """

    def restart(self, namespace: str, name: str, timeout_seconds: float, sleep: Callable[[float], None]) -> None:
        """Restart its pods one by one, and return once all are new and ready.

        Raises:
            NhiError: it can't be restarted, or is not ready in time.
        """


@dataclass(frozen=True, slots=True)
class Reach:
    """What hooks are reached through.

    Attributes:
        deployments: opens the Deployments that a connection of `nhi.Provider` reaches, by its name.
        sleep: waits that many seconds.
    """

    deployments: Callable[[str], Deployments]
    sleep: Callable[[float], None]


def ask(hook: Hook, facts: Facts, reach: Reach, place: str) -> bool:
    """Ask a hook whether what it is for lives.

    Args:
        hook: which.
        facts: what it is told.
        reach: what it is reached through.
        place: what problems name, such as `alive`.

    Raises:
        NhiError: it gave neither of the two answers.
    """
    match hook:
        case DeploymentRestart():
            return reach.deployments(hook.connection).alive(hook.namespace, hook.deployment)
        case CommandHook():
            status = _run(hook, facts, place)
            if status not in (_RUNS, _DOES_NOT_RUN):
                expected = f"{_RUNS}, it lives, or {_DOES_NOT_RUN}, it does not"
                raise _failed(place, f"its command ended with status {status}", expected)
            return status == _RUNS
        case HttpHook():
            status = _post(hook, facts.to_json("dependent.alive"), place)
            if not _is_success(status) and status != _GONE:
                expected = f"200 to 299, it lives, or {_GONE}, it does not"
                raise _failed(place, f"its web hook answered {status}", expected)
            return status != _GONE
        case _:
            assert_never(hook)


def run(hook: Hook, facts: Facts, reach: Reach, place: str) -> None:
    """Have a hook make what it is for take up the credential that was delivered; arguments as for `ask`.

    Raises:
        NhiError: it was not done, or not in time.
    """
    match hook:
        case DeploymentRestart():
            deployments = reach.deployments(hook.connection)
            deployments.restart(hook.namespace, hook.deployment, hook.timeout_seconds, reach.sleep)
        case CommandHook():
            if status := _run(hook, facts, place):
                raise _failed(place, f"its command ended with status {status}", "0, it was done")
        case HttpHook():
            status = _post(hook, facts.to_json("dependent.refresh"), place)
            if not _is_success(status):
                raise _failed(place, f"its web hook answered {status}", "200 to 299, it was done")
        case _:
            assert_never(hook)


def _run(hook: CommandHook, facts: Facts, place: str) -> int:
    from nhi_components.lifecycle.adapters.hook.program import Program

    return Program(place, hook.command, hook.timeout_seconds).run(facts.to_environment())


def _post(hook: HttpHook, request: bytes, place: str) -> int:
    # It brings requests, which whoever has no web hook need not wait for.
    with IMPORTING:
        from nhi_components.lifecycle.adapters.web import Web

    web = Web(System.HOOK, place, hook.token_variable, "application/json", hook.timeout_seconds)
    return web.send("POST", hook.url, request).status


def _is_success(status: int) -> bool:
    return 200 <= status < 300


def _failed(place: str, got: str, expected: str) -> NhiError:
    return NhiError(f"{place}: {got}; expected {expected}; fix: run it by hand to see why; what it wrote is not kept")
