"""Where a lease's bindings are looked for: as links say, on its accounts and projects, and wherever a search leads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nhi_components.core.links import Link, LinkKind, NotChecked, System
from nhi_components.lifecycle.adapters.gcp.bindings import Bindings, FoundBinding
from nhi_components.lifecycle.adapters.gcp.known_accounts import Known, KnownAccounts, emails_in
from nhi_components.lifecycle.adapters.gcp.names import account_project
from nhi_components.lifecycle.adapters.gcp.search import Search
from nhi_components.lifecycle.adapters.gcp.session import GcpSession
from nhi_components.lifecycle.ports import BlindSpot, Ownership


@dataclass(frozen=True, slots=True)
class BindingCensus:
    """What was found.

    Attributes:
        bindings: all that concern the lease.
        unseen: where could not be looked.
    """

    bindings: tuple[FoundBinding, ...]
    unseen: tuple[BlindSpot, ...]

    def extras_of(self, known: Known) -> tuple[Link, ...]:
        """Tell what is bound for an account, or on it, that was made by hand."""
        emails = {id(found): emails_in([found.link]) for found in self.bindings}
        return tuple(
            found.link
            for found in self.bindings
            if not found.declared and found.ownership is Ownership.OURS and known.email in emails[id(found)]
        )


def take_census(
    session: GcpSession, lease_id: str, links: Sequence[Link], accounts: KnownAccounts, projects: Sequence[str]
) -> BindingCensus:
    """Look through the policies of everything that may hold a binding of a lease.

    Args:
        session: the connection.
        lease_id: the lease.
        links: what it knows of.
        accounts: its accounts.
        projects: whose own policies are read, and which are searched.
    """
    bindings, search = Bindings(session, lease_id, links, accounts), Search(session)
    known = bindings.known_resources(projects)
    found = bindings.on(known)
    words = [*(each.email for each in accounts), lease_id]
    more, closed = bindings.searched(search.resources(projects, words), known)
    reasons = [*search.unseen, *(NotChecked(f"a search found a binding there, but {each}") for each in closed)]
    unseen = [BlindSpot(System.GCP, session.name, LinkKind.GCP_BINDING, reason) for reason in reasons]
    return BindingCensus((*found, *more), tuple(unseen))


def projects_of(session: GcpSession, links: Iterable[Link]) -> list[str]:
    """Tell which projects are looked through: the connection's, and those of the lease's accounts."""
    links = list(links)
    emails = [*(link.name for link in links if link.kind is LinkKind.GCP_SERVICE_ACCOUNT), *emails_in(links)]
    found = dict.fromkeys([*session.projects(), *map(account_project, emails)])
    return [project for project in found if project != "-"]
