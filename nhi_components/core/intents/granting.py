"""Turns an intent, its target and its parameters into grants."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.grant import Grant
from nhi_components.core.intents.model import Condition, Intent, Parameter, Part, Shape
from nhi_components.core.text import shown

Derive = Callable[[Callable[[str], str]], Any]
"""Makes, from how a text is derived from the target, what is granted on: at once, or when the target is known."""

_PLACE = re.compile(r"\{(\w+)\}")
_TARGET = "target"
_WHOLE_TARGET = "{target}"

Entries = tuple[tuple[str, str], ...]
"""A parameter's texts, each with its key; the texts of a parameter that is no mapping are their own keys."""


def grants_of(
    intent: Intent, target: object = None, parameters: Mapping[str, object] | None = None, derive: Derive | None = None
) -> tuple[Grant, ...]:
    """Grant what an intent lets do.

    Args:
        intent: the intent.
        target: the name of what it is about, in the intent's shape; None for an intent whose actions take no resource.
        parameters: its parameters by name: a text, a sequence of texts or a mapping of texts; None counts as not given.
            An empty sequence does not: it would widen the grant by accident.
        derive: for a target that is known only at deployment: makes a value from it once it is known. The function
            that it is given raises `SpecError` for a target of the wrong shape.

    Raises:
        SpecError: with everything that is wrong with target and parameters.
    """
    entries, problems = _entries(intent, parameters or {})
    if derive is None:
        problems = [*_target_problems(intent, target), *problems]
    if problems:
        raise SpecError(_subject(intent), problems)
    if derive is None:
        return _grants(intent, entries, lambda write: write(str(target)))
    return _grants(intent, entries, lambda write: derive(_refusing_others(intent, write)))


def _grants(intent: Intent, entries: Mapping[str, Entries], derive: Derive) -> tuple[Grant, ...]:
    defaults = {p.name: ((p.default, p.default),) for p in intent.parameters if p.default is not None}
    placed = {name: given or defaults.get(name, ()) for name, given in entries.items()}
    each = ((part, _targets(part, placed, derive)) for part in intent.parts)
    return tuple(
        Grant(actions=part.actions, targets=targets, conditions=_conditions(part.conditions, entries))
        for part, targets in each
        if targets
    )


def _targets(part: Part, entries: Mapping[str, Entries], derive: Derive) -> tuple[Any, ...]:
    return tuple(_written(part.on, entries, derive)) or tuple(_written(part.otherwise, entries, derive))


def _written(templates: Iterable[str], entries: Mapping[str, Entries], derive: Derive) -> Iterator[Any]:
    for template in templates:
        for _, text in _filled("", template, entries):
            yield derive(partial(text.replace, _WHOLE_TARGET)) if _WHOLE_TARGET in text else text


def _conditions(tests: Iterable[Condition], entries: Mapping[str, Entries]) -> dict[str, dict[str, list[str]]] | None:
    conditions: dict[str, dict[str, list[str]]] = {}
    for test in tests:
        for key, value in _filled(test.key, test.value, entries):
            conditions.setdefault(test.operator, {}).setdefault(key, []).append(value)
    return conditions or None


def _filled(key: str, value: str, entries: Mapping[str, Entries]) -> Iterator[tuple[str, str]]:
    """Fill two templates once for each text of the parameter that the second names; the target's place stays."""
    name = next((name for name in _PLACE.findall(value) if name != _TARGET), None)
    if name is None:
        yield key, value
        return
    place = f"{{{name}}}"
    for its_key, text in entries[name]:
        yield key.replace(place, its_key), value.replace(place, text)


def _entries(intent: Intent, given: Mapping[str, object]) -> tuple[dict[str, Entries], list[Problem]]:
    entries: dict[str, Entries] = {}
    problems: list[Problem] = []
    for parameter in intent.parameters:
        value = given.get(parameter.name)
        given_here = value is not None and value != parameter.default
        found = list(_entries_in(parameter, value)) if given_here else []
        if not found and (given_here or parameter.required):
            problems.append(_problem(parameter.name, "nothing", parameter.shape))
        problems += (problem for place, key, text in found for problem in _entry_problems(parameter, place, key, text))
        entries[parameter.name] = tuple((str(text if key is None else key), str(text)) for _, key, text in found)
    known = {parameter.name for parameter in intent.parameters}
    unknown = "a parameter that is not known here"
    problems += (
        Problem(name, unknown, "only known parameters", f"remove {name}, or correct its spelling")
        for name in given
        if name not in known
    )
    return entries, problems


def _entries_in(parameter: Parameter, value: object) -> Iterator[tuple[str, object, object]]:
    """Yield place, key and text of each entry."""
    if isinstance(value, Mapping):
        yield from ((f"{parameter.name}[{key!r}]", key, text) for key, text in value.items())
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        yield from ((f"{parameter.name}[{i}]", None, text) for i, text in enumerate(value))
    else:
        yield parameter.name, None, value


def _entry_problems(parameter: Parameter, place: str, key: object, text: object) -> Iterator[Problem]:
    if parameter.key_shape is not None and not _fits(key, parameter.key_shape):
        yield _problem(place, text if key is None else key, parameter.key_shape)
    if parameter.key_shape is None and key is not None:
        yield _problem(place, "a mapping", parameter.shape)
    if not _fits(text, parameter.shape):
        yield _problem(place, text, parameter.shape)


def _target_problems(intent: Intent, target: object) -> Sequence[Problem]:
    if intent.target is None:
        return [] if target is None else [Problem(_TARGET, shown(target), "nothing", "leave it out")]
    return [] if _fits(target, intent.target) else [_problem(_TARGET, target, intent.target)]


def _refusing_others(intent: Intent, write: Callable[[str], str]) -> Callable[[str], str]:
    def checked(target: str) -> str:
        problems = _target_problems(intent, target)
        if problems:
            raise SpecError(f"{_subject(intent)}, known at deployment", problems)
        return write(target)

    return checked


def _fits(value: object, shape: Shape) -> bool:
    return isinstance(value, str) and re.fullmatch(shape.pattern, value, re.ASCII) is not None


def _problem(place: str, value: object, shape: Shape) -> Problem:
    return Problem(place, shown(value), shape.what, f"write it like {shape.example}")


def _subject(intent: Intent) -> str:
    return f"intent {intent.id!r}"
