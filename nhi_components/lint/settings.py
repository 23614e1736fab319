"""What people set on the command line or in a file about how their grants are judged."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from nhi_components.core.errors import Problem, SpecError
from nhi_components.reports.classes import class_of, rule_named
from nhi_components.rules import JudgeConfig, Mode, RuleClass

_PACK = "nhi-required"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which findings are wanted: those of these rules or classes; all when both are empty."""

    rules: frozenset[str] = frozenset()
    classes: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, rules: Collection[str], classes: Collection[str]) -> Wanted:
        """Check the names first.

        Raises:
            SpecError: with every name that is none of a rule or class.
        """
        fix = "`nhi rules list` shows them"
        problems = [Problem("--rule", rule, "the id of a rule", fix) for rule in rules if rule_named(rule) is None]
        others = sorted(set(classes) - set(RuleClass))
        problems += [Problem("--class", name, f"one of {', '.join(RuleClass)}", "correct the name") for name in others]
        if problems:
            raise SpecError("nhi lint", problems)
        return cls(frozenset(rules), frozenset(classes))

    def __contains__(self, rule_id: str) -> bool:
        if not self.rules and not self.classes:
            return True
        return rule_id in self.rules or class_of(rule_id) in self.classes


def read_config(file: Path | None, *, strict: bool) -> JudgeConfig:
    """Read the configuration of the rules from YAML or JSON; that of a policy pack is taken, too.

    Raises:
        SpecError: with every problem found.
    """
    if file is None:
        return JudgeConfig(mode=Mode.STRICT) if strict else JudgeConfig()
    from nhi_components.core.yaml_text import MalformedYaml, parse_yaml

    expected = "YAML or JSON like `mode: strict`"
    try:
        documents = parse_yaml(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, MalformedYaml) as error:
        raise SpecError("--config", [Problem(str(file), str(error), expected, "correct the file")]) from None
    content = documents[0].value if documents else {}
    if not isinstance(content, dict) or len(documents) > 1:
        problem = Problem(str(file), "something else than one object", expected, "correct the file")
        raise SpecError("--config", [problem])
    if content.keys() == {_PACK} and isinstance(content[_PACK], dict):
        content = content[_PACK]
    return JudgeConfig.parse({**content, "mode": "strict"} if strict else content)
