"""The statements of one policy that concern a lease's roles: finding them, and taking the roles out."""

from __future__ import annotations

from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.adapters.aws.delegations.documents import (
    Document,
    Statement,
    mark_of,
    statements_of,
    with_each,
)
from nhi_components.lifecycle.adapters.aws.delegations.principals import (
    Claim,
    Mention,
    Principals,
    aws_principals,
    is_unique_id,
    without_entries,
)
from nhi_components.lifecycle.ports import Ownership, Sighting


def paths_in(principals: Principals, holder: str, document: Document | None, connection: str) -> list[Sighting]:
    """Tell which statements of a policy name a role of the lease, whose that role is, and in which way."""
    found: dict[str, Sighting] = {}
    for statement in statements_of(document):
        if sighting := _sighting(principals, holder, statement, connection):
            earlier = found.get(sighting.link.name)
            if earlier is None or earlier.ownership is Ownership.NAMESAKE:
                found[sighting.link.name] = sighting
    return list(found.values())


def without_roles(document: Document | None, mark: str, principals: Principals) -> Document | None:
    """Take the lease's roles out of the statements with one mark; who else stands in them stays.

    The unique id that a deleted role of ours left behind goes from all of them: AWS takes no policy that names one.
    """

    def change(statement: Statement) -> Statement | None:
        ours = [c.entry for c in principals.claims(statement) if c.ownership is Ownership.OURS]
        doomed = ours if mark_of(statement) == mark else [entry for entry in ours if is_unique_id(entry)]
        return without_entries(statement, doomed) if doomed else statement

    return with_each(document, change) if document is not None else None


def _sighting(principals: Principals, holder: str, statement: Statement, connection: str) -> Sighting | None:
    claims = principals.claims(statement)
    if claims:
        claim = next((c for c in claims if c.ownership is Ownership.OURS), claims[0])
        return Sighting(_link(holder, statement, connection, claim), claim.ownership, _detail(statement, claims))
    if mention := principals.mention(statement):
        detail = f"{mention.how}; not the identity's alone, left as it is"
        return Sighting(_link(holder, statement, connection, mention), Ownership.NAMESAKE, detail)
    return None


def _link(holder: str, statement: Statement, connection: str, named: Claim | Mention) -> Link:
    attributes = {"role": named.role} if named.role else {}
    name = f"{holder}#{mark_of(statement)}"
    return Link(System.AWS, LinkKind.DELEGATED_PATH, name, connection, named.unique_id, attributes)


def _detail(statement: Statement, claims: list[Claim]) -> str:
    if any(claim.ownership is Ownership.NAMESAKE for claim in claims):
        return "names a role of the same name that is another"
    others = len(set(aws_principals(statement)) - {claim.entry for claim in claims})
    return f"beside {others} other principal{'s' if others > 1 else ''}, who stay" if others else ""
