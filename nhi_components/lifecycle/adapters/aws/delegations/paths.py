"""Delegated paths and KMS grants behind the adapter: admitting, finding, sweeping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial, reduce

from botocore.exceptions import ClientError

from nhi_components.core.delegation import delegation_statement, parts_of_path
from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link, LinkKind, NotChecked
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.aws.delegations.documents import (
    Document,
    Statement,
    statements_of,
    with_statement,
)
from nhi_components.lifecycle.adapters.aws.delegations.editing import check_size, read, settle
from nhi_components.lifecycle.adapters.aws.delegations.grants import grants_of, grants_on, revoke
from nhi_components.lifecycle.adapters.aws.delegations.holders import GONE, PolicyHolder, holder_at
from nhi_components.lifecycle.adapters.aws.delegations.principals import Principals, Standing
from nhi_components.lifecycle.adapters.aws.delegations.scan import Look, look_everywhere
from nhi_components.lifecycle.adapters.aws.delegations.standings import (
    PATHS,
    every_principal,
    linked_principals,
)
from nhi_components.lifecycle.adapters.aws.delegations.statements import paths_in, without_roles
from nhi_components.lifecycle.adapters.aws.errors import code_of
from nhi_components.lifecycle.adapters.aws.session import AwsSession
from nhi_components.lifecycle.ports import BlindSpot, CutOff, Ownership, Sighting

CHAINED_SESSION_HOURS = 1
"""The longest session of a role that another role's session assumes (STS API, AssumeRole: role chaining)."""


class DelegatedPaths:
    """What names a lease's roles elsewhere, through one connection.

    It remembers what its newest look everywhere could not see, and which statements it saw and leaves alone.
    """

    def __init__(self, session: AwsSession) -> None:
        self._session = session
        self._blind_spots: list[BlindSpot] | None = None
        self._left_alone: dict[str, list[Link]] = {}

    def admit(self, lease: LeaseTags, links: Sequence[Link]) -> None:
        """Put the declared statements into the policies of their resources.

        All policies are read and judged before the first of them is written.

        Raises:
            SpecError: when a policy would become too large.
            NhiError: when a policy can't be read, or a statement of that Sid names somebody else.
        """
        declared = [link for link in links if link.kind is LinkKind.DELEGATED_PATH]
        if not declared:
            return
        principals = linked_principals(self._session, lease.lease, links)
        planned: dict[str, list[Statement]] = {}
        for link in declared:
            planned.setdefault(parts_of_path(link.name)[0], []).append(delegation_statement(link.name, link.attributes))
        opened = [(holder_at(self._session, arn), statements) for arn, statements in planned.items()]
        for holder, statements in opened:
            document = read(holder)
            _refuse_foreign(holder, document, statements, principals)
            wanted = _with_all(statements, document)
            if wanted is not document:
                check_size(holder, wanted)
        for holder, statements in opened:
            settle(holder, partial(_with_all, statements))

    def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
        """Find what names the lease's roles: at the linked places, or everywhere where no links are known."""
        if not links:
            return self._everywhere(every_principal(self._session, lease_id))
        places = [link for link in links if link.kind in PATHS] + self._left_alone.get(lease_id, [])
        if not places:
            return []
        principals = linked_principals(self._session, lease_id, links)
        policies = dict.fromkeys(parts_of_path(p.name)[0] for p in places if p.kind is LinkKind.DELEGATED_PATH)
        found = [sighting for arn in policies for sighting in self._at(arn, principals)]
        for place in places:
            if place.kind is LinkKind.KMS_GRANT:
                found += self._grant(place, principals)
        return found

    def extras(self, lease_id: str, links: Sequence[Link]) -> list[Link]:
        """Look everywhere, once, for what names the linked roles and was not declared.

        Returns:
            What is the lease's alone, to be swept; what is not is left alone and told by the surveys that follow.
        """
        sightings = self._everywhere(linked_principals(self._session, lease_id, links))
        known = {link.key for link in links}
        return [s.link for s in sightings if s.ownership is Ownership.OURS and s.link.key not in known]

    def blind_spots(self) -> list[BlindSpot]:
        """Tell what a look everywhere can't see; makes one if there was none yet."""
        if self._blind_spots is None:
            self._look("")
        return self._blind_spots or []

    def sweep(self, link: Link) -> None:
        """Take the role out of a statement, or revoke a grant; a later role of the same name keeps what is its own."""
        if link.kind is LinkKind.KMS_GRANT:
            revoke(self._session, link)
            return
        arn, mark = parts_of_path(link.name)
        principals = linked_principals(self._session, "", [link]) if link.attributes.get("role") else _orphan(link)
        try:
            settle(holder_at(self._session, arn), lambda document: without_roles(document, mark, principals))
        except ClientError as error:
            if code_of(error) not in GONE:
                raise

    def _everywhere(self, principals: Principals) -> list[Sighting]:
        sightings = self._look(principals.lease_id).sightings(principals, self._session.name)
        alone = [s.link for s in sightings if s.ownership is Ownership.NAMESAKE]
        self._left_alone = {**self._left_alone, principals.lease_id: alone}
        return sightings

    def _look(self, lease_id: str) -> Look:
        look = look_everywhere(self._session, lease_id)
        self._blind_spots = look.blind_spots
        return look

    def _at(self, arn: str, principals: Principals) -> list[Sighting]:
        try:
            document = read(holder_at(self._session, arn))
        except ClientError as error:
            if code_of(error) in GONE:
                return []
            raise
        return paths_in(principals, arn, document, self._session.name)

    def _grant(self, link: Link, principals: Principals) -> list[Sighting]:
        key, grant_id = parts_of_path(link.name)
        region = key.split(":")[3]
        grants = grants_on(self._session.client("kms", region), key, grant_id)
        return list(grants_of(principals, key, grants, self._session.name))


