"""Cutting a lease off in one Vault: no login and no token works any more, before anything is deleted.

Order: a canary token; secret ids; entities, whose tokens are refused at once; roles whose logins no disabled entity
holds; then every token; then, as nothing new is issued any more, API keys, dynamic leases and certificates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

from nhi_components.core.links import Fact, Link, LinkKind, NeverCreated, NotChecked, System
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.adapters.vault.accepted_keys import AcceptedKeys
from nhi_components.lifecycle.adapters.vault.approles import AppRole, AppRoles, fingerprint
from nhi_components.lifecycle.adapters.vault.canary import NoCanary, OpenToken, open_token, open_token_for
from nhi_components.lifecycle.adapters.vault.census import Census, CensusTaker
from nhi_components.lifecycle.adapters.vault.entities import Entities, Entity
from nhi_components.lifecycle.adapters.vault.federated import FederatedRoles
from nhi_components.lifecycle.adapters.vault.judged import ours_of
from nhi_components.lifecycle.adapters.vault.places import is_claim
from nhi_components.lifecycle.adapters.vault.principals import Principals
from nhi_components.lifecycle.adapters.vault.session import VaultSession
from nhi_components.lifecycle.ports import Canary, CutOff

_PRINCIPALS = (
    LinkKind.VAULT_APPROLE,
    LinkKind.VAULT_JWT_ROLE,
    LinkKind.VAULT_KUBERNETES_ROLE,
    LinkKind.VAULT_ENTITY,
)


class LeaseCutOff:
    """Cuts one lease off."""

    def __init__(self, session: VaultSession, lease_id: str, links: Sequence[Link], now: datetime) -> None:
        self._session = session
        self._lease_id = lease_id
        self._links = links
        self._taker = CensusTaker(session, lease_id, links)
        self._elapsed = Elapsed(now)
        self._without_canary = "no role and no entity of the lease was found, through which a token could be opened"

    def run(self) -> list[CutOff]:
        """Cut it off; what an earlier run has done already keeps its time."""
        census = self._taker.run()
        principals = census.principals
        canary, opened_at = self._open_canary(census), self._elapsed.now()
        extras = [extra for role in ours_of(principals.approles) for extra in self._destroy_secret_ids(role)]
        disabled_at = self._disable(ours_of(principals.entities), canary)
        if self._delete_unheld(census):
            disabled_at = self._elapsed.now()
        extras += self._revoke_tokens(census, canary)
        keys = AcceptedKeys(self._session.http, census.entries).cut_off(self._elapsed)
        earlier = self._taker.issued.revoked_before(self._elapsed)
        issued = self._taker.issued.revoke(census.issued, self._elapsed)
        refused_at = self._refused_at(census, canary)
        done = [
            CutOff(
                link=link,
                disabled_at=disabled_at,
                sessions_refused_at=refused_at,
                # What hangs on the lease's principals is told once, with the first of them.
                extras=tuple(extras) if number == 0 else (),
                canary=Canary(link, opened_at, canary) if canary else None,
                without_canary=self._without_canary,
            )
            for number, link in enumerate(_our_links(principals))
        ]
        return [*done, *keys, *earlier, *issued, *self._never_created(census), *_extra_versions(census)]

    def revoke_live(self) -> list[Link]:
        """Revoke all that was issued to a lease whose principals the program has denied already.

        Raises:
            NhiError: something could not be revoked, or not be looked for; the rest was revoked.
        """
        census = self._taker.run()
        ours = ours_of(census.principals.approles)
        revoked = [
            *(extra for role in ours for extra in self._destroy_secret_ids(role)),
            *self._revoke_tokens(census, None),
            *AcceptedKeys(self._session.http, census.entries).revoke(),
            *(cut_off.link for cut_off in self._taker.issued.revoke(census.issued, self._elapsed)),
        ]
        self._taker.issued.refuse_unseen()
        return revoked

    def _open_canary(self, census: Census) -> OpenToken | None:
        """Open a token through the first role or for the first entity that lets us; None, and why, when none does."""
        entities = ours_of(census.principals.entities)
        earlier = [entity.cut_off_at for entity in entities if entity.cut_off_at]
        if earlier:
            self._without_canary = f"an earlier run cut the lease off at {min(earlier).isoformat()}, no login works now"
            return None
        for opened in self._ways_in(census, entities):
            try:
                token = opened()
            except NoCanary as reason:
                self._without_canary = str(reason)
            else:
                self._without_canary = ""
                return token
        return None

    def _ways_in(self, census: Census, entities: Sequence[Entity]) -> Iterator[Callable[[], OpenToken]]:
        """Ways to open a token: a login by AppRole; by entity where only an issuer can make a login."""
        http, principals = self._session.http, census.principals
        for role in ours_of(principals.approles):
            yield partial(open_token, http, role)
        for entity in entities if ours_of(principals.federated) else ():
            yield partial(open_token_for, http, entity, self._lease_id, census.reach.token_accessor)

    def _delete_unheld(self, census: Census) -> bool:
        """Delete roles with logins that none of our entities, disabled by now, is taken for; tell if there are any."""
        aliases = [alias for entity in ours_of(census.principals.entities) for alias in entity.aliases]
        held = {(alias.accessor, alias.name) for alias in aliases}
        roles = FederatedRoles(self._session.http, census.reach.federated_mounts)
        ours = ours_of(census.principals.federated)
        unheld = [role for role in ours if (role.mount.accessor, role.alias_name) not in held]
        for role in unheld:
            roles.delete(role.mount.path, role.name, role.unique_id)
        return bool(unheld)

    def _destroy_secret_ids(self, role: AppRole) -> list[Link]:
        approles = AppRoles(self._session.http)
        accessors = approles.secret_id_accessors(role)
        approles.destroy_secret_ids(role, accessors)
        where = {"mount": role.mount, "role": role.name}
        return [self._extra(LinkKind.VAULT_SECRET_ID, fingerprint(accessor), where) for accessor in accessors]

    def _disable(self, entities: Sequence[Entity], canary: OpenToken | None) -> datetime:
        """Disable the entities, also one that the canary's login has just made."""
        store = Entities(self._session.http)
        known = {entity.unique_id for entity in entities}
        made = store.by_id(canary.entity) if canary and canary.entity and canary.entity not in known else None
        noted = []
        for entity in [*entities, *([made] if made else [])]:
            if entity.cut_off_at is None:
                store.disable(entity, self._elapsed.now())
            noted.append(entity.cut_off_at or self._elapsed.now())
        return max(noted, default=self._elapsed.now())

    def _revoke_tokens(self, census: Census, canary: OpenToken | None) -> list[Link]:
        """List the tokens once more, now that no login makes new ones, and revoke them."""
        tokens = ours_of(self._taker.tokens(census.policies, census.principals))
        self._session.tokens.revoke(tokens)
        names = [token.name for token in tokens if not canary or token.name != canary.name]
        return [self._extra(LinkKind.VAULT_TOKEN, name, {}) for name in names]

    def _refused_at(self, census: Census, canary: OpenToken | None) -> Fact:
        unseen = [
            s.reason.reason for s in census.reach.blind_spots(self._session.name) if s.kind is LinkKind.VAULT_TOKEN
        ]
        if unseen:
            return NotChecked("tokens without an entity may live on until they end: " + "; ".join(unseen))
        if canary and canary.works():
            return NotChecked("the canary still worked after its entity was disabled and its tokens were revoked")
        return self._elapsed.now()

    def _never_created(self, census: Census) -> Iterator[CutOff]:
        found = {judged.link.key for judged in census.principals.logins()}
        found |= {judged.link.key for judged in census.principals.entities}
        for link in self._links:
            if link.kind in _PRINCIPALS and link.key not in found and link.unique_id is None:
                yield CutOff(link, NeverCreated(), NeverCreated())

    def _extra(self, kind: LinkKind, name: str, where: dict[str, str]) -> Link:
        return Link(System.VAULT, kind, name, self._session.name, attributes=where)


def _our_links(principals: Principals) -> list[Link]:
    logins = [judged.link for judged in principals.logins() if judged.ours]
    return logins + [judged.link for judged in principals.entities if judged.ours]


def _extra_versions(census: Census) -> Iterator[CutOff]:
    """KV versions that were written by others; an entry itself is no principal, so no other fact applies."""
    for judged in census.entries:
        versions = [number for number in judged.what.versions if number > judged.what.delivered]
        if judged.ours and versions and judged.link.kind is LinkKind.VAULT_KV_PATH and not is_claim(judged.what.path):
            link = judged.link
            where = {"mount": judged.what.mount}
            kind = LinkKind.VAULT_KV_VERSION
            names = [f"{judged.what.path}@{number}" for number in versions]
            extras = tuple(Link(link.system, kind, name, link.connection, attributes=where) for name in names)
            yield CutOff(link, None, None, extras)
