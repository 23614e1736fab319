"""Which identities may do more than they should need: administrators, as good as ones, holders of whole services."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from nhi_components.core.inventory.records import Guard
from nhi_components.core.inventory.verdicts import Verdict
from nhi_components.lifecycle.verdicts.columns import accountable
from nhi_components.lifecycle.verdicts.columns import verdict as rows_of_verdict
from nhi_components.lifecycle.verdicts.readings import Readings
from nhi_components.lifecycle.verdicts.readings.rows import Degree
from nhi_components.lifecycle.verdicts.settings import STANDARD, Weights

if TYPE_CHECKING:
    import ibis

    from nhi_components.lifecycle.verdicts.estate import Estate

_DEGREES: Final = tuple(Degree)


def over_privileged(
    estate: Estate, weights: Weights = STANDARD.weights, readings: Readings | None = None
) -> ibis.Table:
    """Give the verdicts on what identities may do themselves: one row for each degree that an identity has.

    An administrator is told as that alone; one that is as good as that is not told of wildcards. What hangs on a
    condition that cannot be decided says so. Documents that cannot be judged have a degree of their own, `unjudged`.

    Args:
        estate: the identities.
        weights: points by degree.
        readings: what was read of the estate, when that was done before.

    Returns:
        A table of `key`, `unique_id`, `verdict`, `degree`, `reason` and `points`.
    """
    import ibis

    known = readings or Readings(estate)
    held = of_nodes(known)
    identities = accountable(estate).select("key", "unique_id", "guard")
    judged = identities.join(held, held.node == identities.key)
    worst = judged.mutate(rank=_ranked(judged.degree))
    one = ibis.window(group_by=["key", "unique_id", "degree"], order_by=[worst.certain.desc(), worst.how])
    first = worst.mutate(nth=ibis.row_number().over(one)).filter(lambda t: t.nth == 0)
    least = first.rank.min().over(ibis.window(group_by=["key", "unique_id"]))
    told = first.mutate(least=least).filter(lambda t: (t.rank == t.least) | (t.degree == Degree.UNJUDGED.value))
    doubt = ibis.cases((told.certain, ""), else_=", under a condition that cannot be decided here")
    points = {
        Degree.ADMINISTRATOR.value: weights.administrator,
        Degree.SELF_ESCALATING.value: weights.self_escalating,
        Degree.WILDCARD.value: weights.wildcard,
        Degree.UNJUDGED.value: weights.unjudged,
    }
    return weighed_rows(told, Verdict.OVER_PRIVILEGED, told.degree, told.key + " " + told.how + doubt, points)


def of_nodes(readings: Readings) -> ibis.Table:
    """Give the powers of every node, by whatever name it has them: `node`, `degree`, `how`, `certain`."""
    names, powers = readings.names, readings.powers
    return names.join(powers, names.name == powers.name).select("node", "degree", "how", "certain").distinct()


def weighed_rows(
    told: ibis.Table,
    verdict: Verdict,
    degree: ibis.expr.types.StringValue,
    reason: ibis.expr.types.StringValue,
    points: Mapping[str, int],
) -> ibis.Table:
    """Give rows of verdicts; an identity for emergencies is told without points, as it has its power by intent.

    Args:
        told: rows with `key`, `unique_id` and `guard`.
        verdict: which.
        degree: of each row.
        reason: of each row.
        points: by degree.
    """
    import ibis

    guarded = told.guard.fill_null("") == Guard.BREAK_GLASS.value
    weighed = ibis.cases((guarded, 0), *((degree == name, each) for name, each in points.items()), else_=0)
    why = reason + ibis.cases((guarded, f" (guarded: {Guard.BREAK_GLASS.value})"), else_="")
    return rows_of_verdict(told, verdict, degree, why, weighed)


def _ranked(degree: ibis.expr.types.StringValue) -> ibis.expr.types.IntegerValue:
    import ibis

    ranks = ((degree == each.value, ibis.literal(rank, "int64")) for rank, each in enumerate(_DEGREES))
    return ibis.cases(*ranks, else_=len(_DEGREES))
