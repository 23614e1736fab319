"""Finding every place and key of one Vault that bears a lease, from the lease id alone."""

from __future__ import annotations

from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.adapters.vault.approles import AppRole, AppRoles, fingerprint
from nhi_components.lifecycle.adapters.vault.census import CensusTaker
from nhi_components.lifecycle.adapters.vault.errors import Denied
from nhi_components.lifecycle.adapters.vault.judged import ours_of
from nhi_components.lifecycle.adapters.vault.kv import Entry, Kv
from nhi_components.lifecycle.adapters.vault.parallel import concurrently
from nhi_components.lifecycle.adapters.vault.places import kind_of
from nhi_components.lifecycle.adapters.vault.session import VaultSession
from nhi_components.lifecycle.credentials.ports import NotSearchable

_OTHERS = (LinkKind.VAULT_TOKEN, LinkKind.VAULT_DATABASE_ROLE, LinkKind.VAULT_LEASE)
"""What a search neither looks for nor needs to prove that something else is the lease's."""


def search(session: VaultSession, lease_id: str) -> list[Link]:
    """Find KV entries, registries of API keys, secret ids and certificates.

    Outside our folder an entry is known by its custom metadata only, so every entry of every KV v2 mount is read.

    Raises:
        NotSearchable: the token may not list all of them.
    """
    census = CensusTaker(session, lease_id, []).run()
    unseen = [spot.reason.reason for spot in census.reach.blind_spots(session.name) if spot.kind not in _OTHERS]
    if unseen:
        raise NotSearchable(f"vault.{session.name}: {lease_id}: {'; '.join(unseen)}")
    entries = [judged.link for judged in census.entries if judged.ours]
    found = {(link.attributes["mount"], link.name) for link in entries}
    for mount in census.reach.kv_mounts:
        marked = [entry for entry in _all(session, mount) if entry.lease == lease_id]
        entries += [_link_of(session, entry) for entry in marked if (mount, entry.path) not in found]
    secret_ids = [link for role in ours_of(census.principals.approles) for link in _secret_ids(session, role)]
    return [*entries, *secret_ids, *(judged.link for judged in census.issued.certificates if judged.ours)]


def _all(session: VaultSession, mount: str) -> list[Entry]:
    kv = Kv(session.http)
    try:
        found = concurrently(lambda path: kv.find(mount, path), kv.walk(mount))
    except Denied as refusal:
        raise NotSearchable(
            f"vault.{session.name}: entries outside our folder of {mount}/ can't be looked for: {refusal.problem.got}; "
            f"fix: let the token list and read {mount}/metadata/*, or look for them by their paths"
        ) from None
    return [entry for entry in found if entry]


def _link_of(session: VaultSession, entry: Entry) -> Link:
    where = {"mount": entry.mount}
    return Link(System.VAULT, kind_of(entry.path), entry.path, session.name, attributes=where)


def _secret_ids(session: VaultSession, role: AppRole) -> list[Link]:
    where, kind = {"mount": role.mount, "role": role.name}, LinkKind.VAULT_SECRET_ID
    accessors = AppRoles(session.http).secret_id_accessors(role)
    return [Link(System.VAULT, kind, fingerprint(each), session.name, attributes=where) for each in accessors]
