"""The page of verdicts on AWS's managed policies: counts by class, and what is written by hand stays."""

from __future__ import annotations

import re

import pytest

from nhi_components.rules import RuleClass
from tools.verdicts import BEGIN, END, TARGET, Verdicts, counts, judge_managed_policies, print_sample, with_counts

VERDICTS = Verdicts("two policies", 2, {"admin": {"Everything": []}})


def test_every_class_has_its_line_and_its_share() -> None:
    table = counts(VERDICTS)
    assert "| admin | 1 | 50.0% | 0 |" in table
    assert all(f"| {rule_class} |" in table for rule_class in RuleClass)
    assert table.endswith("Nothing at all is found in 1 policies.")


def test_counts_are_put_between_their_marks_again_and_again() -> None:
    page = with_counts(f"by hand\n{BEGIN}\nold\n{END}\nby hand, too\n", VERDICTS)
    assert page.startswith(f"by hand\n{BEGIN}\n")
    assert page.endswith(f"{END}\nby hand, too\n")
    assert "old" not in page
    assert with_counts(page, VERDICTS) == page


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="counts"):
        with_counts("by hand\n", VERDICTS)


def test_all_managed_policies_are_judged_and_a_sample_names_them(capsys: pytest.CaptureFixture[str]) -> None:
    verdicts = judge_managed_policies()
    assert verdicts.judged > 1_500
    assert {"AdministratorAccess", "PowerUserAccess"} <= set(verdicts.by_class["admin"])
    assert "PowerUserAccess" in verdicts.by_class["not-action"]
    print_sample(verdicts, 1, seed=1)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(verdicts.by_class)
    assert all(line.count(" | ") >= 3 for line in lines)


def test_fifty_verdicts_are_argued() -> None:
    page = TARGET.read_text(encoding="utf-8")
    assert len(re.findall(r"^\| [a-z-]+ \| \S+ \| aws\.[a-z-]+ \| (?:right|wrong) \| .+ \|$", page, re.MULTILINE)) == 50
