"""Field masks: which fields of a resource a PATCH changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tools.doubles.gcp.errors import refuse


def snake(name: str) -> str:
    """A field's name as protocol buffers spell it."""
    return re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name)


def masked(mask: str, fields: Iterable[str]) -> list[str]:
    """The fields that a mask names, in either spelling; a path below a field stands for the field.

    Args:
        mask: names and paths, with commas between them; empty for all of `fields`.
        fields: what may be changed, as JSON spells it.
    """
    known = {snake(each): each for each in fields}
    names = dict.fromkeys(snake(each.strip()).partition(".")[0] for each in mask.split(",") if each.strip())
    if wrong := [each for each in names if each not in known]:
        raise refuse("INVALID_ARGUMENT", f"Invalid update_mask: {', '.join(wrong)} can't be changed or is unknown.")
    return [known[each] for each in names] or list(known.values())


def change(facts: dict[str, Any], asked: Mapping[str, Any], names: Iterable[str]) -> None:
    """Change these fields to what is asked; one that isn't asked for is taken away."""
    for name in names:
        facts.pop(name, None)
        if asked.get(name) not in (None, "", {}, []):
            facts[name] = asked[name]


def chosen(asked: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """Of what is asked, the fields that aren't empty, as an answer would show them."""
    return {name: asked[name] for name in fields if asked.get(name) not in (None, "", {}, [])}
