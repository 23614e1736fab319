"""Values of parameters and variables of an ARM template, where its resources refer to them as a whole.

Source: Azure Resource Manager documentation, 'Parameters in ARM templates' and 'Variables in ARM templates'.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_REFERENCE = re.compile(r"\[\s*(parameters|variables)\(\s*'([^']{1,128})'\s*\)\s*\]", re.IGNORECASE)
_DEEPEST = 16
"""No field of a role, an assignment or a credential lies deeper in its resource."""


def with_values(value: Any, template: Mapping[str, tuple[str, Any]], depth: int = _DEEPEST) -> Any:
    """Put defaults of parameters, and variables, in the place of references to them.

    Args:
        value: a resource, or a part of it.
        template: the members of the template by plain name, each with its name as written.
        depth: how many levels are looked into.
    """
    if depth == 0:
        return value
    if isinstance(value, str):
        return _resolved(value, template)
    if isinstance(value, Mapping):
        return {name: with_values(member, template, depth - 1) for name, member in value.items()}
    if isinstance(value, list):
        return [with_values(member, template, depth - 1) for member in value]
    return value


def _resolved(text: str, template: Mapping[str, tuple[str, Any]]) -> Any:
    reference = _REFERENCE.fullmatch(text)
    if reference is None:
        return text
    kind, name = reference[1].lower(), reference[2]
    given = template.get(kind, ("", None))[1]
    found = given.get(name) if isinstance(given, Mapping) else None
    if kind == "parameters":
        found = found.get("defaultValue") if isinstance(found, Mapping) else None
    return text if found is None else found
