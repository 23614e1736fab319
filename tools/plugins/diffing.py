"""What of a resource's inputs differs from its state.

The state is what the service answered, which may say more than was asked: fields that it filled in. So an object that
was asked for is compared field by field, and a field that was not asked for differs only when it holds something and
the service is not the one that fills it in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from nhi_components.provider.known import UNKNOWN
from tools.plugins.sdk_types import Field, ListOf, MapOf, OneOf, Record, Shape

_INDEX = re.compile(r"\[\d+\]")


def is_nothing(value: Any) -> bool:
    """Tell whether a value says nothing: absent, or what JSON of protocol buffers leaves out."""
    return value is False or value == 0 or is_empty(value)


def is_empty(value: Any) -> bool:
    """Tell whether a value says nothing where false and zero do: absent, or without any content."""
    return value is None or value == "" or value == [] or value == {}


def changed_inputs(
    fields: Mapping[str, Field],
    olds: Mapping[str, Any],
    news: Mapping[str, Any],
    filled_in: Collection[str],
    says_nothing: Callable[[Any], bool] = is_nothing,
) -> list[str]:
    """Name the inputs that differ from the state.

    Args:
        fields: the type's inputs.
        olds: the state.
        news: what is asked for now.
        filled_in: paths that the service fills in when they are not given, such as `template.containers.ports`.
        says_nothing: tells which values are as good as none.
    """
    comparison = _Comparison(filled_in, says_nothing)
    return [
        name for name, field in fields.items() if not comparison.same(name, field.shape, olds.get(name), news.get(name))
    ]


@dataclass(frozen=True, slots=True)
class _Comparison:
    filled_in: Collection[str]
    says_nothing: Callable[[Any], bool]

    def same(self, path: str, shape: Shape, old: Any, new: Any) -> bool:
        if new is UNKNOWN:
            return False
        if self.says_nothing(new):
            return self.says_nothing(old) or (new is None and _INDEX.sub("", path) in self.filled_in)
        match shape, old, new:
            case Record(), Mapping(), Mapping():
                return all(
                    self.same(f"{path}.{name}", field.shape, old.get(name), new.get(name))
                    for name, field in shape.fields.items()
                )
            case ListOf(item), list(), list():
                pairs = zip(old, new, strict=False)
                return len(old) == len(new) and all(
                    self.same(f"{path}[{index}]", item, *pair) for index, pair in enumerate(pairs)
                )
            case MapOf(item), Mapping(), Mapping():
                return old.keys() == new.keys() and all(
                    self.same(f"{path}.{name}", item, old[name], each) for name, each in new.items()
                )
            case OneOf(options), _, _:
                return old == new or any(self.same(path, option, old, new) for option in options if _is_deep(option))
            case _:
                return bool(old == new)


def _is_deep(shape: Shape) -> bool:
    return isinstance(shape, (Record, ListOf, MapOf))
