"""Cutting a lease off: each of its principals, with what was made by hand reported, or taken from a suspended one.

Its custom roles are taken from whom else they were assigned to: they are about to go, and one that is assigned can't be
deleted. Source: Azure RBAC documentation, 'Azure custom roles' (`RoleDefinitionHasAssignments`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from nhi_components.core.azure_links import PRINCIPAL, RESOURCE_GROUP
from nhi_components.core.azure_names import group_scope
from nhi_components.core.credential.sources import EntraClientSecretSource
from nhi_components.core.links import Link, LinkKind, NeverCreated, System
from nhi_components.lifecycle.adapters.azure.assignments import Assignment, Assignments
from nhi_components.lifecycle.adapters.azure.census import Census
from nhi_components.lifecycle.adapters.azure.client_secrets import ClientSecrets
from nhi_components.lifecycle.adapters.azure.cut_off import PrincipalCutOff
from nhi_components.lifecycle.adapters.azure.federated import Credential, FederatedCredentials
from nhi_components.lifecycle.adapters.azure.known_principals import KINDS, Known, KnownPrincipals
from nhi_components.lifecycle.adapters.azure.names import subscription_of
from nhi_components.lifecycle.adapters.azure.principals import Principal
from nhi_components.lifecycle.adapters.azure.roles import CustomRoles
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.azure.survey import is_declared
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.adapters.every import every
from nhi_components.lifecycle.adapters.holders import tags_of
from nhi_components.lifecycle.ports import CutOff


class LeaseCutOff:
    """Cuts the principals of one lease off."""

    def __init__(
        self, session: AzureSession, lease_id: str, links: Sequence[Link], subscriptions: Sequence[str]
    ) -> None:
        self._session = session
        self._lease_id = lease_id
        self._links = links
        self._subscriptions = subscriptions
        self._credentials = FederatedCredentials(session)
        self._linked = [link for link in links if link.kind is LinkKind.AZURE_FEDERATED_CREDENTIAL]

    def run(self, with_credentials: Iterable[str], now: datetime) -> list[CutOff]:
        """Cut them off; namesakes are left alone, and what was never created is told.

        Args:
            with_credentials: object ids of applications, or the display name of the identity's own, whose client
                secrets are looked after with their credentials.
            now: the time.
        """
        elapsed = Elapsed(now)
        return [*self._cut_off_principals(set(with_credentials), now), *self._take_roles_back(elapsed)]

    def _cut_off_principals(self, with_credentials: set[str], now: datetime) -> list[CutOff]:
        linked = [link for link in self._links if link.kind in KINDS]
        if not linked:
            return []
        principals = KnownPrincipals(self._session, self._lease_id, self._links)
        absent = [link for link in linked if not (known := principals.get(link.name)) or not known.principal]
        never = [CutOff(link, NeverCreated(), NeverCreated()) for link in absent if not link.unique_id]
        ours = [known for known in principals if known.ours and known.link]
        if not ours:
            return never
        census = Census(self._session, self._lease_id, self._links, principals, self._subscriptions)
        steps = [partial(self._cut_off, principals, census, known, with_credentials, now) for known in ours]
        return [*(done for done in every(steps) if done), *never]

    def revoke(self) -> list[Link]:
        """Take from suspended principals what was made by hand, which works whatever the program denies; tell what."""
        principals = KnownPrincipals(self._session, self._lease_id, self._links)
        if not any(known.ours for known in principals):
            return []
        census = Census(self._session, self._lease_id, self._links, principals, self._subscriptions)
        linked = {link.name.lower() for link in self._links}
        revoked = list[Link]()
        for known in principals:
            if known.ours is None:
                continue
            for each in self._by_hand(known.ours):
                self._credentials.delete(known.ours, each)
                revoked.append(self._credential_link(known.ours, each))
            for found in census.of(known):
                if found.assignment.name.lower() not in linked:
                    Assignments(self._session).delete(found.assignment.name)
                    revoked.append(found.link)
        return revoked

    def _cut_off(
        self, principals: KnownPrincipals, census: Census, known: Known, with_credentials: set[str], now: datetime
    ) -> CutOff | None:
        principal, link = known.ours, known.link
        if principal is None or link is None:
            return None
        found = replace(link, unique_id=principal.object_id)
        credentials = self._credentials.of(principal)
        by_hand = [self._credential_link(principal, each) for each in self._undeclared(credentials)]
        extras = [*by_hand, *census.extras_of(known)]
        assigned = [each.assignment for each in census.of(known)]
        cutting = PrincipalCutOff(self._session, principals.store(known.kind), principal, found, now)
        done = cutting.run(credentials, assigned, extras)
        with_theirs = {principal.owner, principal.name} & with_credentials
        keys = [] if with_theirs else self._delete_secrets(principal)
        return replace(done, extras=(*done.extras, *keys))

    def _take_roles_back(self, elapsed: Elapsed) -> Iterator[CutOff]:
        """Remove what was assigned of the lease's custom roles by hand, to whomever; tell what it was."""
        roles, linked = CustomRoles(self._session), {link.name.lower() for link in self._links}
        for link in [each for each in self._links if each.kind is LinkKind.AZURE_ROLE_DEFINITION]:
            scope = group_scope(subscription_of(link.name), link.attributes.get(RESOURCE_GROUP, ""))
            by_hand = [each for each in roles.uses(link.name, [scope]) if each.name.lower() not in linked]
            role = roles.find(link.name) if by_hand else None
            if role is None or role.borne(self._lease_id) != self._lease_id:
                continue
            every([partial(Assignments(self._session).delete, each.name) for each in by_hand])
            yield CutOff(link, elapsed.now(), None, tuple(self._assignment_link(each) for each in by_hand))

    def _assignment_link(self, assignment: Assignment) -> Link:
        return Link(System.AZURE, LinkKind.AZURE_ROLE_ASSIGNMENT, assignment.name, self._session.name)

    def _by_hand(self, principal: Principal) -> list[Credential]:
        return self._undeclared(self._credentials.of(principal))

    def _undeclared(self, credentials: Iterable[Credential]) -> list[Credential]:
        return [each for each in credentials if not is_declared(self._lease_id, self._linked, each)]

    def _credential_link(self, principal: Principal, credential: Credential) -> Link:
        kind, about = LinkKind.AZURE_FEDERATED_CREDENTIAL, {PRINCIPAL: principal.name}
        return Link(System.AZURE, kind, credential.name, self._session.name, attributes=about)

    def _delete_secrets(self, principal: Principal) -> list[Link]:
        """Delete client secrets that no credential has brought, lest they work again should it be enabled."""
        if principal.kind is not LinkKind.ENTRA_SERVICE_PRINCIPAL or not principal.owner:
            return []
        source = EntraClientSecretSource(application=principal.owner, connection=self._session.name)
        secrets = ClientSecrets(self._session, source)
        listed = secrets.keys(tags_of(self._lease_id))
        for key in listed:
            secrets.delete(key.id)
        return [source.key_link(key.id) for key in listed]
