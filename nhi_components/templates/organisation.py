"""An organisation's own templates: what its one file says, and every problem of it at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar, Final

from pydantic import BeforeValidator, Field, field_validator

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.identity import Kind
from nhi_components.core.model import Spec, wrong
from nhi_components.core.revocation import Revocation
from nhi_components.core.text import shown
from nhi_components.templates.model import (
    ApprovalsList,
    Days,
    ForbiddenGrant,
    ForbiddenId,
    GraceDays,
    Reason,
    SecretForms,
    SessionSeconds,
    StrictBool,
)
from nhi_components.templates.standard import VERSION, Revision, Standard

_KEY_MARK: Final = ".[key]"
"""How pydantic ends the place of a wrong key."""


def _version(value: object) -> object:
    if isinstance(value, bool) or value != VERSION:
        raise wrong(got=value, expected=str(VERSION), fix=f"write it in the form of version {VERSION}, or update nhi")
    return value


def _kind(value: object) -> object:
    if value not in set(Kind):
        near = get_close_matches(str(value), list(Kind), n=1)
        fix = f"did you mean `{near[0]}`?" if near else "choose among them"
        raise wrong(got=value, expected="one of " + ", ".join(Kind), fix=fix)
    return value


class KindChange(Spec):
    """What an organisation changes in the template of a kind; what it leaves out stays.

    Attributes:
        lifetime_days: as in `Settings`, like all up to `approvals`.
        grace_days: see there.
        review_days: see there.
        rotation_days: see there.
        session_seconds: see there.
        revocation: see there.
        secrets: see there.
        sponsor_required: see there.
        approvals: by pattern of environments; those of the template that are not named here stay.
        forbid: ids of what is never granted either.
        permit: ids of what the template forbids and this organisation does not, each with its reason.
    """

    subject: ClassVar[str] = "change of a template"

    lifetime_days: Days | None = None
    grace_days: GraceDays | None = None
    review_days: Days | None = None
    rotation_days: Days | None = None
    session_seconds: SessionSeconds | None = None
    revocation: Revocation | None = None
    secrets: SecretForms | None = None
    sponsor_required: StrictBool | None = None
    approvals: ApprovalsList = ()
    forbid: tuple[ForbiddenId, ...] = ()
    permit: dict[ForbiddenId, Reason] = Field(default_factory=dict)

    @field_validator("*", mode="before")
    @classmethod
    def _given(cls, value: Any) -> Any:
        if value is None:
            raise wrong(got="nothing", expected="a value", fix="give one, or remove the line")
        return value


class Organisation(Spec):
    """An organisation's file.

    Attributes:
        version: of its form: 1.
        revision: which edition of it this is, in the organisation's own words.
        forbidden: what can be forbidden beside what the standard templates know, by id.
        kinds: what is changed, by kind.
    """

    subject: ClassVar[str] = "organisation's templates"

    version: Annotated[int, BeforeValidator(_version)]
    revision: Revision
    forbidden: dict[ForbiddenId, ForbiddenGrant] = Field(default_factory=dict)
    kinds: dict[Annotated[Kind, BeforeValidator(_kind)], KindChange] = Field(default_factory=dict)


def parse_organisation(subject: str, content: object, standard: Standard) -> Organisation:
    """Read what an organisation's file holds.

    Args:
        subject: what was read, for the report: the file.
        content: plain data, as from YAML.
        standard: the templates that it changes.

    Raises:
        SpecError: with every problem of it.
    """
    if not isinstance(content, dict):
        problem = Problem("(whole)", shown(content), "an object like `version: 1`", "see `nhi template check --help`")
        raise SpecError(subject, [problem])
    problems: list[Problem] = []
    organisation: Organisation | None = None
    try:
        organisation = Organisation.parse(content)
    except SpecError as error:
        problems += [_without_mark(each) for each in error.problems]
    told = {problem.path for problem in problems}
    problems += [problem for problem in _reference_problems(content, standard) if problem.path not in told]
    if problems or organisation is None:
        raise SpecError(subject, problems)
    return organisation


def _without_mark(problem: Problem) -> Problem:
    return Problem(
        problem.path.removesuffix(_KEY_MARK), problem.got, problem.expected, problem.fix.removesuffix(_KEY_MARK)
    )


def _reference_problems(content: Mapping[str, Any], standard: Standard) -> Iterator[Problem]:
    """Judge the ids in data that may be wrong otherwise, so that all problems come together."""
    own = _mapping(content.get("forbidden"))
    for name in own:
        if name in standard.forbidden:
            fix = "give it another id; `forbid` and `permit` name the standard ones"
            yield Problem(f"forbidden.{name}", name, "an id that the standard templates do not have", fix)
    for kind, change in _mapping(content.get("kinds")).items():
        if kind in set(Kind) and isinstance(change, dict):
            yield from _kind_problems(f"kinds.{kind}", Kind(kind), change, standard, {*own, *standard.forbidden})


def _kind_problems(
    place: str, kind: Kind, change: Mapping[str, Any], standard: Standard, known: set[str]
) -> Iterator[Problem]:
    forbid, permit = change.get("forbid"), _mapping(change.get("permit"))
    named = [str(each) for each in forbid] if isinstance(forbid, list) else []
    for i, each in enumerate(named):
        if each not in known:
            yield _unknown(f"{place}.forbid[{i}]", each, known, "an id under `forbidden`, or of the standard templates")
        elif each in permit:
            yield Problem(f"{place}.permit.{each}", each, "an id that is not under `forbid` as well", "remove one")
    forbidden = standard.kinds[kind].forbids
    for each in permit:
        if each not in forbidden and each not in named:
            expected = f"what the standard template of {kind} forbids"
            yield _unknown(f"{place}.permit.{each}", each, set(forbidden), expected)


def _unknown(place: str, got: str, known: set[str], expected: str) -> Problem:
    near = get_close_matches(got, sorted(known), n=1)
    fix = f"did you mean `{near[0]}`?" if near else "choose among " + ", ".join(sorted(known))
    return Problem(place, shown(got), expected, fix)


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
