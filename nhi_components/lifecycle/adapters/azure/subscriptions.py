"""Which subscriptions are looked through: those that the connection names, else all that it can list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any

from nhi_components.core.azure_links import VAULT_ID
from nhi_components.core.links import Link
from nhi_components.lifecycle.adapters.azure.arm import SUBSCRIPTIONS, Arm
from nhi_components.lifecycle.adapters.azure.names import subscriptions_in
from nhi_components.lifecycle.adapters.azure.session import AzureSession

READ = "Microsoft.Resources/subscriptions/read"


class Subscriptions:
    """The subscriptions that one connection reaches; those that it can list are asked for once."""

    def __init__(self, session: AzureSession) -> None:
        self._session = session
        self._lock = Lock()
        self._listed: list[str] | None = None

    def to_look_through(self, links: Iterable[Link]) -> list[str]:
        """Tell which are looked through, those of links among them; in lower case, each once."""
        named = [each.lower() for each in self._session.subscriptions] or self._seen()
        return list(dict.fromkeys([*named, *subscriptions_in(links, VAULT_ID)]))

    def _seen(self) -> list[str]:
        with self._lock:
            if self._listed is None:
                found = Arm(self._session).listed("/subscriptions", SUBSCRIPTIONS, needs=READ)
                self._listed = [str(each["subscriptionId"]).lower() for each in found if _is_usable(each)]
            return self._listed


def _is_usable(told: Mapping[str, Any]) -> bool:
    """A subscription that is disabled can be read still; one that is deleted can't."""
    return told.get("state") != "Deleted"
