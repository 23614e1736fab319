"""Segregation of duties: what one identity must not hold both, and environments that must not reach one another."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from nhi_components.core.glob import glob_matcher
from nhi_components.core.inventory.records import Subject
from nhi_components.core.inventory.verdicts import Verdict
from nhi_components.lifecycle.verdicts.becoming import BOUNDARY, reached
from nhi_components.lifecycle.verdicts.columns import accountable, verdict
from nhi_components.lifecycle.verdicts.settings import Conflict, VerdictSettings

if TYPE_CHECKING:
    import ibis

    from nhi_components.lifecycle.verdicts.estate import Estate
    from nhi_components.lifecycle.verdicts.readings import Readings

_ALL_BUT: Final = "all but "
"""How a privilege begins that is everything but what it names."""
_ENVIRONMENTS: Final[Mapping[str, str]] = {
    "production": "prod",
    "prd": "prod",
    "live": "prod",
    "staging": "stage",
    "stg": "stage",
    "preprod": "stage",
    "development": "dev",
    "testing": "test",
}


def mixed_duties(estate: Estate, settings: VerdictSettings) -> ibis.Table:
    """Find identities that hold privileges of both duties of a conflict; who may do everything is told as that.

    What is denied on everything is not held, nor what a boundary does not let through.
    """
    import ibis

    grants = estate["grants"].mutate(system=estate["grants"].source.split("/")[0])
    distinct = grants.select("system", "privilege").distinct().to_pyarrow().to_pylist()
    schema = {"system": "string", "privilege": "string", "whole": "boolean"}
    schema |= {"conflict": "string", "side": "int64", "duty": "string", "why": "string"}
    rows = [row for each in distinct for row in _duties(each, settings.conflicts)]
    duties = grants.join(ibis.memtable(rows, schema=ibis.schema(schema)), ["system", "privilege"])
    covered = holders(estate, (BOUNDARY,)).join(duties, "holder")
    barred = covered.filter(covered.denied & (covered.condition == "") & (covered.target == "*"))
    held = covered.filter(~covered.denied & ~covered.whole).anti_join(barred, ["key", "conflict", "duty"])
    caps = estate["carriers"].filter(estate["carriers"].kind == BOUNDARY).select(key="identity", holder="carrier")
    within = caps.join(duties.filter(~duties.denied), "holder").select("key", "conflict", "duty").distinct()
    capped = held.semi_join(caps, "key").anti_join(within, ["key", "conflict", "duty"])
    held = held.anti_join(capped, ["key", "conflict", "duty"])
    sides = held.group_by(["key", "unique_id", "conflict", "side"]).aggregate(
        privilege=held.privilege.min(), why=held.why.min()
    )
    one, other = sides.filter(sides.side == 0), sides.filter(sides.side == 1)
    found = one.join(other, ["key", "unique_id", "conflict"])
    reason = ibis.literal("may ") + found.privilege + " and " + found.privilege_right + ": " + found.why
    return verdict(found, Verdict.MIXED_DUTIES, found.conflict, reason, settings.weights.mixed_duties)


def mixed_environments(estate: Estate, settings: VerdictSettings, readings: Readings) -> ibis.Table:
    """Find identities that can become one of another environment, where both environments are told.

    Steps are put together by environment before they meet who may take them: where many may become many, the pairs
    are never made.

    Args:
        estate: the identities.
        settings: what the team sets.
        readings: by which names identities go, and the steps from one to another.
    """
    import ibis

    said, names = _environments(estate), readings.names
    steps = readings.steps.filter(readings.steps.certain)
    reached_there = steps.join(said, steps.target == said.key)
    by_name = reached_there.group_by(["source", "environment"]).aggregate(target=reached_there.target.min())
    theirs = said.view()
    going = names.join(theirs, names.node == theirs.key).select("node", "name", mine=theirs.environment)
    both = going.join(by_name, going.name == by_name.source)
    across = both.filter(both.mine != both.environment)
    first = across.group_by("node").aggregate(
        target=across.target.min(), mine=across.mine.min(), theirs=across.environment.argmin(across.target)
    )
    identities = accountable(estate).select("key", "unique_id")
    found = identities.join(first, identities.key == first.node)
    reason = ibis.literal("is of ") + found.mine + " and can become " + found.target + " of " + found.theirs
    return verdict(found, Verdict.MIXED_DUTIES, "environments", reason, settings.weights.mixed_environments)


def holders(estate: Estate, without: Collection[str]) -> ibis.Table:
    """Give by identity everything whose grants it has, itself and its carriers: `key`, `unique_id`, `holder`.

    Args:
        estate: the identities.
        without: kinds of carriers that are not followed.
    """
    identities, carriers = accountable(estate).select("key", "unique_id"), estate["carriers"]
    giving = carriers.filter(~carriers.kind.isin(sorted(without))).select(node="identity", name="carrier").distinct()
    through = reached(estate, giving.filter(giving.node != giving.name))
    theirs = identities.join(through, identities.key == through.node).select("key", "unique_id", holder="name")
    return identities.mutate(holder=identities.key).union(theirs)


def _duties(held: Mapping[str, str], conflicts: Mapping[str, Conflict]) -> Iterator[dict[str, Any]]:
    """Yield the privileges of duties that a pattern covers, and whether it is nothing but a wildcard."""
    pattern = held["privilege"].lower()
    but = [glob_matcher(each) for each in pattern.removeprefix(_ALL_BUT).split()] if _ALL_BUT in pattern else []
    whole = bool(but) or not pattern.strip("*:/.")
    covers = glob_matcher("*" if whole else pattern)
    for name, conflict in conflicts.items():
        for side, duty in enumerate((conflict.one, conflict.other)):
            for privilege in duty.get(held["system"], ()):  # type: ignore[call-overload] # a StrEnum's value
                if covers(privilege) and not any(excluded(privilege) for excluded in but):
                    about = {"conflict": name, "side": side, "duty": privilege, "why": conflict.why}
                    yield {**held, "whole": whole, **about}


def _environments(estate: Estate) -> ibis.Table:
    knowledge = estate["knowledge"]
    said = knowledge.filter(knowledge.subject == str(Subject.ENVIRONMENT))
    plain = said.value.lower().substitute(dict(_ENVIRONMENTS))
    told = said.select(key=said.identity, environment=plain)
    # Where sources contradict one another nothing is concluded.
    settled = told.group_by("key").aggregate(environment=told.environment.min(), many=told.environment.nunique())
    return settled.filter(settled.many == 1).select("key", "environment")
