"""What a system has to bring along to be part of the story."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.lab.sandbox import Sandbox


@dataclass(frozen=True, slots=True)
class Session:
    """The identity at work.

    Attributes:
        claims: what it could do, and could not, each with whether that was so.
        works: tells whether what was open then is still let through.
    """

    claims: tuple[tuple[str, bool], ...]
    works: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Ready:
    """A system that answers.

    Attributes:
        use: opens a session, as the workload does, by what the program has exported.
        environment: variables for the commands, beside the sandbox's.
        settings: configuration for the program, of the namespace `demo`.
        connection: for `nhi.Provider`, and for `nhi verify`; none where the environment says it all.
    """

    use: Callable[[Mapping[str, Any]], Session]
    environment: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    connection: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cloud:
    """One system of the story.

    Attributes:
        system: as `nhi` calls it; `stack/on_<system>.py` declares the identity there.
        name: as people call it.
        stand_in: what answers in its place.
        rule: which rule stops the shortcut there.
        ready: brings it up, given the sandbox and a folder for its files, and takes it down.
    """

    system: str
    name: str
    stand_in: str
    rule: str
    ready: Callable[[Sandbox, Path], AbstractContextManager[Ready]]
