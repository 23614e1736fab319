"""Finding what is bound for a lease's accounts, and on them, judging whose it is, and taking it out again.

A binding has no id. A member names an account by its address, so it is the lease's as the account that stands there is;
that of a deleted account bears the account's unique id. A conditional binding says by its title whose it is, another
one by its role where that was made for the lease.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from nhi_components.core.gcp_links import ACCOUNT
from nhi_components.core.gcp_names import BindingName
from nhi_components.core.gcp_resource import ResourceKind
from nhi_components.core.lease_id import suffix_of
from nhi_components.core.links import Link, LinkKind, System
from nhi_components.lifecycle.adapters.gcp.accounts import Accounts
from nhi_components.lifecycle.adapters.gcp.errors import Denied
from nhi_components.lifecycle.adapters.gcp.known_accounts import Known, KnownAccounts
from nhi_components.lifecycle.adapters.gcp.marks import binding_title, is_canary
from nhi_components.lifecycle.adapters.gcp.names import account_resource, member_of
from nhi_components.lifecycle.adapters.gcp.policies import Bound, Policies, Policy
from nhi_components.lifecycle.adapters.gcp.policy_calls import kind_of
from nhi_components.lifecycle.adapters.gcp.roles import CustomRoles
from nhi_components.lifecycle.adapters.gcp.session import GcpSession
from nhi_components.lifecycle.ports import Ownership, Sighting

UID = "uid"
"""The attribute in which a survey notes the unique id of the account that a binding is about, for the sweep."""

_DELETED = "of the deleted account"


@dataclass(frozen=True, slots=True)
class FoundBinding:
    """A binding that concerns the lease.

    Attributes:
        link: the lease's link to it, or one made for it.
        ownership: the lease's, or of a namesake of its account.
        declared: whether the lease knows of it, or its condition bears the lease; if not, it was made by hand.
        on_account: whether it says who may become the lease's account, so that it goes with the account.
        detail: one line for people.
    """

    link: Link
    ownership: Ownership
    declared: bool
    on_account: bool
    detail: str = ""

    @property
    def sighting(self) -> Sighting:
        """What the port tells of it."""
        return Sighting(self.link, self.ownership, self.detail)


class Bindings:
    """The bindings of one lease, through one connection."""

    def __init__(self, session: GcpSession, lease_id: str, links: Iterable[Link], accounts: KnownAccounts) -> None:
        self._session = session
        self._policies = Policies(session)
        self._lease_id = lease_id
        self._title = binding_title(lease_id)
        self._own_roles: dict[str, bool] = {}
        self._accounts = accounts
        self._linked = {link.name: link for link in links if link.kind is LinkKind.GCP_BINDING}

    def known_resources(self, projects: Sequence[str]) -> list[str]:
        """Name the resources that are always looked at: the linked ones, the lease's accounts, the projects."""
        linked = [BindingName.parse(name).resource for name in self._linked]
        accounts = [known.resource for known in self._accounts if known.ours]
        return list(dict.fromkeys([*linked, *accounts, *(f"projects/{project}" for project in projects)]))

    def on(self, resources: Iterable[str]) -> list[FoundBinding]:
        """Look through the policies of resources; those that are not there have none."""
        return [found for resource in resources for found in self._in(self._policies.find(resource))]

    def searched(self, resources: Iterable[str], looked_at: Sequence[str]) -> tuple[list[FoundBinding], list[str]]:
        """Look through the policies of resources that a search has found.

        Args:
            resources: what the search has found.
            looked_at: what was looked at before.

        Returns:
            What was found, and which resources can't be looked at, each with the reason.
        """
        found, unseen, done = list[FoundBinding](), list[str](), set(looked_at)
        for resource in map(self._named, resources):
            if resource in done:
                continue
            done.add(resource)
            if kind_of(resource) is None:
                unseen.append(f"{resource}: policies of its kind are not known here")
                continue
            try:
                found += self._in(self._policies.find(resource))
            except Denied as denied:
                unseen.append(f"{resource}: {denied.problem.got}")
        return found, unseen

    def _in(self, policy: Policy | None) -> Iterator[FoundBinding]:
        for bound in policy.bound() if policy else ():
            if not is_canary(bound.binding) and (found := self._judged(bound)):
                yield found

    def _judged(self, bound: Bound) -> FoundBinding | None:
        link = self._linked.get(str(bound.name))
        holder = self._holder_of(bound.name.resource)
        if holder and holder.account:
            if not link and not holder.ours:
                return None
            return self._found(bound, holder, link, holder.ownership or Ownership.NAMESAKE, on_account=True)
        member = member_of(bound.name.member)
        if member is None:
            return self._found(bound, None, link, Ownership.OURS) if bound.title == self._title else None
        known = self._accounts.get(member.email)
        if known is None and self._is_marked(bound):
            known = self._accounts.meet(member.email)
        if known is None:
            return None
        if member.uid is not None:
            # Of a binding that the lease has made, what is left is its own, also where the unique id was forgotten.
            before = str(replace(bound.name, member=f"serviceAccount:{member.email}"))
            ours = member.uid in known.uids or before in self._linked or self._is_marked(bound)
            return self._found(bound, known, link, Ownership.OURS, detail=_DELETED) if ours else None
        if known.account is None:
            return self._found(bound, known, link, Ownership.OURS) if link or self._is_marked(bound) else None
        if not known.ours and not link:
            return None
        return self._found(bound, known, link, known.ownership or Ownership.NAMESAKE)

    def _is_marked(self, bound: Bound) -> bool:
        """Tell whether a binding says whose it is: by its condition's title, or by a role made for the lease."""
        role = bound.name.role
        if bound.title == self._title:
            return True
        if role.startswith("roles/") or suffix_of(self._lease_id) not in role:
            return False
        if role not in self._own_roles:
            # Also one that is deleted by now.
            found = CustomRoles(self._session).find(role)
            self._own_roles[role] = found is not None and found.lease == self._lease_id
        return self._own_roles[role]

    def _holder_of(self, resource: str) -> Known | None:
        """Tell which of the known accounts a policy is of; None for the policy of anything else."""
        return next((known for known in self._accounts if known.resource == resource), None)

    def _found(
        self,
        bound: Bound,
        known: Known | None,
        link: Link | None,
        ownership: Ownership,
        *,
        on_account: bool = False,
        detail: str = "",
    ) -> FoundBinding:
        made = Link(System.GCP, LinkKind.GCP_BINDING, str(bound.name), self._session.name)
        here = link or made
        if known:
            uid = known.account.unique_id if known.account else ""
            here = replace(here, attributes={**here.attributes, ACCOUNT: known.email, UID: uid})
        if ownership is Ownership.NAMESAKE:
            detail = "of another account of that address"
        declared = link is not None or bound.title == self._title
        return FoundBinding(here, ownership, declared, on_account, detail)

    def _named(self, resource: str) -> str:
        """Give an account's address in the place of the unique id by which assets name it."""
        last = resource.rpartition("/")[2]
        if kind_of(resource) is not ResourceKind.SERVICE_ACCOUNT or not last.isdigit():
            return resource
        account = next((known.account for known in self._accounts if known.account and last in known.uids), None)
        account = account or Accounts(self._session).by_unique_id(resource)
        return account_resource(account.email) if account else resource


def sweep(session: GcpSession, link: Link) -> None:
    """Take a lease's binding out of its resource's policy; that of an account made anew meanwhile is left alone."""
    name = BindingName.parse(link.name)
    member, email = member_of(name.member), link.attributes.get(ACCOUNT)
    if email and not (member and member.uid):
        account = Accounts(session).find(email)
        if account and account.unique_id != link.attributes.get(UID):
            return
    Policies(session).remove(name)
