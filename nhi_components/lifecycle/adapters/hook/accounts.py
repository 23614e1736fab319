"""Accounts of systems that declared commands and web hooks speak to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import chain

from nhi_components.core.credential.accounts import hook_of_link
from nhi_components.core.errors import NhiError, Problem
from nhi_components.core.links import Link, LinkKind, NeverCreated, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.adapters.every import every
from nhi_components.lifecycle.adapters.hook.protocol import (
    Action,
    Description,
    Done,
    Found,
    FoundAccount,
    lease_facts,
)
from nhi_components.lifecycle.adapters.hook.speaking import Hook, HookFailed
from nhi_components.lifecycle.adapters.ownership import is_suspended, ownership_of, refuse_foreign, refuse_namesake
from nhi_components.lifecycle.ports import BlindSpot, CutOff, Ownership, Sighting

KIND = LinkKind.HOOK_ACCOUNT

NO_SESSIONS_TOLD = NotChecked("the protocol of hooks tells nothing of sessions that were open at the service")
SINCE_UNKNOWN = NotChecked("suspended before; the hook does not tell since when")
WITHOUT_CANARY = "a hook opens no session that could be tried"


class HookAccounts:
    """The accounts among the links of one connection; the hook of each stands in its link."""

    def __init__(self, name: str) -> None:
        self._name = name

    def require(self, links: Sequence[Link]) -> list[Problem]:
        """Tell which hooks do not say that they make and remove accounts."""
        hooks = {hook.name: (hook, link) for link in links if (hook := self._hook(link))}
        return [
            Problem(
                f"{System.HOOK}.{self._name}",
                f"{name} says that it keeps no accounts",
                "accounts true in its description",
                "let it answer account.ensure and the others as docs/hooks.md tells, or leave the account out",
            )
            for name, (hook, link) in hooks.items()
            if not hook.ask(Action.DESCRIBE, Description, {"account": link.name}).accounts
        ]

    def ensure(self, lease: LeaseTags, link: Link) -> Link:
        """Have the account made and marked unless it is ours already; active, or suspended with its identity.

        Raises:
            NhiError: the account is somebody else's, or is not afterwards what it has to be.
        """
        hook, found = self._known(link), self.find(lease.lease, link)
        if found:
            self._refuse_foreign(lease.lease, found, link)
        facts = {**lease_facts(lease), "account": link.name, "suspended": is_suspended(link)}
        ensured = hook.ask(Action.ACCOUNT_ENSURE, Found, facts).account
        if ensured and ensured.active is is_suspended(link):
            action = Action.ACCOUNT_SUSPEND if is_suspended(link) else Action.ACCOUNT_RESTORE
            hook.ask(action, Done, _named(link, ensured.id))
            ensured = self.find(lease.lease, link)
        if ensured is None or ensured.lease != lease.lease or ensured.active is is_suspended(link):
            got = _told(ensured)
            expected = f"one of {lease.lease}, {'suspended' if is_suspended(link) else 'active'}"
            raise HookFailed(self._wrong(link, Action.ACCOUNT_ENSURE, got, expected))
        return replace(link, unique_id=ensured.id)

    def find(self, lease_id: str, link: Link) -> FoundAccount | None:
        """Ask for the account of that name."""
        facts = {"account": link.name, "lease": lease_id}
        return self._known(link).ask(Action.ACCOUNT_FIND, Found, facts).account

    def suspend(self, lease_id: str, link: Link) -> None:
        """Have the account, whose id is known, refuse everything; returns once the hook says that it does."""
        self._known(link).ask(Action.ACCOUNT_SUSPEND, Done, _named(link, link.unique_id or ""))
        found = self.find(lease_id, link)
        if found and found.id == link.unique_id and found.active:
            raise HookFailed(self._wrong(link, Action.ACCOUNT_SUSPEND, "an active account", "a suspended one"))

    def restore(self, lease_id: str, link: Link) -> None:
        """Have the account, whose id is known, work again."""
        self._known(link).ask(Action.ACCOUNT_RESTORE, Done, _named(link, link.unique_id or ""))
        found = self.find(lease_id, link)
        if not found or found.id != link.unique_id or not found.active:
            raise HookFailed(self._wrong(link, Action.ACCOUNT_RESTORE, _told(found), "an active account"))

    def delete(self, sighting: Sighting) -> None:
        """Have an account deleted that is proved ours; returns once the hook no longer finds it."""
        refuse_namesake(sighting)
        link = sighting.link
        hook = self._known(link)
        hook.ask(Action.ACCOUNT_DELETE, Done, _named(link, link.unique_id or ""))
        found = hook.ask(Action.ACCOUNT_FIND, Found, {"account": link.name}).account
        if found and found.id == link.unique_id:
            raise HookFailed(self._wrong(link, Action.ACCOUNT_DELETE, "the same account", "none of that id"))

    def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
        """Find the accounts that the links name, each through its own hook."""
        sightings = []
        for link in _with_hook(links):
            found = self.find(lease_id, link)
            if found:
                ownership = ownership_of(lease_id, found.lease, found.id, link)
                cut_off = ownership is Ownership.OURS and not found.active and not is_suspended(link)
                detail = "" if found.active else "suspended"
                sightings.append(Sighting(replace(link, unique_id=found.id), ownership, detail, cut_off=cut_off))
        return sightings

    def cut_off(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[CutOff]:
        """Have the accounts suspended, each whatever becomes of the others; what was before keeps its time."""
        elapsed = Elapsed(now)
        return list(chain(*every(partial(self._cut_off, lease_id, link, elapsed) for link in _with_hook(links))))

    def blind_spots(self, links: Sequence[Link]) -> list[BlindSpot]:
        """Tell of the accounts whose hook is not known, as from evidence; of all of them, from a lease id alone."""
        seen = {link.key for link in _with_hook(links)}
        unseen = sorted(
            {f"{link.name}: only its name is known, not its hook" for link in links if link.key not in seen}
        )
        reasons = unseen if links else ["nobody but the program's declaration knows which hooks there are"]
        fix = "look with the stack's state, which has them"
        return [BlindSpot(System.HOOK, self._name, KIND, NotChecked(f"{reason}; {fix}")) for reason in reasons]

    def _cut_off(self, lease_id: str, link: Link, elapsed: Elapsed) -> list[CutOff]:
        found = self.find(lease_id, link)
        if found is None:
            return [CutOff(link, NeverCreated(), NeverCreated())] if link.unique_id is None else []
        if ownership_of(lease_id, found.lease, found.id, link) is Ownership.NAMESAKE:
            return []
        here, since = replace(link, unique_id=found.id), found.suspended_at or SINCE_UNKNOWN
        if found.active:
            self.suspend(lease_id, here)
            since = elapsed.now()
        return [CutOff(here, since, NO_SESSIONS_TOLD, without_canary=WITHOUT_CANARY)]

    def _hook(self, link: Link) -> Hook | None:
        spec = hook_of_link(link)
        return Hook(self._name, spec) if spec else None

    def _known(self, link: Link) -> Hook:
        hook = self._hook(link)
        if hook is None:
            raise NhiError(
                f"{link}: only its name is known, expected the hook that speaks to its service as well; "
                "fix: run it with the stack's state, which has it"
            )
        return hook

    def _refuse_foreign(self, lease_id: str, found: FoundAccount, link: Link) -> None:
        """Refuse what was there before: unlike what an engine makes, an account without a lease is never our own."""
        if found.lease is None and link.unique_id is None:
            raise NhiError(
                f"{link}: found an account of that name that bears no lease; expected none, or one of {lease_id}; "
                "fix: give the account another name, or delete the one that is there"
            )
        refuse_foreign(lease_id, found.lease, found.id, link)

    def _wrong(self, link: Link, action: Action, got: str, expected: str) -> str:
        hook = self._known(link)
        return (
            f"{System.HOOK}.{self._name}: after {action} of {link.name}, {hook.name} tells of {got}; "
            f"expected {expected}; fix: correct the hook as docs/hooks.md tells"
        )


def _with_hook(links: Iterable[Link]) -> list[Link]:
    """Choose the accounts whose hook is known, each once; with its unique id, if any of them has it."""
    chosen: dict[tuple[str, str, str, str], Link] = {}
    for link in links:
        if hook_of_link(link) and (link.key not in chosen or link.unique_id):
            chosen[link.key] = link
    return list(chosen.values())


def _named(link: Link, unique_id: str) -> dict[str, str]:
    return {"account": link.name, "id": unique_id}


def _told(found: FoundAccount | None) -> str:
    if found is None:
        return "no account"
    return f"one of {found.lease or 'no lease'}, {'active' if found.active else 'suspended'}"
