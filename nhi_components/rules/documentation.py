"""Writes docs/rules from the rules: `python -m nhi_components.rules.documentation docs/rules`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from nhi_components.facts import DocumentKind
from nhi_components.rules.config import JudgeConfig
from nhi_components.rules.registry import Example, Rule, rules

INDEX = "README.md"

_INTRODUCTION = """\
# Rules

What the policy packs judge. This folder is generated from the rules' own code.

| rule | class | severity | baseline | what holds |
| --- | --- | --- | --- | --- |
"""

_CONFIGURATION = """
## Configuration

Packs take it under `nhi-required`, as in `pulumi preview --policy-pack … --policy-pack-config config.json`:

```json
{
  "nhi-required": {
    "mode": "baseline",
    "levels": {"aws.wildcard-resource": "advisory"},
    "governed": ["aws:iam/user:User"],
    "tags": {"owner": "Owner", "ends": "Ends"},
    "exceptions": [
      {
        "rule": "aws.wildcard-action",
        "resource": "orders-*",
        "reason": "migration of the order queues",
        "approver": "security@example.com",
        "ends": "2027-03-31"
      }
    ]
  }
}
```

"""

_EXCEPTIONS = """
## Exceptions

An exception names one rule, never a pattern of rules; a resource by its URN, its name, or a pattern with `*`; a reason;
who permitted it; and the day on which it ends. One that has ended permits nothing and is reported as
`exception.expired`; one that permits nothing in the whole stack is reported as `exception.unused`.

## What is not known yet

A document that takes a value from a resource yet to be made is unknown at a preview. What is known of it is judged, and
what is mandatory stays mandatory; the rest is `document.not-yet-known`: advisory in the baseline, mandatory in strict,
and no finding where an enclosing component declares its grants. It is judged again when it is known, before it is
created.

The analyzer's protocol does not show `retainOnDelete`; components refuse it themselves.
"""


def pages() -> Mapping[str, str]:
    """Give the text of every page by its file name."""
    every = rules().values()
    return {INDEX: _index(every)} | {f"{rule.id}.md": _page(rule) for rule in every}


def write(folder: Path) -> None:
    """Write the pages, and remove those of rules that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for file in folder.glob("*.md"):
        if file.name not in wanted:
            file.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


def _index(every: Iterable[Rule]) -> str:
    rows = "".join(
        f"| [{rule.id}]({rule.id}.md) | {rule.rule_class} | {rule.severity} | {rule.baseline} | {rule.title} |\n"
        for rule in every
    )
    return _INTRODUCTION + rows + _CONFIGURATION + _fields() + _EXCEPTIONS


def _fields() -> str:
    described = (JudgeConfig.__doc__ or "").partition("Attributes:\n")[2].splitlines()
    lines = [line.strip() for line in described if line.strip()]
    names = JudgeConfig.__dataclass_fields__
    text = " ".join(f"\n- {line}" if line.partition(":")[0] in names else line for line in lines)
    return "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"


def _page(rule: Rule) -> str:
    references = "\n".join(f"- {reference}" for reference in (*rule.references, *rule.sources))
    return f"""\
# {rule.id}

{rule.title}.

Class {rule.rule_class}, severity {rule.severity}, {rule.baseline} in the baseline.

## Why

{rule.why}

## Refused

{_example(rule.bad)}

## Accepted

{_example(rule.good)}

## Fix

{rule.fix[0].upper()}{rule.fix[1:]}.

## References

{references}
"""


def _example(example: Example) -> str:
    language = "hcl" if example.kind is DocumentKind.VAULT_POLICY else "json"
    inside = f"Inside\n\n```json\n{_laid_out(example.around)}\n```\n\n" if example.around else ""
    return f"{inside}```{language}\n{_laid_out(example.text) if language == 'json' else example.text}\n```"


def _laid_out(text: str) -> str:
    return (
        text.replace(', "Statement": [', ',\n "Statement": [')
        .replace("}, {", "},\n  {")
        .replace(', "inputs"', ',\n "inputs"')
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]))
