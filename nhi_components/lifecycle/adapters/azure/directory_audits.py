"""Asking Entra's audits what has happened in the directory of one tenant.

Sources: Microsoft Graph reference, 'List directoryAudits' (by time, the newest first); Microsoft Graph documentation,
'Microsoft Graph service-specific throttling limits' (reports of identity and access: 5 calls in 10 seconds); Microsoft
Entra documentation, 'Microsoft Entra data retention' (audits: 7 days, 30 with a licence of P1 or P2).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Final
from urllib.parse import quote

from nhi_components.lifecycle.adapters.azure.activity_log import Log, begin_of, read_record, written
from nhi_components.lifecycle.adapters.azure.discovery_policy import SIGN_INS
from nhi_components.lifecycle.adapters.azure.found_reads import Part
from nhi_components.lifecycle.events.patience import patiently
from nhi_components.lifecycle.events.ports import Batch, Told, together

PERMISSIONS: Final = SIGN_INS
"""What asking takes: the application permission of Microsoft Graph that sign-ins take as well."""

_AT_ONCE: Final = 500
"""Audits on a page: our own figure, half of what Graph gives."""


class DirectoryAudits(Log):
    """What one tenant's directory tells of itself."""

    log = "directory-audits"

    def read(self, cursor: str | None, since: datetime) -> Iterable[Batch]:
        """Yield what happened, a page at a time; a cursor is the time that is read up to."""
        now, place = self._clock(), self._looks.tenant
        wanted = quote(f"activityDateTime ge {written(begin_of(cursor, since, now))}")
        path, link = f"/auditLogs/directoryAudits?$filter={wanted}&$top={_AT_ONCE}", None
        while True:
            ask = partial(self._looks.graph, path, needs=PERMISSIONS[0], cursor=link)
            part: Part = patiently(ask, self._sleep)
            yield Batch(together(read_record(each, place, "id", now) for each in part.items))
            link = part.next
            if link is None:
                break
        yield Batch(Told(), now.astimezone(UTC).isoformat())
