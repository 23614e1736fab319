"""What the names of Azure's links tell: subscription, resource group, scope, owner. Letter case counts for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from nhi_components.core.links import Link, LinkKind

APPLICATIONS: Final = "applications/"
"""What the name of a federated credential begins with that is an application's, before the display name."""

IN_SUBSCRIPTION: Final = (
    LinkKind.AZURE_MANAGED_IDENTITY,
    LinkKind.AZURE_FEDERATED_CREDENTIAL,
    LinkKind.AZURE_ROLE_DEFINITION,
    LinkKind.AZURE_ROLE_ASSIGNMENT,
)
"""The kinds whose names are resource ids."""

_SUBSCRIPTION: Final = re.compile(r"/subscriptions/([^/]+)", re.IGNORECASE)
_GROUP: Final = re.compile(r"(/subscriptions/[^/]+/resourceGroups/[^/]+)", re.IGNORECASE)
_CREDENTIAL: Final = re.compile(r"/federatedIdentityCredentials/", re.IGNORECASE)
_ASSIGNMENT: Final = re.compile(r"/providers/Microsoft\.Authorization/roleAssignments/[^/]+$", re.IGNORECASE)
_OF_COSMOS: Final = re.compile(r"/sqlRole(?:Assignments|Definitions)/[^/]+$", re.IGNORECASE)


def subscription_of(name: str) -> str:
    """The id of the subscription that something lies in, in lower case; empty for none."""
    found = _SUBSCRIPTION.match(name)
    return found[1].lower() if found else ""


def group_of(name: str) -> str:
    """The resource id of the resource group that something lies in; empty for none."""
    found = _GROUP.match(name)
    return found[1] if found else ""


def owner_of(credential: str) -> str:
    """The name of the principal that a federated credential is of: a resource id, or a display name."""
    return _CREDENTIAL.split(credential)[0].removeprefix(APPLICATIONS)


def scope_of(assignment: str) -> str:
    """The scope of a role assignment; `/` for the tenant."""
    return _ASSIGNMENT.sub("", assignment) or "/"


def is_of_cosmos(name: str) -> bool:
    """Tell whether a role definition or assignment is one of a Cosmos DB account's own."""
    return bool(_OF_COSMOS.search(name))


def account_of(name: str) -> str:
    """The resource id of the Cosmos DB account that keeps a role definition or assignment."""
    return _OF_COSMOS.sub("", name)


def last_of(name: str) -> str:
    """What a name ends with: a GUID, or the name within its parent."""
    return name.rpartition("/")[2]


def same(one: str, other: str) -> bool:
    """Tell whether two resource ids, or GUIDs, are the same."""
    return one.lower() == other.lower()


def subscriptions_in(links: Iterable[Link], attribute: str) -> list[str]:
    """The subscriptions that links lie in, or that the resource id in an attribute of theirs does; each once."""
    names = [link.name if link.kind in IN_SUBSCRIPTION else link.attributes.get(attribute, "") for link in links]
    return list(dict.fromkeys(filter(None, map(subscription_of, names))))