def chained(links: Sequence[Link]) -> list[CutOff]:
    """Tell what a cut-off can't end: sessions of other roles, opened through ours while their trust named it.

    Such a session is not the identity's any more. To deny it there would deny whoever else uses that role.
    """
    roles = [link for link in links if link.kind is LinkKind.DELEGATED_PATH and ":role/" in link.name]
    why = (
        f"a session of that role, opened before the cut-off, lives for up to {CHAINED_SESSION_HOURS} h from its opening"
    )
    return [CutOff(link, None, NotChecked(why)) for link in roles]


def with_extras(done: Sequence[CutOff], extras: Sequence[Link]) -> list[CutOff]:
    """Hand what was found to the cut-off of its role; to one of its own where the role is gone."""
    by_role: dict[str, list[Link]] = {}
    for extra in extras:
        by_role.setdefault(extra.attributes.get("role", ""), []).append(extra)
    told = [replace(c, extras=(*c.extras, *by_role.pop(c.link.name, ()))) for c in done]
    return [*told, *(CutOff(extra, None, None) for left in by_role.values() for extra in left)]


def _with_all(statements: Sequence[Statement], document: Document | None) -> Document:
    return reduce(with_statement, statements, document or {})


def _orphan(link: Link) -> Principals:
    """Know a role that is gone by the unique id that it left behind."""
    unique_ids = frozenset({link.unique_id} if link.unique_id else ())
    return Principals("", "", {"": Standing(unique_ids, None, link.unique_id)})


def _refuse_foreign(
    holder: PolicyHolder, document: Document | None, statements: Sequence[Statement], principals: Principals
) -> None:
    ours = {statement["Sid"] for statement in statements}
    for found in statements_of(document):
        if found.get("Sid") in ours and not principals.claims(found):
            raise NhiError(
                f"policy of {holder.arn}: found a statement {found['Sid']} that names somebody else, expected one of "
                "the lease's role or none; fix: remove or rename it by hand"
            )
