"""Azure Resource Manager: reading, listing and changing by resource id, with the version of each provider's API.

Source: Azure Resource Manager documentation, 'REST API reference'; the versions are those of azure-native's SDK that
the providers have had for years.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.adapters.azure.errors import UNREGISTERED, Refused
from nhi_components.lifecycle.adapters.azure.session import AzureSession, Reply

SUBSCRIPTIONS: Final = "2022-12-01"
GROUPS: Final = "2022-09-01"
PROVIDERS: Final = "2021-04-01"
IDENTITIES: Final = "2023-01-31"
AUTHORIZATION: Final = "2022-04-01"
VAULTS: Final = "2023-07-01"
COSMOS: Final = "2024-11-15"
MANAGEMENT_GROUPS: Final = "2020-05-01"

SETTLING_SECONDS = 120
"""For how long something that Azure has accepted may take: our own figure."""

_SUCCEEDED: Final = "Succeeded"
_DONE: Final = frozenset({_SUCCEEDED, "Failed", "Canceled"})


class Arm:
    """Azure Resource Manager through one connection."""

    def __init__(self, session: AzureSession) -> None:
        self._session = session

    def look(self, id_: str, version: str, *, needs: str) -> Reply | None:
        """Read something by its resource id; None when it is not there."""
        try:
            return self.ask("GET", id_, version, needs=needs)
        except Refused as refused:
            if not refused.tells_absence:
                raise
            return None

    def listed(self, path: str, version: str, *, needs: str, wanted: str = "") -> Iterator[Mapping[str, Any]]:
        """List a collection; one of a provider that the subscription is not registered for has nothing in it.

        Args:
            path: of the collection.
            version: of the API.
            needs: the permission that it takes.
            wanted: the filter; empty for none.
        """
        target = target_of(path, version, {"$filter": wanted} if wanted else {})
        while target:
            try:
                reply = self._session.manage("GET", target, needs=needs)
            except Refused as refused:
                if refused.code != UNREGISTERED:
                    raise
                return
            yield from reply.body.get("value") or []
            target = _following(str(reply.body.get("nextLink") or ""))

    def ask(self, method: str, id_: str, version: str, *, needs: str, body: Mapping[str, Any] | None = None) -> Reply:
        """Make one call; what is only accepted is waited for.

        Raises:
            NhiError: what was accepted failed, or takes too long.
        """
        reply = self._session.manage(method, target_of(id_, version, {}), needs=needs, body=body)
        if reply.operation:
            self._settled(f"{method} {id_}", _following(reply.operation), needs)
        return reply

    def delete(self, id_: str, version: str, *, needs: str) -> None:
        """Delete something; it may be gone already."""
        try:
            self.ask("DELETE", id_, version, needs=needs)
        except Refused as refused:
            if not refused.tells_absence:
                raise

    def _settled(self, what: str, operation: str, needs: str) -> None:
        """Ask how an operation stands until it is done (Azure Resource Manager, 'Track asynchronous operations')."""
        waiting: Retrying = Retrying(
            retry=retry_if_result(lambda state: state not in _DONE),
            stop=stop_after_delay(SETTLING_SECONDS),
            wait=wait_exponential(multiplier=0.2, max=5),
        )
        try:
            state = waiting(lambda: str(self._session.manage("GET", operation, needs=needs).body.get("status")))
        except RetryError:
            state = f"not done after {SETTLING_SECONDS} s"
        if state != _SUCCEEDED:
            raise NhiError(
                f"azure.{self._session.name}: {what} was accepted, and then {state}, expected it to succeed; "
                "fix: see the resource group's activity log, then run the same command again"
            )


def target_of(path: str, version: str, more: Mapping[str, str]) -> str:
    """Write path and query of a call.

    Args:
        path: a resource id, or that of a collection.
        version: of the API.
        more: further fields of the query.
    """
    return f"{quote(path)}?{urlencode({'api-version': version, **more}, quote_via=quote)}"


def _following(link: str) -> str:
    """Where the next page is: on the same host, whatever the link says, as it is asked for with our token."""
    told = urlsplit(link)
    return f"{told.path}?{told.query}" if link else ""
