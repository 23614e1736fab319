"""What stands beside applications and service principals: owners, ways in, groups, and roles of applications.

Graph shows at most 20 of such objects beside each, so that a list of as many is read again by itself. Of a person it
tells no name to whoever may not read people. Sources: Microsoft Graph documentation, 'Use query parameters to customize
responses' ($expand); Microsoft Graph reference, 'List owners', 'List memberOf', 'List appRoleAssignments',
'federatedIdentityCredential resource type' (at most 20 an application).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import Final

from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundGrant,
    FoundStep,
    Knowledge,
    Record,
    Subject,
)
from nhi_components.facts.azure.directory import graph_permission
from nhi_components.lifecycle.adapters.azure.discovery_policy import DIRECTORY, OWNERS
from nhi_components.lifecycle.adapters.azure.found_reads import Looks, Told
from nhi_components.lifecycle.discovery.ports import NotSeen, Page, Section

APPLICATIONS, PRINCIPALS = "applications", "servicePrincipals"
_AT_ONCE: Final = 100
_EXPANDED: Final = 20
_MOST_KEPT: Final = 100
_LIMITS: Final = ("issuer", "audiences", "claimsMatchingExpression")

Records = Callable[[str, Told], Iterator[Record]]
"""Of one owner's key and one thing beside it."""


def owners(looks: Looks, name: str, collection: str) -> Section:
    """Make the section of who owns what: whoever does may give it a secret, and sign in as it."""

    def told(key: str, owner: Told) -> Iterator[Record]:
        shown = next((str(owner[each]) for each in ("mail", "userPrincipalName", "displayName") if owner.get(each)), "")
        if not shown and owner.get("@odata.type") == "#microsoft.graph.user":
            raise NotSeen(
                f"azure.{looks.name}: owners are told without their names; expected the permission {OWNERS[0]}; "
                f"fix: grant the connection's principal {OWNERS[0]}"
            )
        yield Knowledge(key, Subject.OWNER, shown or str(owner["id"]), "Graph owner")
        yield FoundStep(str(owner["id"]), key, "make-key")

    return _section(looks, name, f"owners of {collection}", collection, "owners", told, OWNERS)


def federated(looks: Looks, name: str) -> Section:
    """Make the section of whose tokens applications trust in place of a secret."""

    def told(key: str, credential: Told) -> Iterator[Record]:
        yield step_of(key, credential)

    what = "federated credentials of applications"
    return _section(looks, name, what, APPLICATIONS, "federatedIdentityCredentials", told, DIRECTORY)


def memberships(looks: Looks, name: str) -> Section:
    """Make the section of the groups that service principals are in."""

    def told(key: str, above: Told) -> Iterator[Record]:
        if above.get("@odata.type") == "#microsoft.graph.group":
            yield FoundCarrier(key, str(above["id"]), "group")

    return _section(looks, name, "groups of service principals", PRINCIPALS, "memberOf", told, DIRECTORY)


def app_roles(looks: Looks, name: str) -> Section:
    """Make the section of the roles that applications give service principals: Graph's permissions among them."""
    known = _AppRoles(looks)

    def told(key: str, assignment: Told) -> Iterator[Record]:
        resource = str(assignment["resourceId"])
        privilege = known.name(resource, str(assignment["appRoleId"]))
        yield FoundGrant(key, privilege, resource, via=str(assignment["id"]))

    what = "roles of applications that service principals have"
    return _section(looks, name, what, PRINCIPALS, "appRoleAssignments", told, DIRECTORY)


def step_of(key: str, credential: Told) -> FoundStep:
    """Tell who becomes an application or a managed identity by a federated credential, and under what condition."""
    limits = {field: credential[field] for field in _LIMITS if credential.get(field)}
    return FoundStep(str(credential.get("subject") or "*"), key, "federate", json.dumps(limits, sort_keys=True))


class _AppRoles:
    """The names of applications' roles; those of a few applications are kept, as most roles are Graph's."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks
        self._lock = Lock()
        self._kept: dict[str, dict[str, str]] = {}

    def name(self, resource: str, role: str) -> str:
        known = graph_permission(role)
        if known != role:
            return known
        with self._lock:
            if resource not in self._kept:
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[resource] = self._read(resource)
            return self._kept[resource].get(role) or role

    def _read(self, resource: str) -> dict[str, str]:
        found = self._looks.graph_about(f"/{PRINCIPALS}/{resource}?$select=appRoles", needs=DIRECTORY[0])
        return {str(each["id"]): str(each.get("value") or "") for each in (found or {}).get("appRoles") or ()}


def _section(
    looks: Looks, name: str, what: str, collection: str, relation: str, told: Records, permissions: tuple[str, ...]
) -> Section:
    path = f"/{collection}?$select=id&$expand={relation}&$top={_AT_ONCE}"

    def beside(each: Told) -> Sequence[Told]:
        shown: Sequence[Told] = each.get(relation) or ()
        if len(shown) < _EXPANDED:
            return shown
        return list(looks.graph_whole(f"/{collection}/{each['id']}/{relation}", needs=DIRECTORY[0]))

    def read(cursor: str | None) -> Page:
        part = looks.graph(path, needs=DIRECTORY[0], cursor=cursor)
        found = [record for each in part.items for other in beside(each) for record in told(str(each["id"]), other)]
        return Page(found, part.next)

    return Section(name, what, permissions, read)
