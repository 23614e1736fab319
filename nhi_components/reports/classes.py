"""Finds the rule that a finding names, without loading the rules of systems that were not judged."""

from __future__ import annotations

from functools import cache

from nhi_components.rules import Rule, RuleClass, rules
from nhi_components.rules.registry import rules_on, subjects


@cache
def rule_named(rule_id: str) -> Rule | None:
    """Give a rule by its id; None for the findings about exceptions, that no rule makes."""
    subject = rule_id.partition(".")[0]
    near = rules_on(subject) if subject in subjects() else ()
    return next((rule for rule in near if rule.id == rule_id), None) or rules().get(rule_id)


@cache
def class_of(rule_id: str) -> RuleClass:
    """Give the class of a rule's findings; what is wrong with an exception is a matter of review."""
    known = rule_named(rule_id)
    return RuleClass.METADATA if known is None else known.rule_class
