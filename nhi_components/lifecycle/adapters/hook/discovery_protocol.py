"""The protocol of discovery by hooks, version 1; docs/discovery-protocol.md is its description.

No text that is made here holds anything of an answer but its own `error`, and the names of fields of the protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from nhi_components.core.errors import Problem
from nhi_components.lifecycle.adapters.hook.discovery_records import KINDS, MODELS, RecordTold, Told
from nhi_components.lifecycle.adapters.hook.protocol import Done, Refusal
from nhi_components.lifecycle.adapters.hook.retirement_protocol import MODELS as RETIRED

MOST_RECORDS: Final = 1000
"""Records on a page: our own figure; an answer is no longer than 1 MiB anyway."""
MOST_PROBLEMS: Final = 50
"""Problems of one answer that are told one by one."""

PlaceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}$")]
"""Such as `courier.example.com/shop`."""
SectionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$")]
Cursor = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class PlaceTold(Done):
    """Which account, workspace or server of the system it is, such that no other has the name."""

    place: PlaceName


class SectionsTold(Done):
    """The names of the parts that every scan reads, stable from scan to scan."""

    sections: Annotated[tuple[SectionName, ...], Field(max_length=1000)]


class PageTold(Done):
    """A part of a section; see `ports.Page`."""

    records: Annotated[tuple[RecordTold, ...], Field(max_length=MOST_RECORDS)]
    next: Cursor | None = None
    opens: Annotated[tuple[SectionName, ...], Field(max_length=1000)] = ()


class Refused(Told):
    """The hook understood, and does not answer.

    Attributes:
        error: why, for people; never a value.
        code: `denied`: its own credentials may not read that; `busy`: to be asked again later; `lapsed`: the cursor is
            not known any more; `unauthorized`: the system refuses its credentials; `unavailable`: the system does not
            answer it; `irreversible`: what was asked could not be taken back; `refused`: anything else.
        retry_after: seconds to wait, with `busy`.
    """

    ok: Literal[False]
    error: Annotated[str, StringConstraints(min_length=1)]
    code: Literal["denied", "busy", "lapsed", "unauthorized", "unavailable", "irreversible", "refused"] = "refused"
    retry_after: Annotated[float, Field(ge=0, le=86_400)] | None = None

    def shown(self, token: str) -> str:
        """The error on one line, without the token of the hook."""
        return Refusal(ok=False, error=self.error).shown([token])


class Wrong(Exception):
    """An answer is not of the protocol.

    Attributes:
        problems: every one of them, or the first `MOST_PROBLEMS`.
    """

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(f"{len(problems)} problems")


class _Head(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)

    ok: bool


_A = TypeVar("_A", bound=Done)


def read_answer(content: bytes, model: type[_A]) -> _A | Refused:
    """Read an answer.

    Raises:
        Wrong: it is not of the protocol.
    """
    try:
        if _Head.model_validate_json(content).ok:
            return model.model_validate_json(content)
        return Refused.model_validate_json(content)
    except ValidationError as error:
        raise Wrong(list(_problems(error))) from None


def schema() -> dict[str, Any]:
    """Give the JSON Schema of all answers, for whoever writes a hook."""
    return TypeAdapter(PlaceTold | SectionsTold | PageTold | Refused).json_schema()


def _problems(error: ValidationError) -> Iterator[Problem]:
    wrongs = error.errors(include_url=False, include_context=False)
    for each in wrongs[:MOST_PROBLEMS]:
        path = _path(each["loc"])
        match each["type"]:
            case "missing":
                yield Problem(path, "nothing", "a value", f"add {path}")
            case "extra_forbidden":
                yield Problem(path, "a field that is not of the protocol", "only its fields", f"leave out {path}")
            case "json_invalid":
                yield Problem(path, "no JSON", "one JSON object in UTF-8, and nothing else", "write nothing else")
            case "union_tag_invalid" | "union_tag_not_found":
                # The message itself would quote what stands there.
                yield Problem(f"{path}.record", "nothing, or another kind", f"one of {', '.join(KINDS)}", "correct it")
            case _:
                expected = each["msg"][:1].lower() + each["msg"][1:]
                yield Problem(path, _kind(each["input"]), expected, f"correct {path}")
    if (more := len(wrongs) - MOST_PROBLEMS) > 0:
        yield Problem("answer", f"{more:,} more problems", "none", "correct those above, and run it again")


_ANSWERS: Final[tuple[type[BaseModel], ...]] = (PlaceTold, SectionsTold, PageTold, Refused)
_NAMES: Final = frozenset(name for model in (*_ANSWERS, *MODELS, *RETIRED) for name in model.model_fields)


def _path(location: tuple[int | str, ...]) -> str:
    """Name a place; of what stands where a name should, nothing is shown, as it may be a value."""
    path, indexed = "answer", False
    for part in location:
        if isinstance(part, int):
            path, indexed = f"{path}[{part}]", True
            continue
        # Behind an index stands the kind of the record, which is no field.
        if not (indexed and part in KINDS):
            path += f".{part}" if part in _NAMES else ".(hidden)"
        indexed = False
    return path


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return f"another text of {len(value):,} characters"
        case list():
            return f"a list of {len(value):,}"
        case _:
            return "an object"
