"""Retiring identities of a system that no adapter knows, through a program or a web hook that speaks for it.

docs/discovery-protocol.md tells what it is asked and how it answers. What the hook answers is not taken for done: the
service looks again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from nhi_components.core.connection import HookConnection
from nhi_components.core.errors import NhiError, Problem, SpecError, SystemUnreachable
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.hook.discovery import Discovery
from nhi_components.lifecycle.adapters.hook.discovery_protocol import Refused, Wrong, read_answer
from nhi_components.lifecycle.adapters.hook.protocol import Done, request_of
from nhi_components.lifecycle.adapters.hook.retirement_protocol import (
    Asked,
    DeletedTold,
    MarkedTold,
    StandingTold,
    UndoTold,
)
from nhi_components.lifecycle.adapters.hook.speaking import HookRefused, hook_of
from nhi_components.lifecycle.adapters.retiring import elsewhere, not_there, seen
from nhi_components.lifecycle.clock import system_clock
from nhi_components.lifecycle.decommission.ports import CannotDisable, Presence, Removed, Standing, Target, Undo

_A = TypeVar("_A", bound=Done)


class Retirement:
    """One system through one hook.

    Args:
        connection: its name.
        settings: the command or the web hook.
        clock: as every retirement is given it; what is told here bears the hook's own times.
    """

    system = System.HOOK

    def __init__(self, connection: str, settings: HookConnection, clock: Callable[[], datetime] = system_clock) -> None:
        self.connection = connection
        self._settings, self._discovery = settings, Discovery(connection, settings, clock)

    def place(self) -> str:
        """Tell what the hook calls the account, workspace or server that it speaks for."""
        return self._place

    def look(self, target: Target) -> Standing:
        """Ask how an identity stands."""
        return self._ask(Asked.LOOK, StandingTold, target).standing()

    def undo_of(self, target: Target) -> Undo:
        """Ask what disabling it would change.

        Raises:
            CannotDisable: the hook says that it could not be taken back.
        """
        return self._ask(Asked.UNDO, UndoTold, target).undo

    def mark(self, target: Target, case: str, stage: str) -> bool:
        """Have it marked."""
        self._require(target)
        return self._ask(Asked.MARK, MarkedTold, target, case=case, stage=stage).marked

    def disable(self, target: Target, undo: Undo) -> None:
        """Have it disabled."""
        self._require(target)
        self._ask(Asked.DISABLE, Done, target, undo=dict(undo))

    def restore(self, target: Target, undo: Undo) -> None:
        """Have it restored."""
        self._require(target)
        self._ask(Asked.RESTORE, Done, target, undo=dict(undo))

    def delete(self, target: Target) -> Sequence[Removed]:
        """Have it deleted; another that stands at its key is not asked about."""
        if self.look(target).presence in (Presence.GONE, Presence.OTHER):
            return ()
        return [each.removed() for each in self._ask(Asked.DELETE, DeletedTold, target).removed]

    @cached_property
    def _place(self) -> str:
        with seen(self.system, self.connection):
            return self._discovery.place()

    def _require(self, target: Target) -> None:
        if self.look(target).presence in (Presence.GONE, Presence.OTHER):
            raise not_there(self.connection, target)

    def _ask(self, action: Asked, model: type[_A], target: Target, **facts: Any) -> _A:
        if target.place != self._place or not target.key.startswith(f"{target.place}/"):
            raise elsewhere(self.connection, target, self._place)
        hook = hook_of(self.connection, self._settings)
        about = {"key": target.key, "unique_id": target.unique_id, "kind": target.kind, "name": target.name}
        try:
            answer = read_answer(hook.answered(request_of(action, {"identity": about, **facts})), model)
        except Wrong as wrong:
            subject = f"{System.HOOK}.{self.connection}: what {hook.name} answers {action}"
            raise SpecError(f"{subject} (docs/discovery-protocol.md)", wrong.problems) from None
        if isinstance(answer, Refused):
            raise self._refusal(answer, f"{hook.name} refused {action}: {answer.shown(hook.token)}")
        return answer

    def _refusal(self, refused: Refused, said: str) -> NhiError | CannotDisable:
        told = f"{System.HOOK}.{self.connection}: {said}"
        match refused.code:
            case "irreversible":
                return CannotDisable(f"{told}; fix: what the hook says, or delete it after notice and grace period")
            case "denied":
                expected, fix = "leave to do so", "give the hook's own credentials what they lack"
            case "busy" | "unavailable":
                expected, fix = "a system that answers", "run the same command again later"
            case "unauthorized":
                expected, fix = (
                    "a hook that may do so",
                    "renew the credentials with which the hook reaches its system",
                )
            case _:
                return HookRefused(f"{told}; expected it to be done; fix: what the hook says")
        return SystemUnreachable(System.HOOK, Problem(f"{System.HOOK}.{self.connection}", said, expected, fix))
