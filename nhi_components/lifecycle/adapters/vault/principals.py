"""Finding the principals of a lease: its auth roles, and the entities and aliases that their logins are taken for.

Each proves the others, so they are looked for together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.adapters.vault.approles import AppRole, AppRoles
from nhi_components.lifecycle.adapters.vault.entities import Alias, Entities, Entity
from nhi_components.lifecycle.adapters.vault.federated import FederatedRole, FederatedRoles
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.judged import Found, Judge, Judged, ours_of
from nhi_components.lifecycle.adapters.vault.places import mount_of
from nhi_components.lifecycle.adapters.vault.reach import ALIASES, ENTITIES, Reach, roles_of


@dataclass(frozen=True, slots=True)
class Principals:
    """The principals that were found."""

    approles: list[Judged[AppRole]]
    federated: list[Judged[FederatedRole]]
    entities: list[Judged[Entity]]
    aliases: list[Judged[Alias]]

    def logins(self) -> list[Judged[AppRole] | Judged[FederatedRole]]:
        """Every role through which somebody can log in."""
        return [*self.approles, *self.federated]


class PrincipalSearch:
    """One search for a lease's principals."""

    def __init__(self, http: VaultHttp, reach: Reach, judge: Judge, links: Sequence[Link]) -> None:
        self._approles = AppRoles(http)
        self._federated = FederatedRoles(http, reach.federated_mounts)
        self._entities = Entities(http)
        self._reach = reach
        self._judge = judge
        self._links = links

    def run(self, our_policies: Set[str]) -> Principals:
        """Find them.

        Args:
            our_policies: names of the policies that are proved the lease's.
        """
        entities = [self._judge.verdict(found) for found in self._marked_entities()]
        table = self._alias_table(entities)
        approles = [self._judge.verdict(found) for found in self._found_approles(our_policies, entities, table)]
        federated = [self._judge.verdict(found) for found in self._found_federated(our_policies, entities, table)]
        entities += self._made_by_logins(approles, federated, entities, table)
        aliases = [self._judge.verdict(found) for found in self._found_aliases(entities, table)]
        return Principals(approles, federated, entities, aliases)

    def _of_kind(self, kind: LinkKind) -> list[Link]:
        return [link for link in self._links if link.kind is kind]

    def _marked_entities(self) -> Iterator[Found[Entity]]:
        """Entities at the links' ids and names, and those whose names end as the lease's do."""
        found: dict[str, tuple[Entity, Link | None]] = {}
        for link in self._of_kind(LinkKind.VAULT_ENTITY):
            by_id = self._entities.by_id(link.unique_id) if link.unique_id else None
            for entity in (by_id, self._entities.by_name(link.name)):
                if entity:
                    found.setdefault(entity.unique_id, (entity, link))
        if self._reach.allows(ENTITIES):
            for name in self._entities.names_with_ending(self._judge.ending):
                entity = self._entities.by_name(name)
                if entity and self._judge.concerns(entity.lease):
                    found.setdefault(entity.unique_id, (entity, None))
        for entity, known in found.values():
            yield Found(entity, LinkKind.VAULT_ENTITY, entity.name, entity.lease, entity.unique_id, known)

    def _alias_table(self, entities: Iterable[Judged[Entity]]) -> list[Alias]:
        if self._reach.allows(ALIASES):
            return self._entities.aliases()
        return [alias for entity in entities for alias in entity.what.aliases]

    def _found_approles(
        self, our_policies: Set[str], entities: Iterable[Judged[Entity]], table: Iterable[Alias]
    ) -> Iterator[Found[AppRole]]:
        linked = {(mount_of(link), link.name): link for link in self._of_kind(LinkKind.VAULT_APPROLE)}
        places = dict.fromkeys(linked)
        for mount in self._reach.approle_mounts:
            if self._reach.allows(roles_of(mount)):
                names = self._approles.names_with_ending(mount, self._judge.ending)
                places |= dict.fromkeys((mount, name) for name in names)
        our_entities = {entity.unique_id for entity in ours_of(entities)}
        logins = {alias.role_unique_id for alias in table if alias.entity in our_entities}
        for mount, name in places:
            role = self._approles.find(mount, name)
            if role:
                proved = role.unique_id in logins or not our_policies.isdisjoint(role.policies)
                borne = self._judge.lease_id if proved else None
                link = linked.get((mount, name))
                yield Found(role, LinkKind.VAULT_APPROLE, name, borne, role.unique_id, link, {"mount": mount})

    def _found_federated(
        self, our_policies: Set[str], entities: Iterable[Judged[Entity]], table: Iterable[Alias]
    ) -> Iterator[Found[FederatedRole]]:
        kinds = (LinkKind.VAULT_JWT_ROLE, LinkKind.VAULT_KUBERNETES_ROLE)
        linked = {(mount_of(link), link.name): link for kind in kinds for link in self._of_kind(kind)}
        places = dict.fromkeys(linked)
        for mount in self._reach.federated_mounts:
            if self._reach.allows(roles_of(mount)):
                names = self._federated.names_with_ending(mount, self._judge.ending)
                places |= dict.fromkeys((mount, name) for name in names)
        our_entities = {entity.unique_id for entity in ours_of(entities)}
        logins = {(alias.accessor, alias.name) for alias in table if alias.entity in our_entities}
        for mount, name in places:
            role = self._federated.find(mount, name)
            if role:
                proved = (role.mount.accessor, role.alias_name) in logins or not our_policies.isdisjoint(role.policies)
                borne = role.lease or (self._judge.lease_id if proved else None)
                link = linked.get((mount, name))
                yield Found(role, role.mount.kind, name, borne, role.unique_id, link, {"mount": mount})

    def _made_by_logins(
        self,
        approles: Sequence[Judged[AppRole]],
        federated: Sequence[Judged[FederatedRole]],
        entities: Iterable[Judged[Entity]],
        table: Iterable[Alias],
    ) -> list[Judged[Entity]]:
        """Entities that Vault made anew by itself when somebody logged in through one of our roles."""
        made = self._made_through_approles(ours_of(approles), table)
        made += self._made_through_federated(ours_of(federated), table)
        known = {entity.what.unique_id for entity in entities}
        new = {entity.unique_id: entity for entity in made if entity and entity.unique_id not in known}
        return [self._judge.verdict(self._made(entity)) for entity in new.values()]

    def _made_through_approles(self, ours: Sequence[AppRole], table: Iterable[Alias]) -> list[Entity | None]:
        ids = {role.unique_id for role in ours}
        ids |= {link.unique_id for link in self._of_kind(LinkKind.VAULT_APPROLE) if link.unique_id}
        if self._reach.allows(ALIASES):
            return [self._entities.by_id(alias.entity) for alias in table if alias.role_unique_id in ids]
        return [self._entities.by_login(role.role_id, self._reach.approle_mounts[role.mount]) for role in ours]

    def _made_through_federated(self, ours: Sequence[FederatedRole], table: Iterable[Alias]) -> list[Entity | None]:
        """Others may share an alias that the issuer has named: ours is only an entity that nobody has touched."""
        names = {(role.mount.accessor, role.alias_name) for role in ours if role.alias_name}
        roles = {(role.mount.path, role.name) for role in ours}
        roles |= {(mount_of(link), link.name) for link in self._of_kind(LinkKind.VAULT_JWT_ROLE)}
        if self._reach.allows(ALIASES):
            aliases = [a for a in table if (a.accessor, a.name) in names or (a.mount, a.role_name) in roles]
            found = [self._entities.by_id(alias.entity) for alias in aliases]
        else:
            found = [self._entities.by_login(name, accessor) for accessor, name in names]
        return [entity for entity in found if entity and entity.made_by_vault]

    def _made(self, entity: Entity) -> Found[Entity]:
        detail = "made by Vault itself at a login through a role of the lease"
        lease = self._judge.lease_id
        return Found(entity, LinkKind.VAULT_ENTITY, entity.name, lease, entity.unique_id, detail=detail)

    def _found_aliases(self, entities: Iterable[Judged[Entity]], table: Iterable[Alias]) -> Iterator[Found[Alias]]:
        ours = {judged.what.unique_id: judged.link.name for judged in entities if judged.ours}
        links = self._of_kind(LinkKind.VAULT_ENTITY_ALIAS)
        by_id = {link.unique_id: link for link in links if link.unique_id}
        by_place = {(mount_of(link), link.name): link for link in links}
        known = [*table, *(alias for judged in entities for alias in judged.what.aliases)]
        for alias in {alias.unique_id: alias for alias in known}.values():
            name = ours.get(alias.entity)
            link = by_id.get(alias.unique_id) or by_place.get((alias.mount, name or ""))
            if name or link:
                borne = self._judge.lease_id if name else None
                label = name or alias.role_name
                where = {"mount": alias.mount}
                yield Found(alias, LinkKind.VAULT_ENTITY_ALIAS, label, borne, alias.unique_id, link, where)
