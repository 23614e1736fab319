"""Base of the frozen specification models: every problem of an input at once, each with path, got, expected, fix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic._internal._model_construction import ModelMetaclass  # pydantic exports it nowhere else
from pydantic_core import ErrorDetails, PydanticCustomError

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.text import shown

if TYPE_CHECKING:
    # A type checker would otherwise take `__call__` for every model's constructor, and check no arguments.
    _ReportingMetaclass = ModelMetaclass
else:

    class _ReportingMetaclass(ModelMetaclass):
        """Turns pydantic's error into ours for the outermost model only, so that nested problems come together."""

        def __call__(cls, *positional: Any, **fields: Any) -> Any:
            __tracebackhide__ = True
            try:
                return super().__call__(*positional, **fields)
            except ValidationError as error:
                raise SpecError(_subject(cls, fields), problems_of(error)) from None


class Spec(BaseModel, metaclass=_ReportingMetaclass):
    """A frozen model that refuses unknown fields and reports all its problems at once.

    Constructing a spec raises `SpecError`, never pydantic's own error.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, hide_input_in_errors=True)
    subject: ClassVar[str] = "specification"

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Read a spec from plain data, as from YAML or JSON.

        Raises:
            SpecError: with every problem found.
        """
        return cls(**fields)


def wrong(*, got: object, expected: str, fix: str) -> PydanticCustomError:
    """Make the error that a validator raises, with what is expected and how to fix it."""
    return PydanticCustomError("nhi", "{expected}", {"got": shown(got), "expected": expected, "fix": fix})


def problems_of(error: ValidationError) -> list[Problem]:
    """Turn pydantic's error into problems, in the order of the fields."""
    return [_problem(details) for details in error.errors(include_url=False)]


def _subject(model: type, fields: Mapping[str, Any]) -> str:
    name = fields.get("name")
    subject = str(getattr(model, "subject", model.__name__))
    return f"{subject} {name!r}" if isinstance(name, str) else subject


def _problem(details: ErrorDetails) -> Problem:
    path = _path(details["loc"])
    context = details.get("ctx", {})
    if "fix" in context:
        return Problem(path, context["got"], context["expected"], context["fix"])
    match details["type"]:
        case "missing":
            return Problem(path, "nothing", "a value", f"add {path}")
        case "extra_forbidden":
            return Problem(
                path, "a field that is not known here", "only known fields", f"remove {path}, or correct its spelling"
            )
        case _:
            return Problem(path, shown(details["input"]), details["msg"], f"correct {path}")


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path or "(whole)"
