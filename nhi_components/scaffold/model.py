"""What has to be known of a new identity before its first program can be written."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import StringConstraints, model_validator

from nhi_components.core.errors import Problem
from nhi_components.core.identity import Identity
from nhi_components.core.links import System
from nhi_components.core.model import Spec, wrong
from nhi_components.scaffold.blueprint import BLUEPRINTS, Blueprint, systems_for

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


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
        """How it is declared."""
        return BLUEPRINTS[self.identity.kind, self.system]

    def missing(self) -> list[Problem]:
        """Find the questions that have no answer, and the answers that nobody asked for."""
        asked = {question.detail: question for question in self.blueprint.questions}
        kind = f"{self.identity.kind} on {self.system}"
        unanswered = [
            Problem(_flag(detail), "nothing", question.text, f"give {_flag(detail)}")
            for detail, question in asked.items()
            if detail not in self.details and question.default is None
        ]
        needless = [
            Problem(_flag(detail), value, f"nothing: {kind} has no use for it", f"remove {_flag(detail)}")
            for detail, value in self.details.items()
            if detail not in asked
        ]
        if self.blueprint.granting and not self.grants:
            unanswered.append(Problem("--grant", "nothing", "what the tool may do", "give --grant INTENT=ARN"))
        return [*unanswered, *needless]

    def answers(self) -> dict[str, str]:
        """Give the answer to each question, the default where there is none."""
        defaults = {str(q.detail): q.default for q in self.blueprint.questions if q.default is not None}
        return {**defaults, **self.details}


def _flag(detail: str) -> str:
    return "--" + detail.replace("_", "-")
