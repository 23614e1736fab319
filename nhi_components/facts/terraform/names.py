"""Turns the names of Terraform's attributes into those of Pulumi's inputs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any


def inputs_of(attributes: Mapping[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    """Give attributes the names that Pulumi has for them.

    Names are in camel case at the top and inside blocks, which are lists of objects; a plain map, such as `tags`, has
    keys of its own. What is null is left out, and so are empty lists: blocks that nobody wrote are shown as such.

    Args:
        attributes: by their names in Terraform.
        renamed: names that Pulumi has for some of them, where these follow no rule.
    """
    return {
        renamed.get(name) or camel_case(name): _members(value)
        for name, value in attributes.items()
        if value is not None and value != []
    }


@lru_cache(maxsize=4096)
def camel_case(name: str) -> str:
    """Turn `assume_role_policy` into `assumeRolePolicy`."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def _members(value: Any) -> Any:
    if isinstance(value, list):
        return [inputs_of(member, {}) if isinstance(member, Mapping) else _members(member) for member in value]
    return value
