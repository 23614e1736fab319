"""Which identities can become an administrator, over identities and clouds: backwards from these, breadth first.

A round is one query: whoever may step to what the round before has reached, and was not reached itself. Each identity
is reached once, by a shortest way; of several the first in the alphabet is told. Certain steps are walked first; who is
reached only by way of a condition that cannot be decided is told as doubtful.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from nhi_components.core.errors import NhiError
from nhi_components.core.inventory.verdicts import Verdict
from nhi_components.lifecycle.verdicts.columns import accountable
from nhi_components.lifecycle.verdicts.engines import keep, size
from nhi_components.lifecycle.verdicts.powers import of_nodes, weighed_rows
from nhi_components.lifecycle.verdicts.readings import Readings
from nhi_components.lifecycle.verdicts.readings.rows import ENDS
from nhi_components.lifecycle.verdicts.settings import STANDARD, Weights

if TYPE_CHECKING:
    import ibis

    from nhi_components.lifecycle.verdicts.estate import Estate

PATH: Final = "path"
DOUBTFUL: Final = "doubtful"
MOST_ROUNDS: Final = 1000
"""Steps of the longest way that is followed."""
_MOST_TOLD: Final = 12
"""Steps of the longest way that is told step by step."""
_MOST_PARTS: Final = 16
"""Rounds that are looked through one by one, before they are put together."""
_COLUMNS: Final = ("node", "hops", "next", "tale", "end")


def path_to_admin(estate: Estate, weights: Weights = STANDARD.weights, readings: Readings | None = None) -> ibis.Table:
    """Give the verdicts on who can become an administrator, or as good as one, without being that itself.

    Args:
        estate: the identities.
        weights: points by degree.
        readings: what was read of the estate, when that was done before.

    Returns:
        A table of `key`, `unique_id`, `verdict`, `degree`, `reason` and `points`; the degree is `path`, or `doubtful`
        when the way hangs on a condition that cannot be decided.

    Raises:
        NhiError: a way is longer than is followed.
    """
    import ibis

    ways = paths_to_admin(estate, readings)
    identities = accountable(estate)
    told = identities.join(ways.filter(ways.hops > 0), identities.key == ways.node)
    degree = ibis.cases((told.certain, PATH), else_=DOUBTFUL)
    reason = told.key + " " + told.tale
    points = {PATH: weights.path, DOUBTFUL: weights.doubtful_path}
    return weighed_rows(told, Verdict.PATH_TO_ADMIN, degree, reason, points)


def paths_to_admin(estate: Estate, readings: Readings | None = None, *, most: int = MOST_ROUNDS) -> ibis.Table:
    """Give the way of everything that has one.

    Args:
        estate: the identities.
        readings: what was read of the estate, when that was done before.
        most: steps of the longest way that is followed.

    Returns:
        A table of `node`, `hops` (0 for who is as good as administrator itself), `next` (the node that it becomes
        first; itself without hops), `tale` (the way, as the end of a sentence that begins with the node), `end` (where
        it ends, likewise) and `certain`.

    Raises:
        NhiError: a way is longer than is followed.
    """
    known = readings or Readings(estate)
    held = of_nodes(known)
    powerful = held.filter(held.degree.isin([each.value for each in ENDS])).anti_join(_disabled(estate), "node")
    ends = keep(estate, powerful)
    certain = _walk(
        _Walk(estate, known.names, known.steps.filter(known.steps.certain), most), ends.filter(ends.certain)
    )
    doubts = size(ends.filter(~ends.certain)) + size(known.steps.filter(~known.steps.certain))
    if not doubts:
        return certain.mutate(certain=True)
    every = _walk(_Walk(estate, known.names, known.steps, most), ends)
    doubtful = every.anti_join(certain, "node").mutate(certain=False)
    return keep(estate, certain.mutate(certain=True).union(doubtful))


class _Walk(NamedTuple):
    estate: Estate
    names: ibis.Table
    steps: ibis.Table
    most: int


def _walk(walk: _Walk, ends: ibis.Table) -> ibis.Table:
    """Walk backwards from ends: `node`, `hops`, `next`, `tale`, and `end`, the tale of a long way's end."""
    import ibis

    estate = walk.estate
    found = _first(ends.select("node", "degree", tale="how"), "node", ["degree", "tale"])
    end = ibis.literal("becomes ") + found.node + ", which " + found.tale
    start = found.select("node", "tale", hops=ibis.literal(0, "int64"), next="node", end=end)
    seen = fresh = keep(estate, start.select(*_COLUMNS))
    used = keep(estate, walk.steps.select(name="source").distinct().limit(0))
    for hop in range(1, walk.most + 2):
        opened = keep(estate, _opened(walk, fresh, used))
        reached = walk.names.join(opened, "name").select("node", "how", "next", "tale", "end")
        reached = _first(reached.anti_join(seen, "node"), "node", ["next", "how"])
        reached = reached.anti_join(_disabled(estate), "node")
        rest = reached.tale if hop <= _MOST_TOLD else ibis.literal(f"in {hop - 1} more steps ") + reached.end
        told = ibis.literal("may ") + reached.how + " " + reached.next + ", which " + rest
        step = reached.select("node", hops=ibis.literal(hop, "int64"), next="next", tale=told, end="end")
        fresh = keep(estate, step.select(*_COLUMNS))
        if not size(fresh):
            return seen
        seen, used = seen.union(fresh), used.union(opened.select("name"))
        if hop % _MOST_PARTS == 0:
            seen, used = keep(estate, seen), keep(estate, used)
    raise NhiError(f"verdicts: a way to an administrator has more than {walk.most} steps, which is not followed")


def _opened(walk: _Walk, fresh: ibis.Table, used: ibis.Table) -> ibis.Table:
    """Give the names by which one steps to what was just reached; those that were used before lead to nobody new."""
    steps = walk.steps
    into = steps.join(fresh, steps.target == fresh.node)
    into = into.select(name="source", how="how", next="target", tale="tale", end="end")
    return _first(into.anti_join(used, "name"), "name", ["next", "how"])


def _first(rows: ibis.Table, by: str, order: list[str]) -> ibis.Table:
    """Give one row of each: the first in order."""
    import ibis

    window = ibis.window(group_by=by, order_by=[rows[name] for name in order])
    return rows.mutate(nth=ibis.row_number().over(window)).filter(lambda t: t.nth == 0).drop("nth")


def _disabled(estate: Estate) -> ibis.Table:
    """Give what nobody can use at present, so that no way leads through it."""
    table = estate["identities"]
    usable = table.filter(~table.disabled).select(node="key").distinct()
    return table.filter(table.disabled).select(node="key").distinct().anti_join(usable, "node")
