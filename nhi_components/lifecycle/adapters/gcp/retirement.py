"""Disabling, restoring and deleting single service accounts of Google Cloud, whoever has made them.

A disabled account is refused everything, also by its keys and the access tokens that it was given, once IAM has seen
it everywhere. A deleted one can be undeleted for 30 days, without the keys and bindings that went before it. Sources:
IAM documentation, 'Disable and enable service accounts', 'Delete and undelete service accounts'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from nhi_components.core.connection import GcpConnection
from nhi_components.core.errors import NhiError, Problem, SystemUnreachable
from nhi_components.core.gcp_names import BindingName
from nhi_components.core.gcp_resource import ResourceKind
from nhi_components.core.links import LinkKind, System
from nhi_components.facts.gcp.members import Kind, classify
from nhi_components.lifecycle.adapters.case_marks import mark_in_text, marked_text
from nhi_components.lifecycle.adapters.gcp.accounts import Accounts, ServiceAccount
from nhi_components.lifecycle.adapters.gcp.errors import NOT_FOUND, Refused
from nhi_components.lifecycle.adapters.gcp.found_dependents import dependents
from nhi_components.lifecycle.adapters.gcp.found_reads import Looks
from nhi_components.lifecycle.adapters.gcp.found_uses import OF_ACCOUNTS, Uses
from nhi_components.lifecycle.adapters.gcp.marks import LONGEST_DESCRIPTION
from nhi_components.lifecycle.adapters.gcp.names import account_resource
from nhi_components.lifecycle.adapters.gcp.policies import Policies
from nhi_components.lifecycle.adapters.gcp.policy_calls import kind_of
from nhi_components.lifecycle.adapters.gcp.search import PERMISSION, Search
from nhi_components.lifecycle.adapters.gcp.session import IAM, GcpSession
from nhi_components.lifecycle.adapters.retiring import dependents_in, not_there, seen
from nhi_components.lifecycle.clock import system_clock
from nhi_components.lifecycle.decommission.ports import CannotDisable, Presence, Removed, Standing, Target, Undo

KIND: Final = "service-account"
RECOVERY: Final = timedelta(days=30)
"""For how long a deleted account can be undeleted."""

_MEMBER: Final = "serviceAccount:"
_DISABLED: Final = "disabled"
_GOOGLES: Final = {
    Kind.SERVICE_AGENT: "Google's own service agent, without which a service stops",
    Kind.DEFAULT_ACCOUNT: "a default account that Google has made",
}


class Retirement:
    """The service accounts that one connection reaches.

    Args:
        connection: its name.
        settings: how they are reached; `projects` are looked through, beside the account's own, for what names it.
        clock: as every retirement is given it; what is told here bears Google's own times.
    """

    system = System.GCP

    def __init__(self, connection: str, settings: GcpConnection, clock: Callable[[], datetime] = system_clock) -> None:
        self.connection = connection
        self._projects = settings.projects
        self._session, self._looks = GcpSession(connection, settings), Looks(connection, settings)
        self._accounts, self._policies = Accounts(self._session), Policies(self._session)

    def place(self) -> str:
        """Tell the first project that the connection names; whom it speaks for, when it names none."""
        return self._projects[0] if self._projects else self._looks.principal

    def reaches(self, place: str) -> bool:
        """Tell whether identities of a project are within reach; of any, where the connection names none."""
        return not self._projects or place in self._projects

    def look(self, target: Target) -> Standing:
        """Tell how an account stands; of a member that is kept elsewhere only that it is not known to be gone."""
        if not _is_account(target):
            return Standing(Presence.ALIVE)
        account = self._accounts.find(_email(target))
        if account is None:
            return Standing(Presence.GONE)
        if account.unique_id != target.unique_id:
            return Standing(Presence.OTHER)
        case, stage = mark_in_text(account.description)
        presence = Presence.DISABLED if account.disabled else Presence.ALIVE
        guarded = self._guarded(account)
        with seen(self.system, self.connection):
            sections = [dependents(self._looks, "dependents", project) for project in self._searched(target)]
            found = () if guarded else dependents_in(sections, target.key)
            uses = Uses(self._looks).of(target.place, OF_ACCOUNTS, is_last=True)
        use = uses.get(account.unique_id)
        return Standing(presence, case, stage, guarded, found, use.at if use else None)

    def undo_of(self, target: Target) -> Undo:
        """Tell whether it is disabled already.

        Raises:
            CannotDisable: it is a member that is kept at another issuer.
        """
        return {_DISABLED: self._own(target).disabled}

    def mark(self, target: Target, case: str, stage: str) -> bool:
        """Write the mark as a word of the description; False where that has no room left, or there is none here."""
        if not _is_account(target):
            return False
        account = self._own(target)
        described = marked_text(account.description, case, stage)
        if len(described.encode()) > LONGEST_DESCRIPTION:
            return False
        if described != account.description:
            self._accounts.describe(account, described)
        return True

    def disable(self, target: Target, undo: Undo) -> None:
        """Disable the account."""
        account = self._own(target)
        if not account.disabled:
            self._accounts.disable(account)

    def restore(self, target: Target, undo: Undo) -> None:
        """Enable the account, unless it was disabled before."""
        account = self._own(target)
        if account.disabled and not undo.get(_DISABLED):
            self._accounts.enable(account)

    def delete(self, target: Target) -> Sequence[Removed]:
        """Take the account out of the bindings that name it, delete its keys, then itself.

        Raises:
            NhiError: a binding names it that can't be removed here; nothing is removed then.
        """
        if not _is_account(target):
            raise NhiError(str(_elsewhere(self.connection, target)))
        account = self._accounts.find(_email(target))
        if account is None or account.unique_id != target.unique_id:
            return ()
        removed = [*self._unbound(account, self._resources(target)), *self._keys_deleted(account)]
        until = self._session.time(IAM, account.path) + RECOVERY
        self._accounts.delete(account.email, account.unique_id)
        return [*removed, Removed(LinkKind.GCP_SERVICE_ACCOUNT, account.email, until)]

    def _own(self, target: Target) -> ServiceAccount:
        if not _is_account(target):
            raise _elsewhere(self.connection, target)
        account = self._accounts.find(_email(target))
        if account is None or account.unique_id != target.unique_id:
            raise not_there(self.connection, target)
        return account

    def _guarded(self, account: ServiceAccount) -> str:
        if self._looks.principal in (account.email, account.unique_id):
            return "the connection's own account"
        return _GOOGLES.get(classify(f"{_MEMBER}{account.email}").kind, "")

    def _searched(self, target: Target) -> list[str]:
        return list(dict.fromkeys([target.place, *self._projects]))

    def _resources(self, target: Target) -> list[str]:
        """Find on what it is bound: on the projects, and wherever in them a search leads."""
        email, projects = _email(target), self._searched(target)
        search = Search(self._session)
        found = [self._named(each) for each in search.resources(projects, [email])]
        if search.unseen:
            got, _, fix = "; ".join(each.reason for each in search.unseen).partition("; fix: ")
            problem = Problem(f"gcp.{self.connection}", got, f"the permission {PERMISSION}", fix)
            raise SystemUnreachable(self.system, problem)
        own = account_resource(email)
        resources = dict.fromkeys([*(f"projects/{project}" for project in projects), *found])
        resources.pop(own, None)
        if unknown := [each for each in resources if kind_of(each) is None]:
            raise NhiError(
                f"gcp.{self.connection}: {email}: bound on {', '.join(unknown)}, whose policies are not known here, "
                "expected it bound nowhere else; fix: take it out there by hand, and run the same command again"
            )
        return list(resources)

    def _named(self, resource: str) -> str:
        """Give an account's address in the place of the unique id by which assets name it."""
        if kind_of(resource) is ResourceKind.SERVICE_ACCOUNT and resource.rpartition("/")[2].isdigit():
            account = self._accounts.by_unique_id(resource)
            return account_resource(account.email) if account else resource
        return resource

    def _unbound(self, account: ServiceAccount, resources: Sequence[str]) -> Iterator[Removed]:
        member = f"{_MEMBER}{account.email}"
        for resource in resources:
            policy = self._policies.find(resource)
            names = [each.name for each in policy.bound() if each.name.member == member] if policy else []
            for name in dict.fromkeys(map(str, names)):
                self._policies.remove(BindingName.parse(name))
                yield Removed(LinkKind.GCP_BINDING, name)

    def _keys_deleted(self, account: ServiceAccount) -> Iterator[Removed]:
        path, needs = f"{account.path}/keys", "iam.serviceAccountKeys"
        listed = self._session.look(IAM, path, needs=f"{needs}.list", query={"keyTypes": "USER_MANAGED"})
        keys: Sequence[Any] = listed.body.get("keys", ()) if listed else ()
        for key_id in (str(each["name"]).rpartition("/")[2] for each in keys):
            try:
                self._session.ask("DELETE", IAM, f"{path}/{quote(key_id)}", needs=f"{needs}.delete")
            except Refused as refused:
                if refused.code != NOT_FOUND:
                    raise
            yield Removed(LinkKind.GCP_SERVICE_ACCOUNT_KEY, key_id)


def _is_account(target: Target) -> bool:
    return target.kind == KIND and target.key.startswith(_MEMBER)


def _email(target: Target) -> str:
    return target.key.removeprefix(_MEMBER)


def _elsewhere(connection: str, target: Target) -> CannotDisable:
    return CannotDisable(
        f"gcp.{connection}: {target.key} is kept at another issuer, which alone can disable it; fix: disable it there, "
        "or disable the provider that lets it in (`gcloud iam workload-identity-pools providers update-oidc "
        "--disabled`), or take it out of the bindings that name it"
    )
