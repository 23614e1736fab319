"""Asking Azure's activity log what has happened in the subscriptions of one connection, and in its tenant above them.

Sources: Azure Monitor REST reference, `Activity Logs - List` (by time, the newest first), `Tenant Activity Logs - List`
(what happened in no subscription); Azure Monitor documentation, 'Azure activity log' (kept for 90 days); Azure RBAC
documentation, 'Elevate access', for whom the tenant's own log is shown to: whoever has a role at the scope `/`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import ClassVar, Final

from nhi_components.core.connection import AzureConnection
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.azure.arm import SUBSCRIPTIONS as SUBSCRIPTIONS_VERSION
from nhi_components.lifecycle.adapters.azure.discovery_policy import SUBSCRIPTIONS
from nhi_components.lifecycle.adapters.azure.events import told
from nhi_components.lifecycle.adapters.azure.found_reads import Looks, Part
from nhi_components.lifecycle.adapters.azure.found_reads import Told as Record
from nhi_components.lifecycle.discovery.ports import NotSeen
from nhi_components.lifecycle.events.patience import patiently
from nhi_components.lifecycle.events.ports import (
    NOT_UNDERSTOOD,
    Batch,
    Event,
    Told,
    Unreadable,
    digest_of,
    text_in,
    together,
)

PERMISSIONS: Final = ("Microsoft.Insights/eventtypes/values/read", *SUBSCRIPTIONS)
"""What asking takes; the second one only for a connection that names no subscriptions."""
LATE: Final = timedelta(minutes=60)
"""How far behind what was read is read again: Microsoft speaks of minutes up to 20 ('Log data ingestion time'), the
rest is our own margin."""
REMEMBERED: Final = timedelta(days=90)
"""For how long the activity log knows events."""

_VERSION: Final = "2015-04-01"
_LOG: Final = "/providers/Microsoft.Insights/eventtypes/management/values"
_OF_TENANT: Final = " and eventChannels eq 'Admin, Operation'"


class Log:
    """A log of Azure or Entra, through one connection.

    Args:
        connection: its name.
        settings: how it is reached.
        clock: tells the time.
        sleep: waits for so many seconds.
    """

    log: ClassVar[str]
    """How its cursor is called."""

    def __init__(
        self,
        connection: str,
        settings: AzureConnection,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
    ) -> None:
        self._connection, self._looks = connection, Looks(connection, settings)
        self._named = tuple(dict.fromkeys(each.lower() for each in settings.subscriptions))
        self._clock, self._sleep = clock, sleep

    @property
    def name(self) -> str:
        """By which its cursor is kept."""
        return f"{self.log} azure.{self._connection}"


class ActivityLog(Log):
    """What the subscriptions of one connection tell of themselves: those that it names, else all that can be listed."""

    log = "activity-log"

    def read(self, cursor: str | None, since: datetime) -> Iterable[Batch]:
        """Yield what happened, a page at a time; a cursor is the time that each subscription is read up to.

        Raises:
            NotSeen: of some subscriptions it may not be read; that of the others was.
        """
        now, place = self._clock(), self._looks.tenant
        known: dict[str, str] = json.loads(cursor) if cursor else {}
        subscriptions = self._named or self._listed()
        reached = {each: known[each] for each in subscriptions if each in known}
        unseen = list[str]()
        for each in subscriptions:
            begin = begin_of(known.get(each), since, now)
            wanted = f"eventTimestamp ge '{written(begin)}' and eventTimestamp le '{written(now)}'"
            try:
                for page in _pages(self._looks, f"/subscriptions/{each}{_LOG}", wanted, self._sleep):
                    yield Batch(together(read_record(record, place, "eventDataId", now) for record in page))
            except NotSeen as error:
                unseen.append(str(error))
                continue
            reached[each] = now.astimezone(UTC).isoformat()
            yield Batch(Told(), json.dumps(reached, sort_keys=True))
        if unseen:
            raise NotSeen("\n".join(unseen))

    def _listed(self) -> list[str]:
        found = self._looks.manage_whole("/subscriptions", SUBSCRIPTIONS_VERSION, needs=SUBSCRIPTIONS[0])
        usable = [str(each["subscriptionId"]).lower() for each in found if each.get("state") != "Deleted"]
        # To whoever may see none, Azure answers an empty list.
        if not usable:
            raise NotSeen(
                f"azure.{self._connection}: no subscription can be seen; expected the permission {SUBSCRIPTIONS[0]}; "
                "fix: assign the connection's principal the role that `nhi permissions azure` prints, or name the "
                "connection's `subscriptions`"
            )
        return usable


class TenantLog(Log):
    """What a tenant tells of what happens in no subscription, such as at its management groups."""

    log = "tenant-log"

    def read(self, cursor: str | None, since: datetime) -> Iterable[Batch]:
        """Yield what happened, a page at a time; a cursor is the time that is read up to."""
        now, place = self._clock(), self._looks.tenant
        begin = begin_of(cursor, since, now)
        wanted = f"eventTimestamp ge '{written(begin)}' and eventTimestamp le '{written(now)}'{_OF_TENANT}"
        for page in _pages(self._looks, _LOG, wanted, self._sleep):
            yield Batch(together(read_record(each, place, "eventDataId", now) for each in page))
        yield Batch(Told(), now.astimezone(UTC).isoformat())


def begin_of(cursor: str | None, since: datetime, now: datetime) -> datetime:
    """Tell from when on a log is read: a while before what was read, and no further back than it remembers."""
    begin = max(datetime.fromisoformat(cursor) if cursor else since, since) - LATE
    return max(begin, now - REMEMBERED)


def read_record(record: Record, place: str, id_field: str, now: datetime) -> Told:
    """Tell what a record says; one that nobody understands makes everything stale.

    Args:
        record: as the API gives it.
        place: the tenant.
        id_field: the field with its id.
        now: when one that is not understood counts as having happened.
    """
    try:
        return told(record, place)
    except Unreadable:
        itself = text_in(record, id_field) or digest_of(record)
        return Told((Event(System.AZURE, place, itself, now, NOT_UNDERSTOOD),))


def written(at: datetime) -> str:
    """Write a time as filters take it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def _pages(looks: Looks, path: str, wanted: str, sleep: Callable[[float], None]) -> Iterator[Iterable[Record]]:
    cursor = None
    while True:
        ask = partial(looks.manage, path, _VERSION, needs=PERMISSIONS[0], cursor=cursor, wanted=wanted)
        part: Part = patiently(ask, sleep)
        yield part.items
        cursor = part.next
        if cursor is None:
            return
