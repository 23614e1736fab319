"""Rules: pure functions from facts to findings, one a file, and the engine that runs them."""

from nhi_components.rules.config import JudgeConfig, Mode, TagNames
from nhi_components.rules.engine import Judge, find, judge
from nhi_components.rules.registry import Example, Level, Reference, Rule, RuleClass, rule, rules

__all__ = [
    "Example",
    "Judge",
    "JudgeConfig",
    "Level",
    "Mode",
    "Reference",
    "Rule",
    "RuleClass",
    "TagNames",
    "find",
    "judge",
    "rule",
    "rules",
]
