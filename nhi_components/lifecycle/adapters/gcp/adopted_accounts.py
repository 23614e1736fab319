"""Service accounts that were there before their lease: whether they still are what was adopted, what leaves them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from nhi_components.core.adoption import ADOPTED, ADOPTED_ID, overlap_of, superseded_on
from nhi_components.core.errors import Problem
from nhi_components.core.gcp_names import BindingName
from nhi_components.core.gcp_resource import WITHOUT_CONDITIONS
from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.adapters.gcp.accounts import Accounts, ServiceAccount
from nhi_components.lifecycle.adapters.gcp.marks import binding_title
from nhi_components.lifecycle.adapters.gcp.policies import Change, Policies, Policy
from nhi_components.lifecycle.adapters.gcp.policy_calls import kind_of
from nhi_components.lifecycle.adapters.gcp.session import IAM, GcpSession
from nhi_components.lifecycle.adapters.ownership import is_suspended

KEYS: Final = "iam.serviceAccountKeys.list"
_KEY_FIX: Final = (
    "move what uses them to one of the account's ways in, disable or delete them with "
    "`gcloud iam service-accounts keys`, then repeat the command"
)


def is_yet_to_be_adopted(account: ServiceAccount, link: Link | None) -> bool:
    """Tell whether an account is only meant to be adopted: it bears no lease yet, and no seal has its unique id.

    It is nobody's namesake, and must not be swept: the run that was to take it over has not come that far.
    """
    return link is not None and ADOPTED in link.attributes and link.unique_id is None and account.lease is None


def people_keys(session: GcpSession, account: ServiceAccount) -> Sequence[Mapping[str, Any]]:
    """List the keys of an account that people made or uploaded, as IAM tells them; never their values."""
    told = session.look(IAM, f"{account.path}/keys", needs=KEYS, query={"keyTypes": "USER_MANAGED"})
    return tuple(told.body.get("keys", ())) if told else ()


def adoption_problems(session: GcpSession, links: Iterable[Link]) -> Iterator[Problem]:
    """Find why accounts are not those that were adopted, or must not be adopted as they are."""
    for link in links:
        if link.kind is LinkKind.GCP_SERVICE_ACCOUNT and ADOPTED in link.attributes:
            yield from _problems(session, link)


def _problems(session: GcpSession, link: Link) -> Iterator[Problem]:
    account, expected = Accounts(session).find(link.name), link.attributes[ADOPTED_ID]
    place = f"adopts, account {link.name}"
    if account is None or account.unique_id != expected:
        got = f"an account with the unique id {account.unique_id}" if account else "no account of that address"
        fix = "run `nhi adopt` for the account that is there, or remove `adopts`, so that an account is made"
        yield Problem(place, got, f"the account {expected}, which was adopted", fix)
    elif account.lease is None:
        if account.disabled:
            fix = "find out why; enable it first, or decommission it"
            yield Problem(place, "a disabled account, which the `up` would enable", "one that is enabled", fix)
        if usable := [key for key in people_keys(session, account) if not key.get("disabled")]:
            got = f"{len(usable)} usable keys that people made"
            yield Problem(place, got, "none: no lease ends them", _KEY_FIX)


def supersede(
    session: GcpSession,
    lease_id: str,
    link: Link,
    links: Iterable[Link],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Take out of policies what an adopted account's lease stands for by now; safe to repeat.

    IAM is given the time to see the lease's own bindings everywhere before anything leaves. A binding that the lease
    has made under the same name stays: one with a condition bears the lease in its title, one on a kind of resource
    without conditions is one with what was bound by hand.

    Args:
        session: the connection.
        lease_id: the lease.
        link: of the account.
        links: all that the lease knows of.
        sleep: waits that many seconds.
    """
    names = [BindingName.parse(name) for name in superseded_on(link)]
    own = {each.name for each in links if each.kind is LinkKind.GCP_BINDING}
    leaving = [name for name in names if not (str(name) in own and kind_of(name.resource) in WITHOUT_CONDITIONS)]
    policies, due = Policies(session), dict[str, Change]()
    for resource in dict.fromkeys(name.resource for name in leaving):
        change = _without([name for name in leaving if name.resource == resource], binding_title(lease_id))
        policy = policies.find(resource)
        if policy and list(change(policy)) != list(policy.bindings):
            due[resource] = change
    # Of a suspended identity there is nothing that must not be interrupted.
    if due and not is_suspended(link):
        sleep(overlap_of(link))
    for resource, change in due.items():
        policies.change(resource, change)


def _without(names: Sequence[BindingName], title: str) -> Change:
    """Make the change that leaves these members out of all bindings but those under the lease's condition."""

    def change(policy: Policy) -> Iterator[Mapping[str, Any]]:
        for binding in policy.bindings:
            leaving = {name.member for name in names if name.role == binding.get("role")}
            members = list(binding.get("members", []))
            staying = [member for member in members if member not in leaving]
            if staying == members or (binding.get("condition") or {}).get("title") == title:
                yield binding
            elif staying:
                yield {**binding, "members": staying}

    return change
