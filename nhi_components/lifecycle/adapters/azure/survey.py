"""Finding what is alive of a lease on Azure and in Entra: by the names of its links, and from its lease id alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from nhi_components.core.azure_links import PRINCIPAL
from nhi_components.core.lease_id import suffix_of
from nhi_components.core.links import Link, LinkKind, NotChecked, System
from nhi_components.lifecycle.adapters.azure.assignments import Assignments
from nhi_components.lifecycle.adapters.azure.census import HOLDER, Census, declared_only
from nhi_components.lifecycle.adapters.azure.directory_survey import DirectorySurvey
from nhi_components.lifecycle.adapters.azure.errors import Denied
from nhi_components.lifecycle.adapters.azure.federated import Credential, FederatedCredentials
from nhi_components.lifecycle.adapters.azure.identities import Identities
from nhi_components.lifecycle.adapters.azure.known_principals import Known, KnownPrincipals
from nhi_components.lifecycle.adapters.azure.own_secrets import OwnSecrets
from nhi_components.lifecycle.adapters.azure.roles import CustomRole, CustomRoles
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.holders import LEASE
from nhi_components.lifecycle.adapters.ownership import is_suspended, links_by_name, ownership_of
from nhi_components.lifecycle.ports import BlindSpot, Ownership, Sighting

_IDENTITY, _CREDENTIAL = LinkKind.AZURE_MANAGED_IDENTITY, LinkKind.AZURE_FEDERATED_CREDENTIAL
_ROLE, _ASSIGNMENT, _SECRET = (
    LinkKind.AZURE_ROLE_DEFINITION,
    LinkKind.AZURE_ROLE_ASSIGNMENT,
    LinkKind.KEY_VAULT_SECRET,
)
OF_AZURE = (_IDENTITY, _CREDENTIAL, _ROLE, _ASSIGNMENT)
"""The kinds that are looked for in subscriptions."""

Told = TypeVar("Told")

_NO_SUBSCRIPTION = NotChecked(
    "no subscription is known: the connection names none, and its principal sees none; to look through one, name the "
    "connection's `subscriptions`, or assign Reader in it to the principal"
)


class Survey:
    """One look at everything.

    Attributes:
        unseen: what could not be looked for.
    """

    def __init__(
        self,
        session: AzureSession,
        lease_id: str,
        links: Sequence[Link],
        subscriptions: Sequence[str],
        secrets: Sequence[Link],
    ) -> None:
        """Prepare a look.

        Args:
            session: the connection.
            lease_id: the lease.
            links: what it knows of; none for a look from its id alone.
            subscriptions: those that are looked through.
            secrets: what a search of vaults has found.
        """
        self._session = session
        self._secrets_found = secrets
        self._lease_id = lease_id
        self._links = links
        self._subscriptions = subscriptions
        self._roles = CustomRoles(session)
        self.unseen: list[BlindSpot] = []

    def run(self) -> list[Sighting]:
        """Look at credentials, assignments, roles, principals, applications and secrets, in the order to sweep in."""
        if not self._subscriptions and (not self._links or any(link.kind in OF_AZURE for link in self._links)):
            self.unseen += [self._spot(kind, _NO_SUBSCRIPTION) for kind in (*OF_AZURE, _SECRET)]
        principals = KnownPrincipals(self._session, self._lease_id, self._links)
        entra = DirectorySurvey(self._session, self._lease_id, self._links, principals)
        entra.meet()
        for subscription in self._subscriptions:
            for name in self._asked(_IDENTITY, f"subscription {subscription}", partial(self._of, subscription)):
                principals.meet(name)
        census = Census(self._session, self._lease_id, self._links, principals, self._subscriptions)
        found = [
            *(sighting for known in principals for sighting in self._credentials(known)),
            # Who may attach an identity goes with it; by itself it counts where it was declared.
            *(each.sighting for each in declared_only(census.found)),
            *self._custom_roles(),
            *(self._principal(known, census) for known in principals if known.kind is _IDENTITY and _counts(known)),
            *entra.sightings(lambda known: self._principal(known, census)),
            *self._secrets(),
        ]
        self.unseen += [*census.unseen, *entra.unseen]
        return found

    def _of(self, subscription: str) -> Iterator[str]:
        return Identities(self._session).of_lease(subscription, self._lease_id)

    def _principal(self, known: Known, census: Census) -> Sighting:
        principal = known.principal
        if principal is None:
            raise ValueError(f"{known.name}: nothing stands there")
        link = known.link or self._link(known.kind, principal.name)
        found = replace(link, unique_id=principal.object_id)
        if not known.ours:
            return Sighting(found, Ownership.NAMESAKE, _foreign(principal.lease))
        extras = ", ".join(extra.name for extra in census.extras_of(known))
        detail = f"assigned by hand, which the lease does not list: {extras}" if extras else ""
        open_ways = any(each.lets_in for each in FederatedCredentials(self._session).of(principal))
        is_shut = principal.mark is not None and not census.of(known) and not open_ways
        is_off = is_shut if principal.enabled else True
        half = principal.mark is not None and not is_off
        wanted = not is_suspended(link)
        return Sighting(found, Ownership.OURS, detail, cut_off=is_off and wanted, half_cut_off=half and wanted)

    def _credentials(self, known: Known) -> Iterator[Sighting]:
        """Tell of the federated credentials of a principal of the lease."""
        if known.ours is None:
            return
        linked = {link.name.lower(): link for link in self._links if link.kind is _CREDENTIAL}
        for each in FederatedCredentials(self._session).of(known.ours):
            link = linked.get(each.name.lower()) or self._link(_CREDENTIAL, each.name)
            about = {PRINCIPAL: known.name, HOLDER: known.ours.object_id}
            noted = replace(link, attributes={**link.attributes, **about})
            detail = "" if each.lets_in else f"lets nobody in: {each.subject}"
            by_hand = not is_declared(self._lease_id, linked.values(), each)
            yield Sighting(noted, Ownership.OURS, detail, by_hand=by_hand)

    def _custom_roles(self) -> Iterator[Sighting]:
        linked = {link.name.lower(): link for link in self._links if link.kind is _ROLE}
        listed = {role.name.lower(): role for role in self._listed_roles()} if not self._links else {}
        for name in dict.fromkeys([*linked, *listed]):
            link = linked.get(name)
            role = listed.get(name) or (self._roles.find(link.name) if link else None)
            if role:
                yield self._judged(link or self._link(_ROLE, role.name), role.borne(self._lease_id))

    def _listed_roles(self) -> Iterator[CustomRole]:
        assignments = Assignments(self._session)
        found: list[CustomRole] = []
        for each in self._subscriptions:
            found += self._asked(_ROLE, f"subscription {each}", partial(self._roles.of, each))
            accounts = self._asked(_ROLE, f"Cosmos DB in subscription {each}", partial(assignments.accounts, each))
            for account in accounts:
                found += self._asked(_ROLE, account, partial(self._roles.in_account, account))
        return (role for role in found if role.borne(self._lease_id) == self._lease_id)

    def _secrets(self) -> Iterator[Sighting]:
        """Tell of the bundle's own, and, where no links are known, of all that bear the lease; no value is read."""
        found = {link.name: link for link in self._secrets_found}
        for link in {**found, **links_by_name(self._links, _SECRET)}.values():
            secret = OwnSecrets(self._session).find(link)
            if secret is None:
                continue
            sighting = self._judged(link, secret.lease)
            if secret.deleted is None:
                yield sighting
            elif sighting.ownership is Ownership.OURS:
                until = secret.deleted.until
                told = f"deleted; can be brought back until {until:%Y-%m-%d}" if until else "deleted"
                kept = replace(sighting, detail=told, recoverable_until=until)
                yield kept if secret.deleted.purgeable else replace(kept, retained_until=until)

    def _judged(self, link: Link, borne: str | None) -> Sighting:
        ownership = ownership_of(self._lease_id, borne, None, link)
        noted = replace(link, attributes={**link.attributes, LEASE: self._lease_id})
        return Sighting(noted, ownership, "" if ownership is Ownership.OURS else _foreign(borne))

    def _asked(self, kind: LinkKind, where: str, question: Callable[[], Iterable[Told]]) -> list[Told]:
        """Ask for a list; that the connection may not is told."""
        try:
            return list(question())
        except Denied as denied:
            reason = NotChecked(f"those of {where} that no link names were not looked for: {denied.problem}")
            self.unseen.append(self._spot(kind, reason))
            return []

    def _spot(self, kind: LinkKind, reason: NotChecked) -> BlindSpot:
        return BlindSpot(System.AZURE, self._session.name, kind, reason)

    def _link(self, kind: LinkKind, name: str) -> Link:
        return Link(System.AZURE, kind, name, self._session.name)


def is_declared(lease_id: str, linked: Iterable[Link], credential: Credential) -> bool:
    """Tell whether the program has made a federated credential: the lease knows it, or its name bears the suffix."""
    known = any(link.name.lower() == credential.name.lower() for link in linked)
    return known or credential.own_name.endswith(f"-{suffix_of(lease_id)}")


def _counts(known: Known) -> bool:
    """Tell whether what stands at a name is told of: ours, or somebody else's at the name of a link."""
    return known.principal is not None and (known.ours is not None or known.link is not None)


def _foreign(borne: str | None) -> str:
    return f"another of that name, it bears {borne or 'no lease'}"
