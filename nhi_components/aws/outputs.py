"""Values that may be known at deployment only: judged as soon as they are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import isawaitable
from typing import Any, TypeVar

import pulumi

from nhi_components.core.arn import ArnShape
from nhi_components.core.errors import SpecError
from nhi_components.core.model import Spec
from nhi_components.refusal import refusing_plainly

Made = TypeVar("Made")


def when_known(path: str, shape: ArnShape, arn: pulumi.Input[str], make: Callable[[str], Made]) -> pulumi.Input[Made]:
    """Make something of an ARN: now when it is plain, else once it is known and found to be one.

    Args:
        path: the argument's name, for the report.
        shape: what the ARN must be.
        arn: plain, which its specification has judged already, or an output.
        make: from the ARN.
    """
    if isinstance(arn, str):
        return make(arn)

    @refusing_plainly()
    def judged(known: str) -> Made:
        if problems := shape.problems(path, known):
            raise SpecError("ARN known at deployment", problems)
        return make(known)

    later: pulumi.Output[str] = pulumi.Output.all(arn).apply(lambda known: str(known[0]))
    return later.apply(judged)


def is_later(value: Any) -> bool:
    """Tell whether a value, or anything in it, may be known at deployment only."""
    match value:
        case str() | bytes():
            return False
        case Spec():
            return any(is_later(item) for _, item in value)
        case Mapping():
            return any(is_later(item) for item in value.values())
        case Sequence():
            return any(is_later(item) for item in value)
        case _:
            return isinstance(value, pulumi.Output) or isawaitable(value)
