"""What a team sets about the rules: mode, levels, governed types, tag names, exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from nhi_components.core import tags
from nhi_components.rules.registry import Level, Rule, rules

if TYPE_CHECKING:
    from nhi_components.core.rule_exception import RuleException


class Mode(StrEnum):
    """How much of what can't be judged yet is let through."""

    BASELINE = "baseline"
    STRICT = "strict"


@dataclass(frozen=True, slots=True)
class TagNames:
    """The tags under which owner and end date stand, beside ours.

    Attributes:
        owner: the key of the owner's tag.
        ends: the key of the end date's tag; the value is a day, `YYYY-MM-DD`.
    """

    owner: str = tags.OWNER
    ends: str = tags.ENDS


@dataclass(frozen=True, slots=True)
class JudgeConfig:
    """What a team sets about the rules.

    Attributes:
        mode: `baseline`, or `strict`, which makes every rule mandatory.
        levels: levels of single rules, whatever the mode.
        governed: Pulumi type tokens whose resources must name an owner and an end date, as those must that bear our
            tags.
        tags: where owner and end date stand on governed resources.
        exceptions: what is permitted, by whom, why and until when.
    """

    mode: Mode = Mode.BASELINE
    levels: Mapping[str, Level] = field(default_factory=dict)
    governed: tuple[str, ...] = ()
    tags: TagNames = TagNames()
    exceptions: tuple[RuleException, ...] = ()

    @classmethod
    def parse(cls, fields: Mapping[str, Any]) -> Self:
        """Read a configuration from plain data, as from YAML or JSON.

        Raises:
            SpecError: with every problem found.
        """
        from nhi_components.rules.config_spec import JudgeConfigSpec

        spec = JudgeConfigSpec.parse(fields)
        names = TagNames(spec.tags.owner, spec.tags.ends)
        return cls(spec.mode, spec.levels, spec.governed, names, spec.exceptions)

    def fields(self) -> dict[str, Any]:
        """Give the configuration as plain data that `parse` takes."""
        exceptions = [exception.model_dump(mode="json") for exception in self.exceptions]
        return {
            "mode": self.mode.value,
            "levels": {rule_id: level.value for rule_id, level in self.levels.items()},
            "governed": list(self.governed),
            "tags": asdict(self.tags),
            "exceptions": exceptions,
        }

    def level_of(self, rule_id: str) -> Level:
        """Tell what a finding of this rule does to a deployment."""
        known = rules().get(rule_id)
        return Level.ADVISORY if known is None else self.level_of_rule(known)

    def level_of_rule(self, rule: Rule) -> Level:
        """Tell what a finding of this rule does to a deployment."""
        if rule.id in self.levels:
            return self.levels[rule.id]
        return Level.MANDATORY if self.mode is Mode.STRICT else rule.baseline
