"""Taking links into a lease: what Azure knows each by, that it is the lease's, an earlier cut-off undone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from nhi_components.core.azure_links import PRINCIPAL, URI
from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link, LinkKind
from nhi_components.core.tags import LeaseTags, description_mark, marked_description
from nhi_components.lifecycle.adapters.appearance import appeared
from nhi_components.lifecycle.adapters.azure.assignments import Assignment, Assignments
from nhi_components.lifecycle.adapters.azure.directory import Directory
from nhi_components.lifecycle.adapters.azure.federated import FederatedCredentials
from nhi_components.lifecycle.adapters.azure.identities import Identities
from nhi_components.lifecycle.adapters.azure.known_principals import KINDS, Known, KnownPrincipals
from nhi_components.lifecycle.adapters.azure.marks import without_mark
from nhi_components.lifecycle.adapters.azure.names import is_of_cosmos, last_of, owner_of
from nhi_components.lifecycle.adapters.azure.own_secrets import OwnSecrets
from nhi_components.lifecycle.adapters.azure.principals import Principal
from nhi_components.lifecycle.adapters.azure.roles import CustomRoles
from nhi_components.lifecycle.adapters.azure.service_principals import ServicePrincipals
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.ownership import admitted, is_suspended, refuse_foreign

_LONGEST: Final = 512
"""Bytes of a description, as the components write it."""


class Admission:
    """Admits links of one lease."""

    def __init__(self, session: AzureSession, lease: LeaseTags, links: Iterable[Link]) -> None:
        self._session = session
        self._lease = lease
        self._links = list(links)
        self._principals = KnownPrincipals(session, lease.lease, self._links)

    def run(self) -> dict[tuple[str, str, str, str], Link]:
        """Admit the links, principals last: until then they tell what an earlier cut-off has taken.

        Returns:
            By the key of each link, what it became.

        Raises:
            NhiError: something is not there, is somebody else's, or is of a kind that is not of Azure.
        """
        inorder = sorted(self._links, key=lambda link: link.kind in KINDS)
        return {link.key: self._admitted(link) for link in inorder}

    def _admitted(self, link: Link) -> Link:
        match link.kind:
            case LinkKind.AZURE_MANAGED_IDENTITY:
                identity = Identities(self._session).admit(self._lease, link)
                self._let_in(identity, link)
                return self._noted(link, identity.object_id)
            case LinkKind.ENTRA_SERVICE_PRINCIPAL:
                entry = Directory(self._session).admit(self._lease, link)
                self._let_in(ServicePrincipals(self._session).of(entry), link)
                return self._noted(link, entry.id)
            case LinkKind.ENTRA_APPLICATION:
                return self._noted(link, Directory(self._session).admit(self._lease, link).id)
            case LinkKind.AZURE_FEDERATED_CREDENTIAL:
                self._admit_credential(link)
                return self._noted(link, None)
            case LinkKind.AZURE_ROLE_ASSIGNMENT:
                self._admit_assignment(link)
                return link
            case LinkKind.AZURE_ROLE_DEFINITION:
                role = appeared(CustomRoles(self._session).find, link)
                self._refuse_unmarked(link, role.borne(self._lease.lease))
                return link
            case LinkKind.KEY_VAULT_SECRET:
                uri = OwnSecrets(self._session).admit(self._lease, link)
                return self._noted(replace(link, attributes={**link.attributes, URI: uri}), None)
            case _:
                raise not_ours(link)

    def _noted(self, link: Link, unique_id: str | None) -> Link:
        return admitted(link, unique_id, self._session.tenant())

    def _let_in(self, principal: Principal, link: Link) -> None:
        """Undo an earlier cut-off of a principal; one that the program suspends is left disabled."""
        if principal.mark is None:
            return
        store = self._principals.store(principal.kind)
        if not is_suspended(link):
            store.enable(principal, enabled=True)
        store.retag(principal, without_mark(principal.tags))

    def _admit_credential(self, link: Link) -> None:
        known = self._owner(link, owner_of(link.name))
        if known.ours is None:
            found = known.principal.lease if known.principal else None
            refuse_foreign(self._lease.lease, found or "no lease", None, link)
            return
        principal, credentials = known.ours, FederatedCredentials(self._session)
        credentials.restore(principal, appeared(lambda name: credentials.find(principal, name), link))

    def _admit_assignment(self, link: Link) -> None:
        assignments = Assignments(self._session)
        found = assignments.find(link.name)
        if found is None and not self._give_back(link, assignments):
            found = appeared(assignments.find, link)
        if found:
            self._refuse_unmarked(link, self._lease_of(found, link))

    def _give_back(self, link: Link, assignments: Assignments) -> bool:
        """Assign anew what an earlier cut-off has taken; tell whether it was that."""
        name = link.attributes.get(PRINCIPAL)
        principal = self._principals.meet(name).ours if name else None
        taken = principal.mark.taken.get(last_of(link.name).lower()) if principal and principal.mark else None
        if principal is None or taken is None:
            return False
        description = marked_description(self._lease.purpose, self._lease.lease, _LONGEST)
        assignments.make(link.name, taken, principal.object_id, description)
        return True

    def _lease_of(self, found: Assignment, link: Link) -> str | None:
        """Tell whose an assignment is: one of Cosmos DB, which bears nothing, is as its principal is."""
        if not is_of_cosmos(link.name):
            return found.lease
        known = self._owner(link, link.attributes.get(PRINCIPAL, ""))
        return self._lease.lease if found.principal.lower() in known.ids else None

    def _owner(self, link: Link, name: str) -> Known:
        return self._principals.meet(appeared(lambda _: self._stands(name), link))

    def _stands(self, name: str) -> str | None:
        return name if name and self._principals.meet_again(name).principal else None

    def _refuse_unmarked(self, link: Link, borne: str | None) -> None:
        refuse_foreign(self._lease.lease, borne, None, link)
        if borne is None:
            raise NhiError(
                f"{link}: found no mark of the lease, expected {description_mark(self._lease.lease)!r} in its "
                "description; fix: declare it through its component, which writes it"
            )


def not_ours(link: Link) -> NhiError:
    """Make the error for a link of another system."""
    return NhiError(f"{link}: got a kind that is not of Azure, expected one of Azure; fix: link it to its own system")
