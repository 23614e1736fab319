"""Everything in one Vault that belongs to a lease or stands at the name of one of its links, each judged.

What proves that something is the lease's: a policy's first line; an entity's metadata or id; an AppRole's fingerprint;
a JWT or Kubernetes role's policy that is named by the lease id; for every role also a proven policy that its tokens
carry, or a proven entity that its logins are taken for; an alias's entity; a token's entity or policy; a KV entry's
path or custom metadata. A name alone proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nhi_components.core.lease_id import CLAIM
from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.adapters.ownership import links_by_name
from nhi_components.lifecycle.adapters.vault.approles import AppRoles, fingerprint
from nhi_components.lifecycle.adapters.vault.claims import lease_of_claim
from nhi_components.lifecycle.adapters.vault.issued import Issued, IssuedCredentials
from nhi_components.lifecycle.adapters.vault.judged import Found, Judge, Judged, ours_of
from nhi_components.lifecycle.adapters.vault.kv import Entry, Kv, lease_of_path
from nhi_components.lifecycle.adapters.vault.places import entry_of, kind_of, mount_of
from nhi_components.lifecycle.adapters.vault.policies import Policies, Policy
from nhi_components.lifecycle.adapters.vault.principals import Principals, PrincipalSearch
from nhi_components.lifecycle.adapters.vault.reach import POLICIES, Reach, entries_of, look
from nhi_components.lifecycle.adapters.vault.session import VaultSession
from nhi_components.lifecycle.adapters.vault.tokens import Token
from nhi_components.lifecycle.ports import Sighting

_ENTRIES = (LinkKind.VAULT_KV_PATH, LinkKind.VAULT_API_KEYS)


@dataclass(frozen=True, slots=True)
class Census:
    """What was found, each judged, and what the connection's token lets us look at.

    Attributes:
        parts: linked secret ids and KV versions that are alive: parts of the AppRoles and entries.
    """

    reach: Reach
    policies: Sequence[Judged[Policy]]
    principals: Principals
    tokens: Sequence[Judged[Token]]
    issued: Issued
    entries: Sequence[Judged[Entry]]
    parts: Sequence[Sighting]

    def sightings(self) -> list[Sighting]:
        """Tell it in the order to sweep in: first what logs in, then what is logged in, then what it may do."""
        found = self.principals
        entities = [replace(e.sighting, cut_off=e.what.cut_off_at is not None) for e in found.entities]
        logins = [judged.sighting for group in (found.logins(), self.tokens) for judged in group]
        entries = [replace(e.sighting, cut_off=e.what.cut_off_at is not None) for e in self.entries]
        rest = [judged.sighting for group in (found.aliases, self.policies) for judged in group]
        return [*logins, *self.issued.sightings(), *entities, *rest, *entries, *self.parts]


class CensusTaker:
    """Takes one census."""

    def __init__(self, session: VaultSession, lease_id: str, links: Sequence[Link]) -> None:
        self._session = session
        self._http = session.http
        self._links = links
        self._judge = Judge(lease_id, session.name)
        self._reach = look(session.http)
        self.issued = IssuedCredentials(session, self._reach, self._judge, links)

    def run(self) -> Census:
        """Look at everything."""
        policies = [self._judge.verdict(found) for found in self._found_policies()]
        names = {policy.name for policy in ours_of(policies)}
        principals = PrincipalSearch(self._http, self._reach, self._judge, self._links).run(names)
        tokens = self.tokens(policies, principals)
        entries = [self._judge.verdict(found) for found in self._found_entries()]
        parts = [*self._live_secret_ids(principals), *self._live_versions(entries)]
        return Census(self._reach, policies, principals, tokens, self.issued.find(), entries, parts)

    def tokens(self, policies: Sequence[Judged[Policy]], principals: Principals) -> list[Judged[Token]]:
        """List the tokens of our entities and those that carry our policies; none when that is a blind spot."""
        if not self._reach.sees_tokens:
            return []
        return [self._judge.verdict(found) for found in self._found_tokens(policies, principals)]

    def _found_tokens(self, policies: Sequence[Judged[Policy]], principals: Principals) -> Iterator[Found[Token]]:
        # Entities and policies that are gone already still name their tokens.
        linked = {link.unique_id for link in self._links if link.kind is LinkKind.VAULT_ENTITY and link.unique_id}
        entities = {entity.unique_id for entity in ours_of(principals.entities)} | linked
        strangers = {judged.what.name for judged in policies if not judged.ours}
        names = {judged.what.name for judged in policies} | set(links_by_name(self._links, LinkKind.VAULT_POLICY))
        names.add(self._judge.lease_id)
        for token in self._session.tokens.all():
            ours = token.entity in entities or not (names - strangers).isdisjoint(token.policies)
            if ours:
                detail = f"logged in by {token.display_name}"
                yield Found(token, LinkKind.VAULT_TOKEN, token.name, self._judge.lease_id, detail=detail)
            elif any(policy.endswith(self._judge.ending) for policy in token.policies - strangers):
                detail = "it carries a policy whose name ends as the lease's do, but which is gone"
                yield Found(token, LinkKind.VAULT_TOKEN, token.name, None, detail=detail)

    def _found_policies(self) -> Iterator[Found[Policy]]:
        policies = Policies(self._http)
        linked = links_by_name(self._links, LinkKind.VAULT_POLICY)
        listed = policies.names_with_ending(self._judge.ending) if self._reach.allows(POLICIES) else []
        for name in dict.fromkeys([*linked, *listed]):
            policy = policies.find(name)
            if policy and (name in linked or self._judge.concerns(policy.lease)):
                yield Found(policy, LinkKind.VAULT_POLICY, name, policy.lease, link=linked.get(name))

    def _found_entries(self) -> Iterator[Found[Entry]]:
        kv = Kv(self._http)
        linked = {(mount_of(link), link.name): link for link in self._links if link.kind in _ENTRIES}
        places = dict.fromkeys(linked)
        for mount in self._reach.kv_mounts:
            if self._reach.allows(entries_of(mount)):
                places |= dict.fromkeys((mount, path) for path in self._paths(kv, mount, [p for _, p in linked]))
        for mount, path in places:
            entry = kv.find(mount, path)
            if entry:
                where, link = {"mount": mount}, linked.get((mount, path))
                kind = link.kind if link else kind_of(path)
                yield Found(entry, kind, path, entry.lease, None, link, where, entry.condition)
        for mount, path in [(mount, path + CLAIM) for mount, path in linked if (mount, path + CLAIM) not in places]:
            entry = kv.find(mount, path)
            lease = lease_of_claim(kv, entry) if entry else None
            if entry and lease == self._judge.lease_id:
                where = {"mount": mount}
                yield Found(entry, LinkKind.VAULT_KV_PATH, path, lease, None, None, where, entry.condition)

    def _paths(self, kv: Kv, mount: str, known: Sequence[str]) -> list[str]:
        """Where the lease's entries are: in the folder of the known ones of ours, or, knowing none, anywhere in it."""
        lease_id = self._judge.lease_id
        folders = {path.rsplit("/", 1)[0]: path for path in known if lease_of_path(path) == lease_id}
        if not folders:
            return kv.paths_of(mount, lease_id)
        return [path for place in folders.values() for path in kv.paths_beside(mount, place, lease_id)]

    def _live_secret_ids(self, principals: Principals) -> Iterator[Sighting]:
        links = [link for link in self._links if link.kind is LinkKind.VAULT_SECRET_ID]
        for judged in principals.approles if links else []:
            alive = {fingerprint(accessor) for accessor in AppRoles(self._http).secret_id_accessors(judged.what)}
            yield from (Sighting(link, judged.ownership) for link in links if link.name in alive)

    def _live_versions(self, entries: Sequence[Judged[Entry]]) -> Iterator[Sighting]:
        by_place = {(judged.what.mount, judged.what.path): judged for judged in entries}
        for link in self._links:
            if link.kind is LinkKind.VAULT_KV_VERSION:
                path, number = entry_of(link)
                judged = by_place.get((mount_of(link), path))
                if judged and number in judged.what.versions:
                    yield Sighting(link, judged.ownership)
