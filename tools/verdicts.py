"""Judge the AWS managed policies and write what fires, class by class, into docs/verdicts-aws.md.

`python -m tools.verdicts` writes the counts again; `python -m tools.verdicts --sample 4` prints that many verdicts of
each class, chosen by chance, to be argued by hand below the counts.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from nhi_components.core.findings import Finding
from nhi_components.facts import DocumentKind, Facts, read_document
from nhi_components.reports.classes import class_of
from nhi_components.rules import Judge, JudgeConfig, RuleClass

TARGET = Path(__file__).parent.parent / "docs" / "verdicts-aws.md"
BEGIN, END = "<!-- counts: python -m tools.verdicts -->", "<!-- end of counts -->"
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
"""No managed policy is dated, so any moment gives the same verdicts."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was found in which policy.

    Attributes:
        source: where the policies are from.
        judged: how many there are.
        by_class: findings of a class by the policy's name; a class without any is absent.
    """

    source: str
    judged: int
    by_class: Mapping[str, Mapping[str, list[Finding]]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.verdicts", description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="print N verdicts of each class instead")
    parser.add_argument("--seed", type=int, default=1, help="chooses another sample")
    options = parser.parse_args()
    verdicts = judge_managed_policies()
    if options.sample:
        print_sample(verdicts, options.sample, options.seed)
    else:
        TARGET.write_text(with_counts(TARGET.read_text(encoding="utf-8"), verdicts), encoding="utf-8")
    return 0


def judge_managed_policies() -> Verdicts:
    """Judge every AWS managed policy by itself, with all rules."""
    packed = (resources.files("nhi_components.facts.aws") / "data/managed_policies.json.xz").read_bytes()
    content: dict[str, Any] = json.loads(lzma.decompress(packed))
    judge = Judge(JudgeConfig())
    by_class: dict[str, dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for name, document in content["policies"].items():
        for finding in judge.find(Facts(read_document(DocumentKind.POLICY_DOCUMENT, name, document)), NOW):
            by_class[class_of(finding.rule)][name].append(finding)
    return Verdicts(content["source"], len(content["policies"]), by_class)


def counts(verdicts: Verdicts) -> str:
    """Lay out how many policies each class is found in."""
    lines = [
        f"{verdicts.judged:,} policies ({verdicts.source}), each judged alone, all rules on.",
        "",
        "| class | policies | share | findings |",
        "| --- | --: | --: | --: |",
    ]
    for rule_class in RuleClass:
        found = verdicts.by_class.get(rule_class, {})
        number = sum(len(findings) for findings in found.values())
        lines.append(f"| {rule_class} | {len(found):,} | {len(found) / verdicts.judged:.1%} | {number:,} |")
    loud = {name for found in verdicts.by_class.values() for name in found}
    lines += ["", f"Nothing at all is found in {verdicts.judged - len(loud):,} policies."]
    return "\n".join(lines)


def with_counts(page: str, verdicts: Verdicts) -> str:
    """Put the counts between their marks; the rest of the page is written by hand and stays.

    Raises:
        ValueError: the marks are missing.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{TARGET.name}: no place for the counts; expected: {BEGIN} and after it {END}")
    return f"{before}{BEGIN}\n\n{counts(verdicts)}\n\n{END}{after}"


def print_sample(verdicts: Verdicts, number: int, seed: int) -> None:
    """Print verdicts to be argued: class, policy, rule, and what the rule saw."""
    chance = random.Random(seed)  # noqa: S311 - a sample that can be drawn again
    for rule_class in RuleClass:
        found = verdicts.by_class.get(rule_class, {})
        for name in sorted(chance.sample(sorted(found), min(number, len(found)))):
            finding = found[name][0]
            print(f"{rule_class} | {name} | {finding.rule} | {finding.path}: {finding.got}")


if __name__ == "__main__":
    sys.exit(main())
