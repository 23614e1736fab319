"""Controls of frameworks, and what verdicts and evidence say of each; never that one is complied with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Annotated, ClassVar

from pydantic import Field

from nhi_components.core.inventory.verdicts import Verdict
from nhi_components.core.model import Spec
from nhi_components.core.yaml_text import parse_yaml
from nhi_components.lifecycle.evidence.about_lease import Kind
from nhi_components.lifecycle.evidence.audit_events import EventType
from nhi_components.lifecycle.reporting.content import Content, EvidenceFound, Judgement

Text = Annotated[str, Field(min_length=1, max_length=200)]
_KINDS = "|".join(Kind)
_EVENTS = "|".join(EventType)
Support = Annotated[str, Field(pattern=rf"^({_KINDS}|{Kind.AUDIT}/({_EVENTS}))$")]
"""A kind of statement, or `audit/EVENT`."""


class Control(Spec):
    """A control of a framework.

    Attributes:
        id: as the framework numbers it.
        title: the framework's, where it gives a short one.
        about: what it asks for of non-human identities, in this project's words.
        violated_by: verdicts that speak against it.
        supported_by: statements and events that show it at work.
        commands: what shows or does more.
    """

    subject: ClassVar[str] = "control"

    id: Text
    title: Text
    about: Text
    violated_by: tuple[Verdict, ...] = ()
    supported_by: tuple[Support, ...] = ()
    commands: tuple[Text, ...] = ()


class Framework(Spec):
    """A framework; `source` is where its own text is."""

    subject: ClassVar[str] = "framework"

    id: Text
    name: Text
    edition: Text
    source: Annotated[str, Field(pattern=r"^https://\S+$")]
    controls: Annotated[tuple[Control, ...], Field(min_length=1)]


class Frameworks(Spec):
    """All frameworks; `version` is of the form of the file."""

    subject: ClassVar[str] = "frameworks"

    version: int
    frameworks: tuple[Framework, ...]


class ControlState(StrEnum):
    """What is known of a control."""

    VIOLATED = "violated"
    NO_VIOLATION_FOUND = "no-violation-found"
    """Among what was seen, and could be judged."""
    NOT_CHECKED = "not-checked"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of one control.

    Attributes:
        control: which.
        state: what is known.
        violating: how many identities speak against it.
        checked: of how many identities enough is known to tell all that could speak against it.
        of: how many identities there are.
        evidence: for each kind that would support it, how many statements or events there are.
    """

    control: Control
    state: ControlState
    violating: int
    checked: int
    of: int
    evidence: Mapping[str, int]


@cache
def frameworks() -> tuple[Framework, ...]:
    """Give the frameworks; they are read once."""
    text = (resources.files(__package__) / "data/compliance.yaml").read_text(encoding="utf-8")
    (document,) = parse_yaml(text)
    return Frameworks.parse(document.value).frameworks


def findings(content: Content, framework: Framework) -> tuple[Finding, ...]:
    """Tell what is known of each control of a framework.

    Args:
        content: of the report.
        framework: which.
    """
    counted = evidence_counts(content.evidence)
    return tuple(_finding(content, control, counted) for control in framework.controls)


def evidence_counts(evidence: EvidenceFound) -> Mapping[str, int]:
    """Count statements by kind, and events by `audit/EVENT`."""
    counts = Counter(each.kind for each in evidence.statements)
    for each in evidence.statements:
        counts.update({f"{Kind.AUDIT}/{event}": many for event, many in each.counts.items()})
    return dict(sorted(counts.items()))


def _finding(content: Content, control: Control, counted: Mapping[str, int]) -> Finding:
    against = set(control.violated_by)
    living = content.living
    of = sum(each.judgement is not Judgement.OF_A_SERVICE for each in living)
    violating = sum(any(stood.judged.verdict in against for stood in each.standing) for each in living)
    checked = min((content.checked[verdict] for verdict in against), default=0)
    if violating:
        state = ControlState.VIOLATED
    else:
        state = ControlState.NO_VIOLATION_FOUND if checked else ControlState.NOT_CHECKED
    return Finding(
        control, state, violating, checked, of, {each: counted.get(each, 0) for each in control.supported_by}
    )
