"""Who answers for an identity: shadow, unowned and orphaned ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nhi_components.core.inventory.records import Manager
from nhi_components.core.inventory.verdicts import Verdict
from nhi_components.core.links import System
from nhi_components.lifecycle.verdicts.columns import accountable, day, verdict
from nhi_components.lifecycle.verdicts.settings import VerdictSettings

if TYPE_CHECKING:
    import ibis

    from nhi_components.lifecycle.verdicts.estate import Estate


def shadow(estate: Estate, settings: VerdictSettings) -> ibis.Table:
    """Find identities that bear no lease, and that no stack and no state which was read has made."""
    import ibis

    identities = accountable(estate)
    identities = identities.filter(identities.lease.isnull())
    found = identities.anti_join(_declared(estate), ["key", "unique_id"])
    declarations = estate["declarations"].filter(estate["declarations"].gone_at.isnull())
    counted = found.cross_join(declarations.aggregate(read=declarations.stack.nunique()))
    some = (
        ibis.literal("none of the ") + counted["read"].cast("string") + " stacks and states that were read has made it"
    )
    reason = ibis.literal("bears no lease, and ") + ibis.ifelse(counted["read"] > 0, some, "no stack or state was read")
    return verdict(counted, Verdict.SHADOW, "", reason, settings.weights.shadow)


def unowned(estate: Estate, settings: VerdictSettings) -> ibis.Table:
    """Find identities of which nothing says who owns them."""
    found = accountable(estate).anti_join(estate["owners"], "key")
    reason = "no mark, file, stack, commit or directory says who owns it"
    return verdict(found, Verdict.UNOWNED, "", reason, settings.weights.unowned)


def orphaned(estate: Estate, settings: VerdictSettings) -> list[ibis.Table]:
    """Find identities whose owners have left or are unknown, and whose stacks or dependents are gone."""
    return [*_without_owner(estate, settings), _without_stack(estate, settings), _without_dependents(estate, settings)]


def _declared(estate: Estate) -> ibis.Table:
    """Give the identities that a declaration is of; see `core.inventory.declaring.declares`."""
    declarations = estate["declarations"]
    return _declared_by(estate, declarations.filter(declarations.gone_at.isnull()))


def _declared_by(estate: Estate, declarations: ibis.Table) -> ibis.Table:
    import ibis

    called = estate["called"]
    folded = declarations.mutate(
        identity=ibis.ifelse(
            declarations.system == str(System.AZURE), declarations.identity.lower(), declarations.identity
        ),
        declared_id=declarations.unique_id,
    )
    folded = folded.select("system", "identity", "declared_id", "manager", "stack", "gone_at")
    same = called.join(folded, [called.system == folded.system, called.called == folded.identity])
    return same.filter((same.declared_id == "") | (same.declared_id == same.unique_id))


def _without_owner(estate: Estate, settings: VerdictSettings) -> list[ibis.Table]:
    """No owner is still there; nothing is said while no directory has been read."""
    import ibis

    told = (
        _owners(estate)
        .group_by("key")
        .aggregate(
            present=ibis._.present.max(),
            known=ibis._.known.max(),
            left_at=ibis._.left_at.max(),
            owner=ibis._.owner.min(),
            many=ibis._.owner.nunique(),
        )
    )
    directories = estate["names"].aggregate(directories=estate["names"].count())
    lost = told.filter(~told.present).cross_join(directories)
    found = accountable(estate).join(lost.filter(lost.directories > 0), "key")
    who = ibis.ifelse(found.many > 1, found.owner + " and every other owner", found.owner)
    since = ibis.ifelse(found.left_at.notnull(), ibis.literal(" on ") + day(found.left_at), "").fill_null("")
    nowhere = who + " is in no directory that was read"
    weights = settings.weights
    return [
        verdict(
            found.filter(found.known), Verdict.ORPHANED, "owner-left", who + " has left" + since, weights.owner_left
        ),
        verdict(found.filter(~found.known), Verdict.ORPHANED, "owner-unknown", nowhere, weights.owner_unknown),
    ]


def _owners(estate: Estate) -> ibis.Table:
    """Give each owner with what directories tell: of several the one that was read last; see `inventory.people`."""
    import ibis

    owners, names = estate["owners"], estate["names"]
    likeliest = owners.join(names, "name").group_by(["key", "owner"]).aggregate(rank=ibis._.rank.min())
    meant = owners.join(likeliest, ["key", "owner", "rank"]).join(names, "name")
    latest = meant.group_by(["key", "owner"]).aggregate(latest=meant.told_in.max())
    newest = meant.join(latest, ["key", "owner"]).filter(ibis._.told_in == ibis._.latest)
    told = newest.group_by(["key", "owner"]).aggregate(present=newest.active.max(), left_at=newest.since.max())
    every = owners.select("key", "owner").distinct().left_join(told, ["key", "owner"])
    return every.select(
        "key", "owner", "left_at", present=every.present.fill_null(False), known=every.present.notnull()
    )


def _without_stack(estate: Estate, settings: VerdictSettings) -> ibis.Table:
    """A stack or state has told of it, and nothing that is read does any more."""
    import ibis

    declarations = estate["declarations"]
    before = _declared_by(estate, declarations.filter(declarations.gone_at.notnull()))
    lost = before.anti_join(_declared(estate), ["key", "unique_id"])
    last: Any = lost.group_by(["key", "unique_id"]).aggregate(
        stack=lost.stack.max(), gone_at=lost.gone_at.max(), manager=lost.manager.max()
    )
    found = accountable(estate).select("key", "unique_id").join(last, ["key", "unique_id"])
    what = ibis.ifelse(found.manager == str(Manager.PULUMI), "stack ", "state ")
    reason = what + found.stack + " has not declared it since " + day(found.gone_at)
    return verdict(found, Verdict.ORPHANED, "stack-gone", reason, settings.weights.stack_gone)


def _without_dependents(estate: Estate, settings: VerdictSettings) -> ibis.Table:
    """Something has run as it, and nothing does any more."""
    import ibis

    dependents = estate["dependents"]
    told = dependents.group_by(dependents.identity.name("key")).aggregate(
        living=dependents.gone_at.isnull().sum(),
        last=dependents.name.max(),
        kind=dependents.kind.max(),
        gone_at=dependents.gone_at.max(),
        told_in=dependents.last_scan.max(),
    )
    found = accountable(estate).join(told.filter(told.living == 0), "key")
    # One made anew under the key has had none of them.
    found = found.filter(found.first_scan <= found.told_in)
    reason = ibis.literal("the last that depended on it is gone since ") + day(found.gone_at_right)
    return verdict(found, Verdict.ORPHANED, "dependents-gone", reason, settings.weights.dependents_gone)
