"""Which of several specifications a value is, or is meant as."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Any, get_args

from nhi_components.core.model import Spec


def one_of(models: UnionType, value: Any) -> str | None:
    """Tell which of several models a value is, or, by the names of its fields, is meant as; None for none of them.

    Args:
        models: a union of specifications.
        value: one of them, or its fields.
    """
    kinds: tuple[type[Spec], ...] = get_args(models)
    if isinstance(value, kinds):
        return type(value).__name__
    if not isinstance(value, Mapping):
        return None
    fields = set(value)
    return max(kinds, key=lambda kind: len(fields & kind.model_fields.keys())).__name__
