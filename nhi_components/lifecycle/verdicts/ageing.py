"""What time does to identities: unused ones, those past their end, credentials without end and old ones."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from nhi_components.core.inventory.verdicts import Verdict
from nhi_components.lifecycle.verdicts.columns import accountable, day, days_before, naive, stepped, verdict
from nhi_components.lifecycle.verdicts.settings import VerdictSettings

if TYPE_CHECKING:
    import ibis

    from nhi_components.lifecycle.verdicts.estate import Estate


def unused(estate: Estate, settings: VerdictSettings, now: datetime) -> ibis.Table:
    """Find identities that nothing has used for too long, as far as their system tells of uses at all.

    A use of a credential is a use of its identity. Of one that was never used the time counts from when uses would be
    known, or from when it was made; where its system does not tell that, from when it was first known to be there: by
    its oldest credential, or by a scan.
    """
    import ibis

    identities, credentials = accountable(estate), estate["credentials"]
    uses = ["key", "used_at", "watched_since", "use_as_of"]
    living = credentials.filter(~credentials.disabled)
    every = ibis.union(
        identities.select(uses), living.select(key=living.identity, **{each: living[each] for each in uses[1:]})
    )
    newest = every.group_by("key").aggregate(
        last=every.used_at.max(), since=every.watched_since.max(), until=every.use_as_of.min()
    )
    oldest = credentials.group_by(credentials.identity.name("key")).aggregate(known=credentials.created_at.min())
    scans = estate["scans"]
    there = identities.join(scans, identities.first_scan == scans.id).left_join(oldest, "key")
    made = ibis.coalesce(there.created_at, ibis.least(there.started_at, there.known))
    found = there.select("key", "unique_id", made=made).join(newest, "key")
    found = found.filter(found.since.notnull())
    found = found.mutate(quiet=ibis.coalesce(found.last, ibis.greatest(found.since, found.made)))
    # What was used after `until` is not told yet, so that it must not be called unused since then.
    until = ibis.least(found.until, ibis.literal(naive(now)))
    unseen = ibis.coalesce(until.epoch_seconds(), int(now.timestamp()))
    found = found.mutate(days=((unseen - found.quiet.epoch_seconds()) // (24 * 60 * 60)).cast("int64"))
    found = found.filter(found.days >= min(settings.unused))
    degree, points = stepped(found.days, settings.unused)
    what = ibis.ifelse(found.last.notnull(), "last used on ", "never seen in use since ")
    reason = what + day(found.quiet) + ", " + found.days.cast("string") + " days ago"
    return verdict(found, Verdict.UNUSED, degree, reason, points)


def expired(estate: Estate, settings: VerdictSettings, now: datetime) -> list[ibis.Table]:
    """Find identities that live on after their end, and credentials that have ended and are still there."""
    import ibis

    identities, credentials = accountable(estate), estate["credentials"]
    past = identities.filter(identities.ends.notnull() & (identities.ends <= ibis.literal(naive(now).date())))
    lapsed = credentials.filter(credentials.expires_at.notnull() & (credentials.expires_at <= ibis.literal(naive(now))))
    first = lapsed.group_by(lapsed.identity.name("key")).aggregate(
        ended=lapsed.expires_at.min(), what=lapsed.kind.min(), many=lapsed.count()
    )
    left = identities.select("key", "unique_id").join(first, "key")
    ended = ibis.literal("its end was ") + past.ends.cast("string") + ibis.ifelse(past.disabled, "; it is disabled", "")
    still = (
        left.many.cast("string") + " of its credentials have ended and are still there, the first on " + day(left.ended)
    )
    weights = settings.weights
    return [
        verdict(past, Verdict.EXPIRED, "identity", ended, weights.expired),
        verdict(left, Verdict.EXPIRED, "credential", still, weights.expired_credential),
    ]


def endless(estate: Estate, settings: VerdictSettings) -> ibis.Table:
    """Find identities with a usable credential that never ends by itself."""
    identities, credentials = accountable(estate), estate["credentials"]
    usable = credentials.filter(credentials.expires_at.isnull() & ~credentials.disabled)
    counted = usable.group_by(usable.identity.name("key")).aggregate(many=usable.count(), what=usable.kind.min())
    found = identities.select("key", "unique_id").join(counted, "key")
    reason = found.many.cast("string") + " of its credentials never end, such as: " + found.what
    return verdict(found, Verdict.ENDLESS, "", reason, settings.weights.endless)


def old_credential(estate: Estate, settings: VerdictSettings, now: datetime) -> ibis.Table:
    """Find identities with a usable credential that was made or rotated too long ago."""
    import ibis

    identities, credentials = accountable(estate), estate["credentials"]
    usable = credentials.filter(credentials.created_at.notnull() & ~credentials.disabled)
    usable = usable.filter(usable.expires_at.isnull() | (usable.expires_at > ibis.literal(naive(now))))
    usable = usable.mutate(days=days_before(usable.created_at, now))
    oldest = usable.group_by(usable.identity.name("key")).aggregate(
        days=usable.days.max(), what=usable.kind.argmax(usable.days), id=usable.id.argmax(usable.days)
    )
    found = identities.select("key", "unique_id").join(oldest, "key")
    found = found.filter(found.days >= min(settings.old_credential))
    degree, points = stepped(found.days, settings.old_credential)
    reason = found.what + " " + found.id + " is " + found.days.cast("string") + " days old"
    return verdict(found, Verdict.OLD_CREDENTIAL, degree, reason, points)
