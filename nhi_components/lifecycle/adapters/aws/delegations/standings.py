"""Which roles are the lease's: asked of IAM, because a name alone proves nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.adapters.aws.delegations.principals import Principals, Standing
from nhi_components.lifecycle.adapters.aws.roles import Role, Roles
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.ports import Ownership

PATHS = (LinkKind.DELEGATED_PATH, LinkKind.KMS_GRANT)


def linked_principals(session: AwsSession, lease_id: str, links: Sequence[Link]) -> Principals:
    """Tell the roles of some links, and of the delegated paths among them."""
    roles = Roles(session.iam)
    names = dict.fromkeys(_role_name(link) for link in links)
    standings = {
        name: _standing(lease_id, roles.find(name), (link for link in links if _role_name(link) == name))
        for name in names
        if name
    }
    return Principals(lease_id, session.identity.account, standings)


def every_principal(session: AwsSession, lease_id: str) -> Principals:
    """Tell the roles of a lease from its id alone."""
    roles = Roles(session.iam)
    found = {name: roles.find(name) for name in roles.names_with_suffix(lease_id)}
    standings = {name: _standing(lease_id, role, ()) for name, role in found.items() if role}
    return Principals(lease_id, session.identity.account, standings, beyond=True)


def _role_name(link: Link) -> str:
    return (
        link.name if link.kind is LinkKind.IAM_ROLE else link.attributes.get("role", "") if link.kind in PATHS else ""
    )


def _standing(lease_id: str, role: Role | None, links: Iterable[Link]) -> Standing:
    ids = [link.unique_id for link in links if link.unique_id]
    known, newest = frozenset(ids), ids[-1] if ids else None
    if role is None:
        return Standing(known, Ownership.OURS, newest)
    if role.unique_id in known or (lease_id and role.lease == lease_id):
        return Standing(known | {role.unique_id}, Ownership.OURS, role.unique_id)
    return Standing(known, None if role.lease else Ownership.NAMESAKE, newest)
