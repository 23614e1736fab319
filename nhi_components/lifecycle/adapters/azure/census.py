"""Where a lease's role assignments are looked for, and whose each is.

By the object ids of its principals in every subscription, which shows what is assigned in it and above it; on its
managed identities, where an assignment says who may attach them; in every Cosmos DB account; and, where nothing is
known but the lease id, by it in every description.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from nhi_components.core.azure_links import ACCOUNT, PRINCIPAL
from nhi_components.core.azure_names import assignment_guid
from nhi_components.core.links import Link, LinkKind, NotChecked, System
from nhi_components.lifecycle.adapters.azure.assignments import Assignment, Assignments
from nhi_components.lifecycle.adapters.azure.errors import Denied
from nhi_components.lifecycle.adapters.azure.known_principals import Known, KnownPrincipals
from nhi_components.lifecycle.adapters.azure.names import account_of, is_of_cosmos, last_of, same
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.ports import BlindSpot, Ownership, Sighting

HOLDER: Final = "holder"
"""The attribute in which a survey notes the object id that a role is assigned to, for the sweep."""

_KIND: Final = LinkKind.AZURE_ROLE_ASSIGNMENT
_GONE: Final = "of a principal that is gone: shown as 'Identity not found'"


@dataclass(frozen=True, slots=True)
class Found:
    """An assignment that concerns the lease.

    Attributes:
        assignment: what it is.
        link: the lease's link to it, or one made for it.
        ownership: the lease's, or somebody else's of that name.
        declared: whether the lease knows of it, it bears the lease or its id was made from that; else it was made by
            hand.
        on_principal: whether it says who may attach the lease's managed identity, so that it goes with that.
        detail: one line for people.
    """

    assignment: Assignment
    link: Link
    ownership: Ownership
    declared: bool
    on_principal: bool
    detail: str = ""

    @property
    def sighting(self) -> Sighting:
        """What the port tells of it."""
        by_hand, held_by = not self.declared, self.assignment.principal
        return Sighting(self.link, self.ownership, self.detail, by_hand=by_hand, held_by=held_by)


class Census:
    """One look at everything that is assigned.

    Attributes:
        found: what concerns the lease.
        unseen: where could not be looked.
    """

    def __init__(
        self,
        session: AzureSession,
        lease_id: str,
        links: Sequence[Link],
        principals: KnownPrincipals,
        subscriptions: Sequence[str],
    ) -> None:
        self._session = session
        self._assignments = Assignments(session)
        self._lease_id = lease_id
        self._principals = principals
        self._subscriptions = subscriptions
        self._linked = {link.name.lower(): link for link in links if link.kind is _KIND}
        # Of a principal whose object id nobody knows, only what bears the lease can be found.
        self._whole = not links or any(not known.ids for known in principals if known.principal is None)
        self.unseen: list[BlindSpot] = []
        self.found: list[Found] = list(self._look(links))

    def of(self, known: Known) -> list[Found]:
        """Tell what is assigned to a principal of the lease."""
        return [each for each in self.found if not each.on_principal and each.assignment.principal.lower() in known.ids]

    def extras_of(self, known: Known) -> tuple[Link, ...]:
        """Tell what is assigned to a principal, or on it, that was made by hand."""
        on = [each for each in self.found if each.on_principal and same(each.assignment.scope, known.name)]
        return tuple(each.link for each in [*self.of(known), *on] if not each.declared)

    def _look(self, links: Sequence[Link]) -> Iterator[Found]:
        seen = set[str]()
        for assignment in self._listed(links):
            if assignment.name.lower() not in seen:
                seen.add(assignment.name.lower())
                if found := self._judged(assignment):
                    yield found
        for name, link in self._linked.items():
            unseen = None if name in seen else self._assignments.find(link.name)
            if unseen and (found := self._judged(unseen)):
                yield found

    def _listed(self, links: Sequence[Link]) -> Iterator[Assignment]:
        for subscription in self._subscriptions:
            yield from self._in(subscription)
        for known in self._principals:
            if known.ours and known.kind is LinkKind.AZURE_MANAGED_IDENTITY:
                try:
                    yield from self._assignments.at(known.name)
                except Denied as denied:
                    self._miss(f"who may attach {known.name}", denied)
        for account in self._accounts(links):
            try:
                yield from list(self._assignments.in_account(account))
            except Denied as denied:
                self._miss(f"Cosmos DB's own roles in {account}", denied)

    def _in(self, subscription: str) -> Iterator[Assignment]:
        ids = [object_id for known in self._principals for object_id in sorted(known.ids)]
        try:
            if self._whole:
                yield from list(self._assignments.within(f"/subscriptions/{subscription}"))
                return
            for object_id in dict.fromkeys(ids):
                yield from list(self._assignments.of_principal(subscription, object_id))
        except Denied as denied:
            self._miss(f"what is assigned in subscription {subscription}", denied)

    def _accounts(self, links: Sequence[Link]) -> list[str]:
        linked = [link.attributes[ACCOUNT] for link in links if is_of_cosmos(link.name) and ACCOUNT in link.attributes]
        linked += [account_of(link.name) for link in links if is_of_cosmos(link.name)]
        found = {account.lower(): account for account in linked}
        for subscription in self._subscriptions:
            try:
                found |= {account.lower(): account for account in self._assignments.accounts(subscription)}
            except Denied as denied:
                self._miss(f"Cosmos DB's own roles in subscription {subscription}", denied)
        return list(found.values())

    def _judged(self, assignment: Assignment) -> Found | None:
        link = self._linked.get(assignment.name.lower())
        known = self._principals.of(assignment.principal)
        marked = assignment.lease == self._lease_id
        on = next((each for each in self._principals if each.ours and same(assignment.scope, each.name)), None)
        if known is None and on is None and not marked and not self._is_made_for(assignment, link):
            # A role that is assigned under a linked name, but not to whom the lease has assigned one.
            return self._as_found(assignment, link, Ownership.NAMESAKE, None) if link else None
        gone = not known.ours if known else on is None
        declared = link is not None or marked or (known is not None and self._is_made_from(assignment, known.name))
        on_principal = known is None and on is not None
        found = self._as_found(assignment, link, Ownership.OURS, known or on)
        return replace(found, declared=declared, on_principal=on_principal, detail=_GONE if gone else "")

    def _is_made_for(self, assignment: Assignment, link: Link | None) -> bool:
        """Tell whether an assignment's id was made from the lease, as that of one that bears nothing else."""
        return link is not None and self._is_made_from(assignment, link.attributes.get(PRINCIPAL, ""))

    def _is_made_from(self, assignment: Assignment, principal: str) -> bool:
        made = assignment_guid(self._lease_id, assignment.scope, assignment.role, principal)
        return bool(principal) and same(made, last_of(assignment.name))

    def _as_found(self, assignment: Assignment, link: Link | None, ownership: Ownership, known: Known | None) -> Found:
        here = link or Link(System.AZURE, _KIND, assignment.name, self._session.name)
        about = {PRINCIPAL: known.name} if known else {}
        noted = replace(here, attributes={**about, **here.attributes, HOLDER: assignment.principal})
        return Found(assignment, noted, ownership, declared=link is not None, on_principal=False)

    def _miss(self, what: str, denied: Denied) -> None:
        reason = NotChecked(f"{what} was not looked through: {denied.problem}")
        self.unseen.append(BlindSpot(System.AZURE, self._session.name, _KIND, reason))


def sweep(session: AzureSession, link: Link) -> None:
    """Remove an assignment that was found; one made anew meanwhile under its name for another is left alone."""
    assignments = Assignments(session)
    found = assignments.find(link.name)
    if found and same(found.principal, link.attributes.get(HOLDER, found.principal)):
        assignments.delete(link.name)


def declared_only(found: Iterable[Found]) -> list[Found]:
    """Leave out what goes with its managed identity and was made by hand."""
    return [each for each in found if each.declared or not each.on_principal]
