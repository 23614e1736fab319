"""Writes the part of docs/intents.md on Google Cloud, for `python -m tests.engine.intents.documentation`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby

from nhi_components.core.gcp_catalogue import permissions_of
from nhi_components.core.gcp_intents import INTENTS, GcpIntent
from nhi_components.core.gcp_resource import WITHOUT_CONDITIONS
from nhi_components.core.intents import Part
from tests.conformance.gcp_intents.trials import TRIALS
from tests.pages import wrapped

_SHOWN = 8

_INTRODUCTION = """\
# Intents on Google Cloud

```python
from nhi_components import gcp

grants = gcp.intents.pubsub.publish(topic.id) + gcp.intents.storage.read_objects(bucket.name, prefix="in/")
```

The target is what Pulumi shows as `id`: the relative name of one resource, of a bucket its name alone. It is text,
whose shape is checked at once, or an output, which is checked when it is known and before anything is bound. A custom
role belongs to one project: `project=` names that of a target whose name does not tell, when it is not the identity's
own.

The permissions of an intent become one custom role, which is bound on the target and on nothing above it. For
credentials, that is to read secrets and to mint tokens, a predefined role is bound instead: a custom one would wait in
the project for whoever binds it more widely. Each intent names the predefined role that comes nearest, and what that
would grant besides. Where the target's kind takes conditional bindings, the grant ends by itself on the identity's last
day; where it takes none, the end is recorded, and enforced by suspending the account.

Every intent is tried: calls that it must allow, the same calls on other resources and in another project, and the
dangerous calls nearby. Of {all} calls, {made} are made as REST calls, with access tokens of an account that has nothing
else, on the double of Google Cloud in `tools/doubles/gcp`: not Google's own system, but one that evaluates allow
policies and asks for the permissions that Google documents for each method. An allowed call has to be answered, a
refused one has to be refused for its permission (`tests/conformance/gcp_intents`). All are also judged by the grants
alone; the end of this page names those that are judged so only. The project's rules find nothing bad in any intent or
in any two together.
"""

_NO_INTENT = """\
## What is no intent on Google Cloud

| what | why |
| --- | --- |
| listing the objects below a prefix | `storage.objects.list` is asked for on the bucket: a condition on objects' \
names would refuse every listing |
| deploying to Cloud Run | `run.services.update` runs any code as the service's account, with \
`iam.serviceAccounts.actAs` on it |
| access tokens, signed blobs and JWTs of another account | each is as good as being the account; who may become one \
is said where it is made |
| measuring a subscription's backlog | Cloud Monitoring tells it, for all that a project measures: \
`monitoring.timeSeries.list` |
| changing or deleting rows of a table | a job with `bigquery.tables.updateData` does, see `bigquery.append_rows`; \
nothing tells it from appending |
"""

_JUDGED = """\
## Judged by the grants alone, not by the double of Google Cloud

| intent | permission | why not by the double |
| --- | --- | --- |
"""


def gcp_part() -> str:
    """Write everything about Google Cloud."""
    calls = [call for trial in TRIALS for call in trial.calls]
    made = sum(not call.double_lacks for call in calls)
    services = groupby(INTENTS.values(), key=lambda intent: intent.service)
    sections = ((f"## {service}\n", *map(_section, intents)) for service, intents in services)
    introduction = _INTRODUCTION.format(all=len(calls), made=made)
    return "\n".join([introduction, *chain.from_iterable(sections), _NO_INTENT, _JUDGED + "".join(_judged_rows())])


def _section(intent: GcpIntent) -> str:
    assert intent.target
    items = [f"Target: {intent.target.what}, such as `{intent.target.example}`"]
    items += (f"`{each.name}`, optional: {each.meaning}; {each.shape.what}" for each in intent.parameters)
    items += (f"Grants {_part(part)}" for part in intent.parts)
    recorded = "only recorded: its kind takes no conditional binding"
    ends = recorded if intent.kind in WITHOUT_CONDITIONS else "enforced, by a condition of the binding"
    items += [f"Its end is {ends}", _nearest(intent)]
    held = {name for action in intent.actions for name in permissions_of(action) or {action}}
    refused = dict.fromkeys(call.permission for trial in TRIALS if trial.intent == intent.id for call in trial.may_not)
    items.append(f"Refused, as tried: the same beyond what is granted on; {_listed(refused.keys() - held, refused)}")
    text = " ".join(filter(None, (intent.purpose, intent.excludes, intent.notes)))
    listed = "".join(f"{wrapped(item, '- ')}\n" for item in items)
    return f"### {intent.id}\n\n{wrapped(text)}\n\n{listed}"


def _listed(names: Iterable[str], order: Iterable[str]) -> str:
    wanted = set(names)
    return ", ".join(f"`{name}`" for name in order if name in wanted)


def _part(part: Part) -> str:
    actions = ", ".join(f"`{action}`" for action in part.actions)
    on = " and ".join(f"`{template}`" for template in part.on)
    otherwise = "".join(f"; without `prefix` on `{template}`" for template in part.otherwise)
    return f"{actions} on {on}{otherwise}"


def _nearest(intent: GcpIntent) -> str:
    if intent.actions == (intent.nearest,):
        beyond = sorted(name for name in permissions_of(intent.nearest) or () if not name.startswith(intent.service))
        more = f"; its {', '.join(f'`{name}`' for name in beyond)} mean nothing there" if beyond else ""
        return f"It is a predefined role, bound as it is{more}"
    beyond = sorted((permissions_of(intent.nearest) or frozenset()) - set(intent.actions))
    if not beyond:
        return f"Nearest predefined role: `{intent.nearest}`, which grants the same"
    shown, left = beyond[:_SHOWN], len(beyond) - _SHOWN
    rest = f" and {left} more" if left > 0 else ""
    return f"Nearest predefined role: `{intent.nearest}`, which also grants {_listed(shown, shown)}{rest}"


def _judged_rows() -> Iterator[str]:
    rows = {
        (trial.intent, call.permission, call.double_lacks): None
        for trial in TRIALS
        for call in trial.calls
        if call.double_lacks
    }
    yield from (f"| `{intent}` | `{permission}` | {lacks} |\n" for intent, permission, lacks in rows)
