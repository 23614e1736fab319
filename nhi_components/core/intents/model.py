"""What an intent is: the least actions for one job, on what, under which conditions; data without behaviour."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """What a text that is handed to an intent looks like.

    Attributes:
        what: what it is, with its article: `the ARN of a queue`.
        pattern: a regular expression that all of it matches.
        example: one that does.
    """

    what: str
    pattern: str
    example: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """What narrows or widens an intent, beside its target; plain text, so that it is known before anything is made.

    Attributes:
        name: under which it is handed over, and stands in templates.
        shape: what each of its texts looks like.
        meaning: what it does, in a few words.
        required: whether the intent can't do without.
        default: what stands in the templates of resources when it is not given; without one they grant nothing then.
        key_shape: for a mapping: what its keys look like.
    """

    name: str
    shape: Shape
    meaning: str
    required: bool = False
    default: str | None = None
    key_shape: Shape | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition.

    Attributes:
        operator: such as `StringEquals`.
        key: template of the condition key; `{name}` is the key of each entry of that parameter.
        value: template of the value; `{name}` is each text of that parameter. Without one the condition falls away.
    """

    operator: str
    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Part:
    """One grant of an intent.

    Attributes:
        actions: by their full names.
        on: templates of what they are granted on; `{target}` is the target, `{name}` each text of that parameter.
            A template whose parameter has neither text nor default grants nothing.
        conditions: all of which must hold.
        otherwise: templates of what they are granted on when those of `on` grant nothing.
    """

    actions: tuple[str, ...]
    on: tuple[str, ...] = ("{target}",)
    conditions: tuple[Condition, ...] = ()
    otherwise: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Intent:
    """One job that an identity does.

    Attributes:
        id: stable: `sqs.send`; it begins with the service's prefix in IAM, on Vault with the engine's name.
        purpose: what it lets do, in one sentence.
        excludes: what it does not, though one might think so; a sentence each.
        target: what the target looks like; None when its actions take no resource.
        parts: its grants.
        parameters: what it takes beside the target.
        notes: what else the job may need, in sentences; empty when nothing.
    """

    id: str
    purpose: str
    excludes: str
    target: Shape | None
    parts: tuple[Part, ...]
    parameters: tuple[Parameter, ...] = ()
    notes: str = ""

    @property
    def service(self) -> str:
        """What its id begins with."""
        return self.id.partition(".")[0]

    @property
    def actions(self) -> tuple[str, ...]:
        """Every action that it grants."""
        return tuple(action for part in self.parts for action in part.actions)
