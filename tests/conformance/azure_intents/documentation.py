"""Writes the part of docs/intents.md on Azure, for `python -m tests.engine.intents.documentation`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby

from nhi_components.core.azure_intents import INTENTS, AzureIntent
from nhi_components.core.azure_intents.model import operations_in, patterns_in
from tests.conformance.azure_intents.trials import TRIALS
from tests.pages import wrapped

_INTRODUCTION = """\
# Intents on Azure

```python
from nhi_components import azure

grants = azure.intents.servicebus.send_to_queue(queue.id) + azure.intents.storage.read_blobs(container.id)
```

The target is what Pulumi shows as `id`: the resource id of one resource, text whose shape is checked at once, or an
output, which is checked when it is known and before anything is assigned. A custom role belongs to one resource group:
`subscription=` and `resource_group=` name those of an output, when they are not the identity's own, and `label=` tells
two outputs apart that the same is granted on.

The operations of an intent become one custom role, which is assigned at the target and at nothing above it; operations
on data, where Azure has them. To read a secret, a built-in role is assigned instead: a custom one would wait in the
tenant for whoever assigns it more widely. Each intent names the built-in role that comes nearest, and what that would
permit besides. Azure knows no assignment that ends: the end is recorded, and enforced by suspending the identity, which
removes every assignment. Operations of the control plane are left out wherever the data plane does without.

Every intent is tried: calls that it must allow, the same calls on other resources and in another resource group, and
the dangerous calls nearby. Of {all} calls, {made} are made as REST calls, with access tokens of a managed identity that
has nothing else, on the double of Azure in `tools/doubles/azure`: not Microsoft's own system, but one that evaluates
role assignments and takes the operations that Microsoft documents for each method. An allowed call has to be answered,
a refused one has to be refused for its operation (`tests/conformance/azure_intents`). About the other {asked}, of what
the double's services don't know, its roles are asked; the end of this part names them.
Event Hubs has no REST call to receive: the double's own one stands for AMQP's. All are also judged by the grants alone,
and the project's rules find nothing bad in any intent or in any two together.
"""

_NO_INTENT = """\
## What is no intent on Azure

| what | why |
| --- | --- |
| data of Azure SQL, PostgreSQL and MySQL | no role of Azure's reaches it: a user is made within the database, on \
Azure SQL by `CREATE USER … FROM EXTERNAL PROVIDER`, and granted there; what roles do permit on servers and databases \
is to change, copy, export or delete them, or to name their administrator |
| blobs below a prefix, blobs without their names, one repository of a registry | conditions on the assignment alone \
tell these apart, which grants don't take |
| signatures of shared access | `generateUserDelegationKey` lets an identity hand on what it may do as texts that \
anybody may use, for up to seven days; account keys do everything and never end |
| making, rotating, exporting and releasing keys | keeping keys is another's job than using them |
"""

_ASKED = """\
## Asked of the roles of the double of Azure, not of its services

| intents | operations | why not by a call |
| --- | --- | --- |
"""


def azure_part() -> str:
    """Write everything about Azure."""
    calls = [call for trial in TRIALS for call in trial.calls]
    asked = sum(bool(call.double_lacks) for call in calls)
    services = groupby(INTENTS.values(), key=lambda intent: intent.service)
    sections = (_service(service, list(intents)) for service, intents in services)
    introduction = _INTRODUCTION.format(all=len(calls), made=len(calls) - asked, asked=asked)
    return "\n".join([introduction, *chain.from_iterable(sections), _NO_INTENT, _ASKED + "".join(_asked_rows())])


def _service(service: str, intents: Sequence[AzureIntent]) -> Iterator[str]:
    provider = _provider(intents[0])
    yield f"## {service}\n\nOperations that name no provider are of `{provider}`.\n"
    yield from (_section(intent, provider) for intent in intents)


def _provider(intent: AzureIntent) -> str:
    """The resource provider of what an intent is about, as Azure writes it."""
    assert intent.target
    return intent.target.example.partition("/providers/")[2].partition("/")[0]


def _section(intent: AzureIntent, provider: str) -> str:
    assert intent.target
    held = frozenset[str]().union(*(operations_in(action) for action in intent.actions))
    items = [f"Target: {intent.target.what}, such as `{intent.target.example}`"]
    items += [f"Grants {_listed(part.actions, provider)} on {_listed(part.on)}" for part in intent.parts]
    items += _nearest(intent, held, provider)
    calls = [call for trial in TRIALS if trial.intent == intent.id for call in trial.may_not]
    refused = dict.fromkeys(call.operation for call in calls if call.operation.lower() not in held)
    items.append(f"Refused, as tried: the same beyond what is granted on; {_listed(refused, provider)}")
    text = " ".join(filter(None, (intent.purpose, intent.excludes, intent.notes)))
    listed = "".join(f"{wrapped(item, '- ')}\n" for item in items)
    return f"### {intent.id}\n\n{wrapped(text)}\n\n{listed}"


def _listed(names: Iterable[str], provider: str = "") -> str:
    return ", ".join(f"`{name.removeprefix(f'{provider}/')}`" for name in names)


def _nearest(intent: AzureIntent, held: frozenset[str], provider: str) -> Iterator[str]:
    if intent.actions == intent.nearest:
        yield "It is a built-in role, assigned as it is"
        return
    for role in intent.nearest:
        beyond = [pattern for pattern in patterns_in(role) if not operations_in(pattern) <= held]
        besides = f"also permits {_listed(beyond, provider)}" if beyond else "permits nothing else"
        yield f"Nearest built-in role: `{role}`, which {besides}"


def _asked_rows() -> Iterator[str]:
    """Write one row for all intents about which the same operations are asked, for the same reason."""
    asked: dict[tuple[str, str], dict[str, None]] = {}
    for trial in TRIALS:
        for call in trial.calls:
            if call.double_lacks:
                asked.setdefault((trial.intent, call.double_lacks), {})[call.operation] = None
    rows: dict[tuple[str, frozenset[str]], list[str]] = {}
    for (intent, lacks), operations in asked.items():
        rows.setdefault((lacks, frozenset(operations)), []).append(intent)
    for (lacks, same), intents in rows.items():
        yield f"| {_listed(intents)} | {_listed(sorted(same))} | {lacks} |\n"
