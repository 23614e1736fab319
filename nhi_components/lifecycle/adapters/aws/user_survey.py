"""Finding the users of a lease, with what hangs on them: by the names of its links, and from its lease id alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.adapters.aws.marks import CUT_OFF_POLICY, OUR_POLICIES
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.adapters.aws.sighted import is_foreign, sighting_of, unique
from nhi_components.lifecycle.adapters.aws.user_attachments import Attached
from nhi_components.lifecycle.adapters.aws.users import USER, AccessKey, User, Users, user_of
from nhi_components.lifecycle.adapters.ownership import links_by_name
from nhi_components.lifecycle.ports import Ownership, Sighting


class UserSurvey:
    """One look at the users of a lease."""

    def __init__(self, session: AwsSession, lease_id: str, links: Sequence[Link]) -> None:
        self._users = Users(session.iam)
        self._connection = session.name
        self._lease_id = lease_id
        self._linked = links_by_name(links, LinkKind.IAM_USER)
        self._parts = [link for link in links if is_on_user(link)]
        self._links = links

    def run(self) -> Iterator[Sighting]:
        """Tell of each user, of its policies that are linked, and of all its access keys.

        Where links are known and none is of a user, the lease has none, and IAM is not asked.
        """
        if self._links and not (self._linked or self._parts):
            return
        named = [*self._linked, *(user_of(link) for link in self._parts)]
        for name in unique(named, self._users.names_with_suffix(self._lease_id)):
            user = self._users.find(name)
            if user is not None and (name in named or not is_foreign(self._lease_id, user)):
                yield from self._with_parts(user)

    def _with_parts(self, user: User) -> Iterator[Sighting]:
        kind, link = LinkKind.IAM_USER, self._linked.get(user.name)
        sighting = sighting_of(self._lease_id, self._connection, kind, user, link)
        attached, ours = self._users.attached(user.name), sighting.ownership is Ownership.OURS
        yield self._detailed(sighting, attached) if ours else sighting
        for part in self._parts:
            if user_of(part) == user.name and part.name in (*attached.inline, *attached.managed):
                yield Sighting(part, sighting.ownership)
        if ours:
            yield from map(partial(self._key, user), self._users.keys(user.name))

    def _detailed(self, sighting: Sighting, attached: Attached) -> Sighting:
        extras = [extra.name for extra in extras_of(sighting.link, attached, self._links)]
        told = ", ".join([*extras, *attached.by_hand])
        detail = f"carries what the lease does not list: {told}" if told else ""
        return replace(sighting, detail=detail, cut_off=CUT_OFF_POLICY in attached.inline)

    def _key(self, user: User, key: AccessKey) -> Sighting:
        """Tell of a key; it is the lease's as its user is, whoever made it."""
        link = Link(System.AWS, LinkKind.IAM_ACCESS_KEY, key.id, self._connection, key.id, {USER: user.name})
        return Sighting(link, Ownership.OURS, "" if key.active else "inactive")


def is_on_user(link: Link) -> bool:
    """Tell whether a link is of a policy of a user, inline or attached."""
    attached = link.kind is LinkKind.IAM_POLICY_ATTACHMENT and USER in link.attributes
    return attached or link.kind is LinkKind.IAM_USER_POLICY


def extras_of(user: Link, attached: Attached, links: Iterable[Link]) -> tuple[Link, ...]:
    """Tell which policies hang on a user that the lease does not know of."""
    # A bundle's own inline policy bears its user's name, also where no links are known.
    known = {(LinkKind.IAM_USER_POLICY, user.name), *((link.kind, link.name) for link in links)}
    found = [
        *((LinkKind.IAM_POLICY_ATTACHMENT, arn) for arn in attached.managed),
        *((LinkKind.IAM_USER_POLICY, policy) for policy in attached.inline if policy not in OUR_POLICIES),
    ]
    return tuple(
        Link(user.system, kind, name, user.connection, attributes={USER: user.name})
        for kind, name in found
        if (kind, name) not in known
    )
