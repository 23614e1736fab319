"""Grants by a word: how the target of an intent is written, and how the program calls the intent with it.

On Kubernetes a target is `NAMESPACE/NAME`, or `NAMESPACE` for an intent on all of a namespace; elsewhere it is the
intent's own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from keyword import iskeyword
from typing import Final

from nhi_components.core.grant import Grant
from nhi_components.core.intents import Intent, grants_of
from nhi_components.core.links import System

_NAMESPACE: Final = "namespace"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of an intent's function.

    Attributes:
        intent: the intent.
        target: what is named; None for an intent on all of a namespace.
        parameters: what is told besides, in the order of the function's arguments, before the target.
    """

    intent: Intent
    target: str | None
    parameters: Mapping[str, str]

    @property
    def source(self) -> str:
        """The call as Python, below the `intents` of the system's package: `sqs.send("arn:…")`."""
        module, _, name = self.intent.id.partition(".")
        told = (*self.parameters.values(), *([] if self.target is None else [self.target]))
        arguments = ", ".join(json.dumps(each, ensure_ascii=False) for each in told)
        return f"{module}_.{name}({arguments})" if iskeyword(module) else f"{module}.{name}({arguments})"

    def grants(self) -> tuple[Grant, ...]:
        """Give what it grants.

        Raises:
            SpecError: with everything that is wrong with target and parameters.
        """
        return grants_of(self.intent, self.target, self.parameters)


def takes_a_word(system: System, intent: Intent) -> bool:
    """Tell whether one word says all that an intent needs."""
    needed = {parameter.name for parameter in intent.parameters if parameter.required}
    if system is System.KUBERNETES:
        return needed == {_NAMESPACE}
    return intent.target is not None and not needed


def call_of(system: System, intent: Intent, written: str) -> Call:
    """Read what a target is, as it was written."""
    if system is not System.KUBERNETES:
        return Call(intent, written, {})
    if intent.target is None:
        return Call(intent, None, {_NAMESPACE: written})
    namespace, _, name = written.partition("/")
    return Call(intent, name, {_NAMESPACE: namespace})


def example_of(system: System, intent: Intent) -> str:
    """Write an example of `INTENT=TARGET`."""
    where = [p.shape.example for p in intent.parameters if p.required] if system is System.KUBERNETES else []
    return f"{intent.id}={'/'.join((*where, *([intent.target.example] if intent.target else [])))}"
