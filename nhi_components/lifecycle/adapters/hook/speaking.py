"""Asking one hook, a command or a web hook alike."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from nhi_components.core.connection import HookConnection
from nhi_components.core.credential.dependents import CommandHook, HttpHook
from nhi_components.core.errors import NhiError, Problem, SystemUnreachable
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.hook.program import Program
from nhi_components.lifecycle.adapters.hook.protocol import (
    Action,
    Done,
    Malformed,
    Refusal,
    answer_of,
    request_of,
)
from nhi_components.lifecycle.adapters.web import Web
from nhi_components.lifecycle.credentials.ports import LimitReached

JSON = "application/json"
_OK = 200

_A = TypeVar("_A", bound=Done)


class HookRefused(NhiError):
    """A hook understood what was asked, and did not do it."""


class HookFailed(NhiError):
    """What a hook answered is not of the protocol."""


def hook_of(connection: str, settings: HookConnection) -> Hook:
    """Open the hook that a connection itself names.

    Raises:
        SystemUnreachable: it names none.
    """
    timeout = settings.timeout_seconds
    if settings.url:
        named = HttpHook(url=settings.url, token_variable=settings.token_variable, timeout_seconds=timeout)
        return Hook(connection, named)
    if settings.command:
        return Hook(connection, CommandHook(command=settings.command, timeout_seconds=timeout))
    got, expected = "a connection without a hook", "a command or a web hook"
    fix = "name its `command` or its `url`, as docs/discovery-protocol.md tells"
    raise SystemUnreachable(System.HOOK, Problem(f"{System.HOOK}.{connection}", got, expected, fix))


class Hook:
    """One hook, through one connection."""

    def __init__(self, connection: str, spec: CommandHook | HttpHook) -> None:
        self._place = f"{System.HOOK}.{connection}"
        self._spec = spec

    @property
    def name(self) -> str:
        """What people call it: the program without its arguments, or the URL."""
        if isinstance(self._spec, HttpHook):
            return f"web hook {self._spec.url}"
        return f"command {self._program(self._spec).name}"

    def ask(self, action: Action, model: type[_A], facts: Mapping[str, Any], values: Iterable[str] = ()) -> _A:
        """Ask for one action.

        Args:
            action: what for.
            model: what its answer looks like.
            facts: what the request tells beside version and action.
            values: what of it may not be shown.

        Raises:
            SystemUnreachable: no answer; or the hook's own system does not answer it, or refuses its credentials.
            LimitReached: the hook says so.
            HookRefused: the hook says why.
            HookFailed: the answer is not of the protocol.
        """
        content = self.answered(request_of(action, facts))
        try:
            answer = answer_of(content, model)
        except Malformed as problem:
            raise HookFailed(
                f"{self._place}: {self.name} answered {action} with {problem.got}; expected {problem.expected}; "
                "fix: correct the hook as docs/hooks.md tells"
            ) from None
        if isinstance(answer, Refusal):
            raise self._refused(action, answer.code, answer.shown([*values, self.token]))
        return answer

    def answered(self, request: bytes) -> bytes:
        """Give it a request, and return what it answers.

        Raises:
            SystemUnreachable: no answer.
            HookFailed: a web hook answered with another status than 200.
        """
        spec = self._spec
        return self._posted(spec, request) if isinstance(spec, HttpHook) else self._written(spec, request)

    @property
    def token(self) -> str:
        """What may not be shown of how it is reached; empty for nothing."""
        variable = self._spec.token_variable if isinstance(self._spec, HttpHook) else None
        return os.environ.get(variable, "").strip() if variable else ""

    def _posted(self, spec: HttpHook, request: bytes) -> bytes:
        web = Web(System.HOOK, self._place, spec.token_variable, JSON, spec.timeout_seconds)
        reply = web.send("POST", spec.url, request)
        if reply.status != _OK:
            fix = "correct its URL; a refusal is a 200 as well, with ok false and an error"
            raise HookFailed(f"{self._place}: {self.name} answered {reply.status}; expected 200; fix: {fix}")
        return reply.body

    def _written(self, spec: CommandHook, request: bytes) -> bytes:
        ran = self._program(spec).ask(request)
        if ran.status:
            got = f"{self.name} ended with status {ran.status}, {ran.complaint_bytes:,} bytes on standard error"
            fix = "run it by hand with a request of docs/hooks.md; what it says is not shown, as it may hold values"
            expected = "status 0 and an answer; a refusal is one, with ok false and an error"
            raise SystemUnreachable(System.HOOK, Problem(self._place, got, expected, fix))
        return ran.output

    def _program(self, spec: CommandHook) -> Program:
        return Program(self._place, spec.command, spec.timeout_seconds)

    def _refused(self, action: Action, code: str, error: str) -> NhiError:
        said = f"{self.name} refused {action}: {error}"
        match code:
            case "unauthorized":
                fix = "renew the credentials with which the hook reaches its system"
                return SystemUnreachable(System.HOOK, Problem(self._place, said, "a hook that may do so", fix))
            case "unavailable":
                fix = "bring the hook's system back, and run the same command again"
                return SystemUnreachable(System.HOOK, Problem(self._place, said, "a system that answers", fix))
            case "limit":
                fix = "delete a key that nobody uses, or have the limit raised"
                return LimitReached(f"{self._place}: {said}; expected room for one more key; fix: {fix}")
            case _:
                return HookRefused(f"{self._place}: {said}; expected it to be done; fix: what the hook says")
