"""What a team sets about the rules: mode, levels, governed types, tag names, exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AfterValidator, StringConstraints

from nhi_components.core import tags
from nhi_components.core.model import Spec, wrong
from nhi_components.core.rule_exception import RuleException
from nhi_components.rules.registry import Level, rules


class Mode(StrEnum):
    """How much of what can't be judged yet is let through."""

    BASELINE = "baseline"
    STRICT = "strict"


class TagNames(Spec):
    """The tags under which owner and end date stand, beside ours.

    Attributes:
        owner: the key of the owner's tag.
        ends: the key of the end date's tag; the value is a day, `YYYY-MM-DD`.
    """

    subject: ClassVar[str] = "tag names"

    owner: Annotated[str, StringConstraints(min_length=1)] = tags.OWNER
    ends: Annotated[str, StringConstraints(min_length=1)] = tags.ENDS


def _known_rules(levels: Mapping[str, Level]) -> Mapping[str, Level]:
    unknown = sorted(levels.keys() - rules().keys())
    if unknown:
        raise wrong(got=", ".join(unknown), expected="ids of rules", fix=f"choose among {', '.join(rules())}")
    return levels


def _of_known_rule(exception: RuleException) -> RuleException:
    _known_rules({exception.rule: Level.MANDATORY})
    return exception


class JudgeConfig(Spec):
    """What a team sets about the rules.

    Attributes:
        mode: `baseline`, or `strict`, which makes every rule mandatory.
        levels: levels of single rules, whatever the mode.
        governed: Pulumi type tokens whose resources must name an owner and an end date, as those must that bear our
            tags.
        tags: where owner and end date stand on governed resources.
        exceptions: what is permitted, by whom, why and until when.
    """

    subject: ClassVar[str] = "rule configuration"

    mode: Mode = Mode.BASELINE
    levels: Annotated[Mapping[str, Level], AfterValidator(_known_rules)] = {}
    governed: tuple[Annotated[str, StringConstraints(pattern=r"^[^:\s]+:[^:\s]*:[^:\s]+$")], ...] = ()
    tags: TagNames = TagNames()
    exceptions: tuple[Annotated[RuleException, AfterValidator(_of_known_rule)], ...] = ()

    def level_of(self, rule_id: str) -> Level:
        """Tell what a finding of this rule does to a deployment."""
        if rule_id in self.levels:
            return self.levels[rule_id]
        known = rules().get(rule_id)
        if known is None:
            return Level.ADVISORY
        return Level.MANDATORY if self.mode is Mode.STRICT else known.baseline
