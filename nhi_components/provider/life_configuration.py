"""Writes what people decide about an identity's life into the stack's configuration, where its program reads it."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from nhi_components.core.deciding import Standing
from nhi_components.core.errors import Problem
from nhi_components.core.identity import Identity
from nhi_components.core.life import Decision, Decisions, State
from nhi_components.provider.engine import Engine, EngineFailed
from nhi_components.provider.held_identities import HeldIdentity
from nhi_components.templates import templates_in_force

CONFIGURATION = "nhi:life"
_TURN_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the configuration.

    Attributes:
        key: whom it is about.
        before: what it said; None when it said nothing.
        after: what it says; the same when nothing had to change.
    """

    key: str
    before: Decision | None
    after: Decision | None

    @property
    def is_one(self) -> bool:
        """Whether anything changed."""
        return self.before != self.after

    def documents(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give what the configuration said and says, as it stands there."""
        before, after = (_document({self.key: each} if each else {}) for each in (self.before, self.after))
        return before, after


class LifeConfiguration:
    """The decisions in one stack's configuration; read afresh each time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self) -> dict[str, Decision]:
        """Read all of them.

        Raises:
            SpecError: with everything that is wrong with them.
        """
        return Decisions.parse({"life": self._engine.configured(CONFIGURATION) or {}}).life

    def decide(
        self, key: str, deciding: Callable[[Decision | None], Decision | None], *, dry_run: bool = False
    ) -> Change:
        """Decide about one identity; the others' decisions stay as they are.

        One command of the engine writes it, so whoever is killed has written all of it or nothing. Two that decide at
        the same time on this machine take turns.

        Args:
            key: whom.
            deciding: is given what the configuration says and tells what it is to say; None: the same.
            dry_run: whether to change nothing.

        Raises:
            EngineFailed: it could not be written, or somebody else's turn did not end.
        """
        with self._turn():
            held = self.read()
            before = held.get(key)
            after = deciding(before) or before
            change = Change(key, before, after)
            if dry_run or not change.is_one or after is None:
                return change
            wanted = {**held, key: after}
            self._engine.configure(CONFIGURATION, _document(wanted))
            if self.read() != wanted:
                fix = "look at it, and run the same command again"
                got = "something else than was written; somebody changed it meanwhile"
                raise EngineFailed(str(Problem(f"configuration {CONFIGURATION}", got, "what was written", fix)))
            return change

    @contextmanager
    def _turn(self) -> Iterator[None]:
        stack = f"{self._engine.directory.resolve()}\0{self._engine.stack}"
        file = Path(tempfile.gettempdir()) / f"nhi-life-{hashlib.sha256(stack.encode()).hexdigest()[:16]}.lock"
        lock = FileLock(file, timeout=_TURN_SECONDS)
        try:
            lock.acquire()
        except OSError as error:
            got = f"taken by another command for {_TURN_SECONDS} s" if isinstance(error, Timeout) else str(error)
            fix = "wait for that command, or remove the file if it is a leftover of somebody else's"
            raise EngineFailed(str(Problem(f"lock {file}", got, "a turn to decide", fix))) from None
        try:
            yield
        finally:
            lock.release()


def standing_of(key: str, held: HeldIdentity | None, decision: Decision | None, directory: Path) -> Standing:
    """Tell how an identity stands.

    Args:
        key: `<identity>.<environment>`.
        held: what the state holds; None when only the configuration knows it.
        decision: what the configuration says.
        directory: the project's folder, whose templates are in force.
    """
    if held is None:
        declared = (decision.state if decision else None) or State.ACTIVE
        return Standing(key, exists=False, declared=declared, ends=None, decision=decision)
    identity = Identity.parse(held.declared)
    ends = min((lease.terms.ends for lease in held.leases), default=identity.expires.on or held.ended)
    template = templates_in_force(directory).by_kind[identity.kind]
    return Standing(
        key=key,
        exists=bool(held.leases),
        declared=identity.state,
        ends=ends,
        decision=decision,
        applied=held.applied,
        lifetime=timedelta(days=template.lifetime_days),
    )


def _document(decisions: Mapping[str, Decision]) -> dict[str, Any]:
    return {key: each.model_dump(mode="json", exclude_none=True) for key, each in decisions.items()}
