"""Tells of decisions that concern no identity of the program: most likely their key is misspelt."""

from __future__ import annotations

import atexit
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.settings import get_monitor

from nhi_components.core.identity import Identity
from nhi_components.core.life import Decisions, key_of


@dataclass(slots=True)
class _Keys:
    decided: set[str]
    declared: set[str] = field(default_factory=set)


_programs: WeakKeyDictionary[Any, _Keys] = WeakKeyDictionary()


def heed(decisions: Decisions, identity: Identity) -> None:
    """Note that a program declares an identity; when it ends, warn of each decision about one that it does not."""
    monitor = get_monitor()
    if monitor not in _programs:
        _programs[monitor] = _Keys(set(decisions.life))
        # The SDK calls nobody when a program has declared everything; a message without a resource is sent at once.
        atexit.register(_warn, _programs[monitor])
    _programs[monitor].declared.add(key_of(identity.name, identity.environment))


def _warn(keys: _Keys) -> None:
    for key in sorted(keys.decided - keys.declared):
        near = get_close_matches(key, sorted(keys.declared), n=1)
        fix = f"did you mean {near[0]}?" if near else "correct or remove it"
        pulumi.log.warn(f"nhi:life decides about {key}, which no component of this run declares: {fix}")
