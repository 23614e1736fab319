"""Reading the non-human identities of one Entra tenant and of the Azure subscriptions in it.

Subscriptions are those that the connection names, or all that it can list. Sources: REST reference `Subscriptions -
List`, and what each part names. No part hides another: each has its own section.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from threading import Lock
from typing import Final

from nhi_components.core.connection import AzureConnection
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.azure import found_identities, found_relations, found_roles
from nhi_components.lifecycle.adapters.azure.arm import SUBSCRIPTIONS as VERSION
from nhi_components.lifecycle.adapters.azure.discovery_policy import SUBSCRIPTIONS
from nhi_components.lifecycle.adapters.azure.found_applications import applications, service_principals
from nhi_components.lifecycle.adapters.azure.found_directory_roles import directory_role, directory_roles
from nhi_components.lifecycle.adapters.azure.found_reads import Looks, Told
from nhi_components.lifecycle.adapters.azure.found_relations import APPLICATIONS, PRINCIPALS
from nhi_components.lifecycle.adapters.azure.found_sign_ins import SignIns
from nhi_components.lifecycle.discovery.ports import NotSeen, Page, Section

_IN_DIRECTORY: Final = (
    *("applications", "application-owners", "application-federation"),
    *("service-principals", "service-principal-owners", "memberships", "app-roles", "roles", "sign-ins"),
)
"""What is read of the directory."""
_IN_SUBSCRIPTION: Final = ("identities", "federation", "assignments", "custom-roles")
"""What is read of each subscription, beside what runs as its managed identities."""


class Discovery:
    """One tenant through one connection.

    Args:
        connection: its name.
        settings: how it is reached; `subscriptions` are those that are read.
        clock: tells the time.
    """

    system = System.AZURE

    def __init__(self, connection: str, settings: AzureConnection, clock: Callable[[], datetime]) -> None:
        self.connection = connection
        self._named = tuple(dict.fromkeys(each.lower() for each in settings.subscriptions))
        self._looks = Looks(connection, settings)
        self._sign_ins = SignIns(self._looks, clock)
        self._role_places = found_roles.RolePlaces(self._subscriptions)
        self._lock = Lock()
        self._listed: tuple[str, ...] | None = None

    def place(self) -> str:
        """Tell the tenant's id.

        Raises:
            SystemUnreachable: Entra can't be reached, or gives the credentials no token.
        """
        return self._looks.tenant

    def beginnings(self) -> Sequence[str]:
        """Name the sections that every scan reads."""
        within = _of_subscriptions(self._named) if self._named else ["subscriptions"]
        return [*(f"directory/{part}" for part in _IN_DIRECTORY), "management-groups", *within]

    def section(self, name: str) -> Section:
        """Give a section by its name."""
        looks = self._looks
        match name.split("/"):
            case ["directory", part]:
                return self._of_directory(name, part)
            case ["directory-role", id_]:
                return directory_role(looks, name, id_)
            case ["management-groups"]:
                return found_roles.management_groups(looks, name)
            case ["group-assignments", group]:
                return found_roles.at_group(looks, name, group)
            case ["role", guid]:
                return found_roles.role(looks, self._role_places, name, guid)
            case ["subscriptions"]:
                return Section(name, "which subscriptions there are", SUBSCRIPTIONS, self._opening)
            case ["carriers", subscription, *kind] if "/".join(kind) in found_identities.KINDS:
                return found_identities.carriers(looks, name, subscription, "/".join(kind))
            case [part, subscription]:
                return self._of_subscription(name, part, subscription)
            case _:
                raise ValueError(name)

    def _of_directory(self, name: str, part: str) -> Section:
        looks, sign_ins = self._looks, self._sign_ins
        match part:
            case "applications":
                return applications(looks, sign_ins, name)
            case "application-owners":
                return found_relations.owners(looks, name, APPLICATIONS)
            case "application-federation":
                return found_relations.federated(looks, name)
            case "service-principals":
                return service_principals(looks, sign_ins, name)
            case "service-principal-owners":
                return found_relations.owners(looks, name, PRINCIPALS)
            case "memberships":
                return found_relations.memberships(looks, name)
            case "app-roles":
                return found_relations.app_roles(looks, name)
            case "roles":
                return directory_roles(looks, name)
            case "sign-ins":
                return sign_ins.section(name)
            case _:
                raise ValueError(name)

    def _of_subscription(self, name: str, part: str, subscription: str) -> Section:
        match part:
            case "identities":
                return found_identities.identities(self._looks, self._sign_ins, name, subscription)
            case "federation":
                return found_identities.federated(self._looks, name, subscription)
            case "assignments":
                return found_roles.in_subscription(self._looks, self._role_places, name, subscription)
            case "custom-roles":
                return found_roles.custom_roles(self._looks, self._role_places, name, subscription)
            case _:
                raise ValueError(name)

    def _opening(self, cursor: str | None) -> Page:
        part = self._looks.manage("/subscriptions", VERSION, needs=SUBSCRIPTIONS[0], cursor=cursor)
        # To whoever may see none, Azure answers an empty list.
        if not part.items and not cursor and part.next is None:
            raise NotSeen(
                f"azure.{self.connection}: no subscription can be seen; expected the permission {SUBSCRIPTIONS[0]}; "
                "fix: assign the connection's principal the role that `nhi permissions azure` prints, or name the "
                "connection's `subscriptions`"
            )
        return Page((), part.next, _of_subscriptions(_usable(part.items)))

    def _subscriptions(self) -> tuple[str, ...]:
        """Tell which subscriptions are read; those that can be listed are asked for once."""
        if self._named:
            return self._named
        with self._lock:
            if self._listed is None:
                found = self._looks.manage_whole("/subscriptions", VERSION, needs=SUBSCRIPTIONS[0])
                self._listed = tuple(_usable(found))
            return self._listed


def _usable(told: Iterable[Told]) -> list[str]:
    """Give the ids of those that can be read, as one that is disabled can, and one that is deleted can't."""
    return [str(each["subscriptionId"]).lower() for each in told if each.get("state") != "Deleted"]


def _of_subscriptions(subscriptions: Iterable[str]) -> list[str]:
    return [
        name
        for each in subscriptions
        for name in (
            *(f"{part}/{each}" for part in _IN_SUBSCRIPTION),
            *(f"carriers/{each}/{kind}" for kind in found_identities.KINDS),
        )
    ]
