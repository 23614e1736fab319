"""Identities that do the same: the same may become them, and they may do the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from nhi_components.core.inventory.records import Subject
from nhi_components.core.inventory.verdicts import Verdict
from nhi_components.lifecycle.verdicts.columns import accountable, verdict
from nhi_components.lifecycle.verdicts.duties import holders
from nhi_components.lifecycle.verdicts.settings import VerdictSettings

if TYPE_CHECKING:
    import ibis

    from nhi_components.lifecycle.verdicts.estate import Estate

_IMPLIED: Final = frozenset({"kubernetes-group"})
"""Kinds of carriers that everybody of a place has, so that they do not tell what one is for."""
_NAMES: Final = _IMPLIED | {"client-id", "service-principal"}
"""And those that are another name of the identity itself."""
_BINDING: Final = "kubernetes-role-binding"
_OF_BINDING: Final = ": kubernetes rolebinding:([^/]+)/"
"""Which namespace a role is bound in."""


def duplicate(estate: Estate, settings: VerdictSettings) -> ibis.Table:
    """Find identities of one place and kind, of one owner and environment, with the same privileges and ways in.

    An identity without privileges is no duplicate of another: nothing tells what it is for.
    """
    import ibis

    identities = accountable(estate)
    whole = identities.select("key", "unique_id", "system", "place", "kind", "name")
    for name, words in (
        ("privileges", _privileges(estate)),
        ("ways_in", _ways_in(estate)),
        ("purpose", _said(estate)),
    ):
        joined = words.group_by("key").aggregate(**{name: _joined})
        whole = whole.left_join(joined, "key").drop("key_right")
    whole = whole.filter(whole.privileges.notnull())
    whole = whole.mutate(ways_in=whole.ways_in.fill_null(""), purpose=whole.purpose.fill_null(""))
    alike = ["system", "place", "kind", "privileges", "ways_in", "purpose"]
    groups = whole.group_by(alike).aggregate(many=whole.count(), first=whole.name.min(), last=whole.name.max())
    found = whole.join(groups.filter(groups.many > 1), alike)
    other = ibis.ifelse(found.name == found["first"], found["last"], found["first"])
    more = ibis.ifelse(found.many > 2, ibis.literal(" and ") + (found.many - 2).cast("string") + " more", "")
    reason = ibis.literal("the same may become it, and it may do the same, as ") + other + more
    return verdict(found, Verdict.DUPLICATE, "", reason, settings.weights.duplicate)


def _privileges(estate: Estate) -> ibis.Table:
    """Give what identities hold, each set of grants by the first of those that grant it, in whatever document."""
    import ibis

    grants, carriers = estate["grants"], estate["carriers"]
    sign = ibis.ifelse(grants.denied, "-", "+")
    word = sign + grants.privilege + "\t" + grants.target + "\t" + grants.condition
    granted = grants.select("holder", word=word).group_by("holder").aggregate(words=_joined)
    same = granted.group_by("words").aggregate(first=granted.holder.min())
    sets = granted.join(same, "words").select("holder", word=ibis.literal("+") + same["first"])
    held = holders(estate, _IMPLIED)
    giving = carriers.filter(carriers.kind.notin(sorted(_NAMES))).select(holder="carrier", kind="kind").distinct()
    bare = giving.anti_join(sets, "holder").anti_join(carriers, giving.holder == carriers.identity)
    places = giving.filter(giving.kind == _BINDING)
    within = places.select("holder", word=ibis.literal("in ") + places.holder.re_extract(_OF_BINDING, 1))
    words = ibis.union(sets, bare.select("holder", word=ibis.literal("=") + bare.kind + " " + bare.holder), within)
    return held.join(words, "holder").select("key", "word").distinct()


def _joined(words: ibis.Table) -> ibis.Value:
    return words.word.collect().unique().sort().join("\n")


def _ways_in(estate: Estate) -> ibis.Table:
    steps = estate["steps"]
    return steps.select(key=steps.target, word=steps.how + "\t" + steps.source_key + "\t" + steps.condition)


def _said(estate: Estate) -> ibis.Table:
    """Give owners and environments: what serves another owner, or another environment, is no duplicate."""
    knowledge = estate["knowledge"]
    told = knowledge.filter(knowledge.subject.isin([str(Subject.OWNER), str(Subject.ENVIRONMENT)]))
    return told.select(key=told.identity, word=told.subject + "\t" + told.value.lower())
