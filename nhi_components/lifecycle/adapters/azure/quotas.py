"""Whether subscriptions, the tenant and principals have room for what is about to be created.

Sources: Azure RBAC documentation, 'Troubleshoot Azure RBAC limits': 4,000 role assignments in each subscription, which
can't be raised, and 5,000 custom roles in each tenant; Microsoft Entra, 'Important considerations and restrictions for
federated identity credentials': 20 of each managed identity or application. Of the tenant's custom roles those are
counted that can be assigned in the subscriptions which are looked through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from threading import Lock
from types import MappingProxyType
from typing import Final

from nhi_components.core.azure_grounds import assignments_noted
from nhi_components.core.errors import Problem
from nhi_components.core.links import Link, LinkKind, NotChecked
from nhi_components.lifecycle.adapters.azure.assignments import Assignments
from nhi_components.lifecycle.adapters.azure.errors import Denied
from nhi_components.lifecycle.adapters.azure.federated import MOST as MOST_CREDENTIALS
from nhi_components.lifecycle.adapters.azure.federated import FederatedCredentials
from nhi_components.lifecycle.adapters.azure.known_principals import KINDS, KnownPrincipals
from nhi_components.lifecycle.adapters.azure.names import is_of_cosmos, owner_of, subscription_of
from nhi_components.lifecycle.adapters.azure.roles import MOST as MOST_CUSTOM_ROLES
from nhi_components.lifecycle.adapters.azure.roles import CustomRoles
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.azure.subscriptions import Subscriptions
from nhi_components.lifecycle.ports import Room

MOST_ASSIGNMENTS: Final = 4000

_ROLE, _ASSIGNMENT = LinkKind.AZURE_ROLE_DEFINITION, LinkKind.AZURE_ROLE_ASSIGNMENT
_CREDENTIAL, _IDENTITY = LinkKind.AZURE_FEDERATED_CREDENTIAL, LinkKind.AZURE_MANAGED_IDENTITY
_TENANT: Final = "the tenant"
_MOST: Final[Mapping[LinkKind, int]] = MappingProxyType(
    {_ROLE: MOST_CUSTOM_ROLES, _ASSIGNMENT: MOST_ASSIGNMENTS, _CREDENTIAL: MOST_CREDENTIALS}
)
_FIXES: Final[Mapping[LinkKind, str]] = MappingProxyType(
    {
        _ROLE: "delete custom roles that are assigned to nobody, or grant built-in roles",
        _ASSIGNMENT: "remove assignments that nobody needs, first those whose identity is not found: "
        "`az role assignment list --all`",
        _CREDENTIAL: "delete those that nobody uses, with `az identity federated-credential delete`",
    }
)


class Quotas:
    """What there is room for; what was promised before in this process counts as taken."""

    def __init__(self, session: AzureSession, subscriptions: Subscriptions) -> None:
        self._session = session
        self._subscriptions = subscriptions
        self._lock = Lock()
        self._used: dict[tuple[LinkKind, str], frozenset[str] | NotChecked] = {}
        self._promised: dict[tuple[LinkKind, str], set[str]] = {}

    def room_for(self, links: Sequence[Link]) -> Room:
        """Tell which quotas the links would exceed, together with all that were asked about before."""
        wanted: dict[tuple[LinkKind, str], set[str]] = {}
        for kind, place, name in _counted(links):
            wanted.setdefault((kind, place), set()).add(name.lower())
        with self._lock:
            together = {place: names | self._promised.get(place, set()) for place, names in wanted.items()}
            rooms = [self._room(*place, names, links) for place, names in together.items()]
            problems = tuple(problem for problem, _ in rooms if problem)
            if not problems:
                self._promised |= together
            return Room(problems, next((unknown for _, unknown in rooms if unknown), None))

    def _room(
        self, kind: LinkKind, place: str, names: set[str], links: Sequence[Link]
    ) -> tuple[Problem | None, NotChecked | None]:
        if (kind, place) not in self._used:
            self._used[kind, place] = self._count(kind, place, links)
        used, most = self._used[kind, place], _MOST[kind]
        if isinstance(used, NotChecked):
            return None, used
        new = names - used
        if len(used) + len(new) <= most:
            return None, None
        got = f"{len(used):,} of {most:,}, and {len(new):,} to be made {kind}s"
        return Problem(f"azure.{self._session.name} {place}", got, f"at most {most:,}", _FIXES[kind]), None

    def _count(self, kind: LinkKind, place: str, links: Sequence[Link]) -> frozenset[str] | NotChecked:
        try:
            return frozenset(name.lower() for name in self._names(kind, place, links))
        except Denied as denied:
            return NotChecked(f"{place}: how many {kind}s there are can't be counted: {denied.problem.got}")

    def _names(self, kind: LinkKind, place: str, links: Sequence[Link]) -> Iterable[str]:
        if place == "subscriptions/":
            # Of the tenant or a management group, whose limit of 500 is another.
            return ()
        if kind is _ASSIGNMENT:
            found = Assignments(self._session).within(f"/{place}")
            subscription = place.partition("/")[2]
            return [each.name for each in found if subscription_of(each.scope) == subscription]
        if kind is _ROLE:
            listed = CustomRoles(self._session)
            return {role.name for each in self._subscriptions.to_look_through(links) for role in listed.of(each)}
        principal = KnownPrincipals(self._session, "", []).meet(place).principal
        return [each.name for each in FederatedCredentials(self._session).of(principal)] if principal else []


def _counted(links: Sequence[Link]) -> Iterable[tuple[LinkKind, str, str]]:
    """Tell what counts where; assignments that nobody knows yet as their principals foresee them."""
    assigned = any(link.kind is _ASSIGNMENT for link in links)
    for link in links:
        if link.kind is _CREDENTIAL:
            yield _CREDENTIAL, owner_of(link.name), link.name
        elif link.kind is _ROLE and not is_of_cosmos(link.name):
            yield _ROLE, _TENANT, link.name
        elif link.kind is _ASSIGNMENT and not is_of_cosmos(link.name):
            yield _ASSIGNMENT, f"subscriptions/{subscription_of(link.name)}", link.name
        elif link.kind in KINDS and not assigned:
            yield from _foreseen(link)


def _foreseen(link: Link) -> Iterable[tuple[LinkKind, str, str]]:
    """Tell of a principal's assignments; a managed identity that tells of none has one at least."""
    noted = assignments_noted(link.attributes)
    if noted is None:
        noted = {subscription_of(link.name): 1} if link.kind is _IDENTITY else {}
    for subscription, number in noted.items():
        for each in range(number):
            yield _ASSIGNMENT, f"subscriptions/{subscription}", f"{link.name} {each}"
