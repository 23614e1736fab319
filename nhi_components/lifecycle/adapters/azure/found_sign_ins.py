"""When applications and their service principals last signed in, as Entra's report tells it, by client id.

The report is in Graph's beta and takes a licence of Entra ID P1 or P2; where it is refused, nothing counts as unused.
It counts the parts of a client and of a called API alike. That it covers managed identities is not documented: one
that it does not name is told as unwatched. Sources: Microsoft Graph reference (beta), 'List
servicePrincipalSignInActivities'; Microsoft Entra documentation, 'Microsoft Entra data retention' (sign-ins: 30 days).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final

from nhi_components.core.inventory.records import UNWATCHED, Use
from nhi_components.lifecycle.adapters.azure.discovery_policy import SIGN_INS
from nhi_components.lifecycle.adapters.azure.errors import Refused
from nhi_components.lifecycle.adapters.azure.found_reads import Absent, Looks, Part
from nhi_components.lifecycle.discovery.ports import Busy, CursorLapsed, NotSeen, Page, Section

WATCHED: Final = timedelta(days=30)
"""For how long Entra keeps sign-ins."""
TOLD_LATE: Final = timedelta(hours=24)
"""How late the report may tell of one: our own figure, as Microsoft gives none."""
_AT_ONCE: Final = 1000


class SignIns:
    """The last sign-ins of one tenant: read once, and kept as a moment each, as no list is in the report's order.

    Args:
        looks: at the tenant.
        clock: tells the time.
    """

    def __init__(self, looks: Looks, clock: Callable[[], datetime]) -> None:
        self._looks, self._clock = looks, clock
        self._lock = Lock()
        self._last: dict[str, datetime] = {}
        self._cursor: str | None = None
        self._read = self._unseen = False

    def section(self, name: str) -> Section:
        """Make the section that tells whether sign-ins can be seen; they stand on the pages of what signed in."""

        def read(_: str | None) -> Page:
            self._part(1, None)
            return Page(())

        return Section(name, "when applications last signed in", SIGN_INS, read)

    def of(self, client_id: str, *, covered: bool = True) -> Use:
        """Tell of a client id's last sign-in.

        Args:
            client_id: of an application, a service principal or a managed identity.
            covered: it would be in the report if it had signed in.
        """
        with self._lock:
            while not self._read:
                self._read_on()
        at = self._last.get(client_id.lower())
        if self._unseen or not (at or covered):
            return UNWATCHED
        now = self._clock()
        since = now - WATCHED
        return Use(at, min(at, since) if at else since, now - TOLD_LATE)

    def _read_on(self) -> None:
        """Read one page; what was read stays, so that a busy Graph is asked again for the rest only."""
        try:
            part = self._part(_AT_ONCE, self._cursor)
        except NotSeen:
            # Told by a section of its own.
            self._read = self._unseen = True
            return
        except CursorLapsed as lapsed:
            self._cursor = None
            raise Busy(str(lapsed)) from None
        for each in part.items:
            last = (each.get("lastSignInActivity") or {}).get("lastSignInDateTime")
            if last:
                self._last[str(each["appId"]).lower()] = datetime.fromisoformat(str(last)).astimezone(UTC)
        self._cursor = part.next
        self._read = part.next is None

    def _part(self, most: int, cursor: str | None) -> Part:
        path = f"/reports/servicePrincipalSignInActivities?$top={most}"
        try:
            return self._looks.graph(path, needs=SIGN_INS[0], cursor=cursor, version="beta")
        except (Absent, Refused) as refused:
            raise NotSeen(f"{refused}; expected a cloud of Microsoft's whose Graph has this report") from None
