"""Writes docs/intents.md from the intents and their trials: `python -m tests.engine.intents.documentation`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from pathlib import Path

from nhi_components.core.aws_intents import INTENTS
from nhi_components.core.intents import Condition, Intent, Part
from tests.conformance.azure_intents.documentation import azure_part
from tests.conformance.gcp_intents.documentation import gcp_part
from tests.engine.intents.trial import Case, Trial
from tests.engine.intents.trials import trials_in
from tests.engine.intents.world import IMAGINED
from tests.pages import wrapped

DOCUMENT = Path(__file__).parents[3] / "docs" / "intents.md"

_INTRODUCTION = """\
# Intents on AWS

An intent grants the least actions that do one job, on one target. Components take them wherever they take grants:

```python
from nhi_components import aws

grants = aws.intents.sqs.send(queue.arn) + aws.intents.s3.read_objects(bucket.arn, prefix="in/")
```

Each returns a tuple of grants, so that several are added up. The target is the ARN as text, whose shape is checked at
once, or an output of another resource, which is checked when it is known and before the policy is made. Parameters are
plain text. Where several texts may be given, one of them must match.

AWS's own access levels are too coarse for this: `Write` of SQS holds SendMessage and DeleteQueue alike. What an intent
leaves out is said with it, and every one is tried: calls that it must allow, the same calls on another target, and the
dangerous calls nearby. They are made for real, as a role that has nothing else, on ministack, an emulator of AWS that
evaluates IAM (`tests/engine/intents`). All are also judged by the evaluator of this project, which reads policies for
the rules; the end of this part names those that are judged by it alone.

[Intents on Azure](#intents-on-azure) and [on Google Cloud](#intents-on-google-cloud) follow. This page is generated:
`python -m tests.engine.intents.documentation` writes it from the intents and their trials.
"""

_JUDGED = """\
## Judged by the project's evaluator, not by the emulator

AWS itself knows these calls and keys; the emulator does not, or takes them for something else. A condition counts as
met when the evaluator names its key as what the grant depends on, and the value matches.

| intent | action | why not by the emulator |
| --- | --- | --- |
"""


def page() -> str:
    """Write the whole page."""
    trials = trials_in(IMAGINED)
    services = groupby(INTENTS.values(), key=lambda intent: intent.service)
    sections = ((f"## {service}\n", *(_section(intent, trials) for intent in intents)) for service, intents in services)
    aws = [_INTRODUCTION, *chain.from_iterable(sections), _JUDGED + "".join(_judged_rows(trials))]
    return "\n".join([*aws, azure_part(), gcp_part()])


def _section(intent: Intent, trials: Iterable[Trial]) -> str:
    items = [] if intent.target is None else [f"Target: {intent.target.what}, such as `{intent.target.example}`"]
    for parameter in intent.parameters:
        needed = "" if parameter.required else ", optional"
        items.append(f"`{parameter.name}`{needed}: {parameter.meaning}; {parameter.shape.what}")
    required = {f"{{{parameter.name}}}" for parameter in intent.parameters if parameter.required}
    items += (f"Grants {_part(part, required)}" for part in intent.parts)
    refused = dict.fromkeys(case.action for trial in trials if trial.intent == intent.id for case in trial.may_not)
    nearby = ", ".join(f"`{action}`" for action in refused if action not in intent.actions)
    items.append(f"Refused, as tried: the same beyond what is granted on; {nearby}")
    text = " ".join(filter(None, (intent.purpose, intent.excludes, intent.notes)))
    listed = "".join(f"{wrapped(item, '- ')}\n" for item in items)
    return f"### {intent.id}\n\n{wrapped(text)}\n\n{listed}"


def _part(part: Part, required: set[str]) -> str:
    actions = ", ".join(f"`{action}`" for action in part.actions)
    on = " and ".join(f"`{template}`" for template in part.on)
    conditions = "".join(f", {_condition(condition, required)}" for condition in part.conditions)
    return f"{actions} on {on}{conditions}"


def _condition(condition: Condition, required: set[str]) -> str:
    given = "" if condition.value in required else f" (when `{condition.value.strip('{}*')}` is given)"
    return f"only under {condition.operator} `{condition.key}`: `{condition.value}`{given}"


def _judged_rows(trials: Iterable[Trial]) -> Iterator[str]:
    rows = {
        (trial.intent, case.action, case.emulator_lacks): None
        for trial in trials
        for case in (*trial.may, *trial.may_not)
        if case.emulator_lacks
    }
    yield from (f"| `{intent}` | `{action}` | {lacks} |\n" for intent, action, lacks in rows)


def judged_alone() -> list[tuple[str, Case]]:
    """List the calls about which the emulator is not asked, each with its intent."""
    trials = trials_in(IMAGINED)
    return [(t.intent, case) for t in trials for case in (*t.may, *t.may_not) if not case.client]


if __name__ == "__main__":
    DOCUMENT.write_text(page(), encoding="utf-8")
