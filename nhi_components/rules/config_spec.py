"""The configuration of the rules as people write it: every problem of a bad one is reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import AfterValidator, StringConstraints

from nhi_components.core import tags
from nhi_components.core.model import Spec, wrong
from nhi_components.core.rule_exception import RuleException
from nhi_components.rules.config import Mode
from nhi_components.rules.registry import Level, rules


class TagNamesSpec(Spec):
    """As `TagNames`."""

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


class JudgeConfigSpec(Spec):
    """As `JudgeConfig`."""

    subject: ClassVar[str] = "rule configuration"

    mode: Mode = Mode.BASELINE
    levels: Annotated[Mapping[str, Level], AfterValidator(_known_rules)] = {}
    governed: tuple[Annotated[str, StringConstraints(pattern=r"^[^:\s]+:[^:\s]*:[^:\s]+$")], ...] = ()
    tags: TagNamesSpec = TagNamesSpec()
    exceptions: tuple[Annotated[RuleException, AfterValidator(_of_known_rule)], ...] = ()
