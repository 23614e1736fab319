"""What a role's permissions come to: what they grant, less what they take out, as far as rules ask for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from nhi_components.facts.azure.model import Permission
from nhi_components.facts.azure.patterns import change_left, matches, spans_providers, verb_left
from nhi_components.facts.values import Located
from nhi_components.rules.azure.methods import ASSIGN_IDENTITY, ASSIGN_IDENTITY_ALSO
from nhi_components.rules.azure.operations import is_credential, watched

_CACHED_PATTERNS = 16_384
_CACHED_ROLES = 1024


@dataclass(frozen=True, slots=True)
class Effective:
    """What a role grants.

    Attributes:
        granted: the operations that rules ask for, in lower case, each with the action that grants it.
        changing: actions with a wildcard that grant more than reads.
        all_but: actions that reach into every provider and from which something is taken out.
        everything: the actions that grant all or nearly all operations of the control plane; empty for none.
    """

    granted: dict[str, Located]
    changing: tuple[Located, ...]
    all_but: tuple[Located, ...]
    everything: tuple[Located, ...]


@lru_cache(maxsize=_CACHED_ROLES)
def effective(permissions: tuple[Permission, ...]) -> Effective:
    """Tell what permissions grant together."""
    granted: dict[str, Located] = {}
    changing: list[Located] = []
    all_but: list[Located] = []
    everything: list[Located] = []
    for permission in permissions:
        planes = (
            (permission.actions, permission.not_actions, False),
            (permission.data_actions, permission.not_data_actions, True),
        )
        for actions, taken_out, on_data in planes:
            out = tuple(action.text for action in taken_out)
            for action in actions:
                _add_granted(granted, action, out, on_data=on_data)
            wild = [action for action in actions if "*" in action.text and change_left(action.text, out)]
            changing.extend(wild)
            if out:
                all_but.extend(action for action in wild if spans_providers(action.text))
            if not on_data:
                everything.extend(_everything(wild, out))
    return Effective(granted, tuple(changing), tuple(all_but), tuple(everything))


def _add_granted(granted: dict[str, Located], action: Located, out: tuple[str, ...], *, on_data: bool) -> None:
    for operation in _watched_in(action.text, on_data):
        if operation not in granted and not any(matches(other, operation) for other in out):
            granted[operation] = action


@lru_cache(maxsize=_CACHED_PATTERNS)
def _watched_in(pattern: str, on_data: bool) -> tuple[str, ...]:
    control, data = watched()
    operation = pattern.lower()
    if "*" not in operation:
        asked_for = operation in control or operation in data or is_credential(operation)
        return (operation,) if asked_for else ()
    found = {operation for operation in (data if on_data else control) if matches(pattern, operation)}
    if not on_data and matches(pattern, ASSIGN_IDENTITY_ALSO):
        found.add(ASSIGN_IDENTITY)
    return tuple(sorted(found))


def _everything(wild: Iterable[Located], out: tuple[str, ...]) -> Iterator[Located]:
    """Yield what grants every kind of change to a provider of which no action speaks."""
    spanning = [action for action in wild if spans_providers(action.text)]
    kinds = {
        verb: [action for action in spanning if _is_unnarrowed(action.text, verb) and verb_left(action.text, verb, out)]
        for verb in ("write", "delete", "action")
    }
    if all(kinds.values()):
        yield from {action: None for actions in kinds.values() for action in actions}


def _is_unnarrowed(pattern: str, verb: str) -> bool:
    """Tell whether a pattern that spans providers leaves types and names open."""
    rest = pattern.lower().partition("/")[2]
    return not rest.strip("*/") or rest.strip("*/") == verb
