"""Reading a service account that is to be adopted: what it is now, who is let in, and what is bound for it.

What is bound for it is looked for on its project and the connection's, on what the inventory names, and wherever a
search of Cloud Asset Inventory leads; each policy is read again. Source: IAM API, REST reference `roles.get`
(`includedPermissions`; a role that is deleted or whose stage is `DISABLED` gives nothing).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote

from nhi_components.core.connection import GcpConnection
from nhi_components.core.errors import Problem, SystemUnreachable
from nhi_components.core.gcp_resource import ResourceKind
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.gcp.accounts import Accounts, ServiceAccount
from nhi_components.lifecycle.adapters.gcp.adopted_accounts import people_keys
from nhi_components.lifecycle.adapters.gcp.grants_of_policy import conditions
from nhi_components.lifecycle.adapters.gcp.marks import is_canary
from nhi_components.lifecycle.adapters.gcp.names import account_project, account_resource
from nhi_components.lifecycle.adapters.gcp.policies import Policies
from nhi_components.lifecycle.adapters.gcp.policy_calls import kind_of
from nhi_components.lifecycle.adapters.gcp.search import PERMISSION, Search
from nhi_components.lifecycle.adapters.gcp.session import IAM, GcpSession
from nhi_components.lifecycle.adoption.ports import Account, Bound

_PREDEFINED: Final = "roles/"
_DISABLED: Final = "DISABLED"


class AccountReading:
    """The service accounts that one connection reaches, as `lifecycle.adoption.ports.AccountReader`."""

    def __init__(self, connection: str, settings: GcpConnection) -> None:
        self._connection = connection
        self._projects = settings.projects
        self._session = GcpSession(connection, settings)
        self._accounts, self._policies = Accounts(self._session), Policies(self._session)

    def account(self, email: str, resources: Sequence[str]) -> Account | None:
        """Read an account with everything that is bound for it and on it; see the port."""
        found = self._accounts.find(email)
        if found is None:
            return None
        own, member = account_resource(email), f"serviceAccount:{email}"
        let_in = tuple(self._bound(own))
        looked_at = [each for each in self._resources(found, resources) if each != own]
        granted = tuple(bound for each in looked_at for bound in self._bound(each) if bound.member == member)
        keys = people_keys(self._session, found)
        ids = {str(key["name"]).rpartition("/")[2]: bool(key.get("disabled")) for key in keys}
        return Account(
            email=email,
            project=account_project(email),
            unique_id=found.unique_id,
            description=found.description,
            disabled=found.disabled,
            usable_keys=tuple(key for key, disabled in ids.items() if not disabled),
            disabled_keys=tuple(key for key, disabled in ids.items() if disabled),
            let_in=let_in,
            granted=granted,
            roles={each.role: self._permissions(each.role) for each in granted if _is_custom(each.role)},
        )

    def _bound(self, resource: str) -> Iterator[Bound]:
        policy = self._policies.find(resource)
        for each in policy.bound() if policy else ():
            if not is_canary(each.binding):
                yield Bound(resource, each.name.role, each.name.member, conditions(each.binding))

    def _resources(self, account: ServiceAccount, resources: Sequence[str]) -> list[str]:
        projects = list(dict.fromkeys([account_project(account.email), *self._projects]))
        search = Search(self._session)
        found = [self._named(each) for each in search.resources(projects, [account.email])]
        if search.unseen:
            got, _, fix = "; ".join(each.reason for each in search.unseen).partition("; fix: ")
            problem = Problem(f"gcp.{self._connection}", got, f"the permission {PERMISSION}", fix)
            raise SystemUnreachable(System.GCP, problem)
        every = dict.fromkeys([*(f"projects/{project}" for project in projects), *resources, *found])
        return [each for each in every if kind_of(each) is not None]

    def _named(self, resource: str) -> str:
        """Give an account's address in the place of the unique id by which assets name it."""
        if kind_of(resource) is ResourceKind.SERVICE_ACCOUNT and resource.rpartition("/")[2].isdigit():
            account = self._accounts.by_unique_id(resource)
            return account_resource(account.email) if account else resource
        return resource

    def _permissions(self, role: str) -> tuple[str, ...]:
        told = self._session.look(IAM, f"/v1/{quote(role)}", needs="iam.roles.get")
        if told is None or told.body.get("deleted") or told.body.get("stage") == _DISABLED:
            return ()
        return tuple(sorted(told.body.get("includedPermissions", ())))


def _is_custom(role: str) -> bool:
    return not role.startswith(_PREDEFINED)
