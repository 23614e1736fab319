"""One intent on trial: calls that its grants must allow, and calls that they must refuse."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nhi_components.core.aws_intents import INTENTS
from nhi_components.core.grant import Grant
from nhi_components.core.intents import grants_of

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Case:
    """One call, as IAM sees it and as boto3 makes it.

    Attributes:
        action: what IAM asks for.
        resource: on which ARN; `*` where there is none.
        client: name of boto3's client; empty when the emulator is not asked.
        method: its method.
        arguments: with these.
        context: condition keys that AWS finds in the request.
        emulator_lacks: why the emulator is not asked.
    """

    action: str
    resource: str
    client: str = ""
    method: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    emulator_lacks: str = ""

    def __str__(self) -> str:
        given = "".join(f", {key}={value}" for key, value in self.context.items())
        return f"{self.action} on {self.resource}{given}"


@dataclass(frozen=True)
class Trial:
    """An intent with one set of parameters.

    Attributes:
        intent: its id.
        target: what is granted on.
        may: calls that must be allowed.
        may_not: calls that must be refused.
        parameters: the intent's.
    """

    intent: str
    target: str | None
    may: tuple[Case, ...]
    may_not: tuple[Case, ...]
    parameters: Mapping[str, object] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.intent}({', '.join(self.parameters)})" if self.parameters else self.intent

    def grants(self) -> tuple[Grant, ...]:
        return grants_of(INTENTS[self.intent], self.target, self.parameters)


def case(
    action: str, resource: str, method: str = "", context: Mapping[str, str] | None = None, /, **arguments: Any
) -> Case:
    """A call of the boto3 method that is named after its action, unless another is named."""
    service, _, name = action.partition(":")
    return Case(action, resource, service, method or _WORD.sub("_", name).lower(), arguments, context or {})


def judged(action: str, resource: str, emulator_lacks: str, context: Mapping[str, str] | None = None) -> Case:
    """A call about which the emulator can't be asked."""
    return Case(action, resource, context=context or {}, emulator_lacks=emulator_lacks)
