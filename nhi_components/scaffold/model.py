"""What has to be known of a new identity before its first program can be written."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import StringConstraints, model_validator

from nhi_components.core.errors import Problem
from nhi_components.core.identity import Identity
from nhi_components.core.links import System
from nhi_components.core.model import Spec, wrong
from nhi_components.scaffold.blueprint import RUNS_ON, Blueprint, Question
from nhi_components.scaffold.blueprints import BLUEPRINTS, systems_for

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


class NewIdentity(Spec):
    """An identity that is about to get its first program.

    Attributes:
        identity: whose it is.
        system: on which system.
        details: the answers to its blueprint's questions, by detail.
        grants: what it may do: ids of curated intents with their targets, such as `("sqs.send", "arn:…")`.
    """

    subject: ClassVar[str] = "new identity"

    identity: Identity
    system: System
    details: dict[str, Text]
    grants: tuple[tuple[str, str], ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _without_empty_details(cls, fields: Any) -> Any:
        if isinstance(fields, dict) and isinstance(fields.get("details"), dict):
            return {**fields, "details": {name: value for name, value in fields["details"].items() if value}}
        return fields

    @model_validator(mode="after")
    def _has_a_blueprint(self) -> NewIdentity:
        kind = self.identity.kind
        if (kind, self.system) not in BLUEPRINTS:
            known = " or ".join(systems_for(kind)) or "another kind"
            raise wrong(
                got=f"{kind} on {self.system}",
                expected=f"{kind} on {known}",
                fix="choose that system, or another kind with --kind",
            )
        return self

    @property
    def blueprint(self) -> Blueprint:
        """How it is declared on what it runs on; where that is unknown, as anywhere."""
        known = BLUEPRINTS[self.identity.kind, self.system]
        runs_on = self.details.get(RUNS_ON) or _default(known, RUNS_ON)
        return known.platforms.get(runs_on, known)

    def unanswered(self) -> list[Question]:
        """Give the questions that have no answer; an answer may bring more of them."""
        return [question for question in self.blueprint.questions if question.detail not in self.details]

    def missing(self) -> list[Problem]:
        """Find the questions that have no answer, and the answers that nobody asked for."""
        asked = {question.detail for question in self.blueprint.questions}
        kind = f"{self.identity.kind} on {self.system}"
        unanswered = [
            Problem(flag(question.detail), "nothing", question.text, f"give {flag(question.detail)}")
            for question in self.unanswered()
            if question.default is None
        ]
        needless = [
            Problem(flag(detail), value, f"nothing: {kind} has no use for it", f"remove {flag(detail)}")
            for detail, value in self.details.items()
            if detail not in asked
        ]
        platforms = BLUEPRINTS[self.identity.kind, self.system].platforms
        if platforms and self.answers()[RUNS_ON] not in platforms:
            names = ", ".join(platforms)
            fix = "choose one; for what else there is, write the trust into the program"
            unanswered.append(Problem(flag(RUNS_ON), self.answers()[RUNS_ON], f"one of {names}", fix))
        if self.blueprint.granting and not self.grants:
            unanswered.append(Problem("--grant", "nothing", "what the tool may do", "give --grant INTENT=TARGET"))
        if self.grants and not self.blueprint.grantable:
            got = ", ".join(f"{intent}={target}" for intent, target in self.grants)
            needless.append(Problem("--grant", got, f"nothing: {kind} may do nothing by itself", "remove --grant"))
        return [*unanswered, *needless]

    def answers(self) -> dict[str, str]:
        """Give the answer to each question, the default where there is none."""
        defaults = {str(q.detail): q.default for q in self.blueprint.questions if q.default is not None}
        return {**defaults, **self.details}


def flag(detail: str) -> str:
    """Name the option of `nhi new` that answers a question."""
    return "--" + detail.replace("_", "-")


def _default(blueprint: Blueprint, detail: str) -> str:
    return next((q.default or "" for q in blueprint.questions if q.detail == detail), "")
