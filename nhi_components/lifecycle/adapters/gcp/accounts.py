"""Service accounts: what one is, admitting it, finding it, disabling and deleting it.

An account takes no labels: it bears its lease in its description. What no namesake shares is its unique id; IAM takes
it in the place of the address, so that what is changed or deleted is never another account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link
from nhi_components.core.tags import LeaseTags, description_mark, lease_of_description
from nhi_components.lifecycle.adapters.appearance import appeared
from nhi_components.lifecycle.adapters.gcp.errors import NOT_FOUND, Refused
from nhi_components.lifecycle.adapters.gcp.marks import CutOffMark, cut_off_of, with_lease, without_cut_off
from nhi_components.lifecycle.adapters.gcp.names import account_project
from nhi_components.lifecycle.adapters.gcp.session import IAM, GcpSession
from nhi_components.lifecycle.adapters.ownership import is_suspended, refuse_foreign

_PAGE = "100"


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """What a service account is now.

    Attributes:
        email: its address, which is its name.
        unique_id: what an account made anew under the same address never shares.
        description: its description.
        disabled: whether it is refused everything.
    """

    email: str
    unique_id: str
    description: str
    disabled: bool

    @property
    def name(self) -> str:
        """Its name, as of everything that a survey finds."""
        return self.email

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""
        return lease_of_description(self.description)

    @property
    def cut_off(self) -> CutOffMark | None:
        """What its description says of a cut-off."""
        return cut_off_of(self.description)

    @property
    def path(self) -> str:
        """Where IAM has this very account, whatever stands at its address."""
        return f"/v1/projects/{quote(account_project(self.email))}/serviceAccounts/{self.unique_id}"


class Accounts:
    """The service accounts that one connection reaches."""

    def __init__(self, session: GcpSession) -> None:
        self._session = session

    def find(self, email: str) -> ServiceAccount | None:
        """Read an account by its address; None when there is none."""
        return self._look(f"projects/{account_project(email)}/serviceAccounts/{email}")

    def by_unique_id(self, resource: str) -> ServiceAccount | None:
        """Read an account by a relative name that ends with its unique id; None when there is none."""
        return self._look(resource)

    def of_lease(self, project: str, lease_id: str) -> Iterator[str]:
        """List the addresses of a project's accounts that bear a lease id."""
        return (account.email for account in self._all_of(project) if account.lease == lease_id)

    def count(self, project: str) -> int:
        """Count a project's accounts."""
        return sum(1 for _ in self._all_of(project))

    def admit(self, lease: LeaseTags, link: Link) -> ServiceAccount:
        """Take an account into the lease: mark it, undo an earlier cut-off unless the program suspends it.

        The provider of Google Cloud disables no account that it makes, only one that it changes: an identity that
        begins suspended is disabled here.
        """
        account = appeared(self.find, link)
        refuse_foreign(lease.lease, account.lease, account.unique_id, link)
        if account.lease is None and link.unique_id is None:
            raise NhiError(
                f"{link}: found an account without a mark of the lease, expected {description_mark(lease.lease)!r} in "
                "its description; fix: declare the account through its component, which writes it"
            )
        if account.cut_off and account.disabled and not is_suspended(link):
            self._turn(account, "enable")
        if is_suspended(link) and not account.disabled:
            self._turn(account, "disable")
        described = without_cut_off(account.description)
        described = described if account.lease else with_lease(described, lease.lease)
        if described != account.description:
            self.describe(account, described)
        return account

    def describe(self, account: ServiceAccount, description: str) -> None:
        """Replace an account's description."""
        body = {"serviceAccount": {"description": description}, "updateMask": "description"}
        self._session.ask("PATCH", IAM, account.path, needs="iam.serviceAccounts.update", body=body)

    def disable(self, account: ServiceAccount) -> None:
        """Refuse an account everything, also the access tokens that it was given before."""
        self._turn(account, "disable")

    def enable(self, account: ServiceAccount) -> None:
        """Let an account be used again, with the keys that it has."""
        self._turn(account, "enable")

    def delete(self, email: str, unique_id: str) -> None:
        """Delete an account; one of the same address and another unique id is left alone."""
        path = ServiceAccount(email, unique_id, "", disabled=False).path
        try:
            self._session.ask("DELETE", IAM, path, needs="iam.serviceAccounts.delete")
        except Refused as refused:
            if refused.code != NOT_FOUND:
                raise

    def _all_of(self, project: str) -> Iterator[ServiceAccount]:
        path, needs = f"/v1/projects/{quote(project)}/serviceAccounts", "iam.serviceAccounts.list"
        return map(_account, self._session.pages(IAM, path, "accounts", needs=needs, query={"pageSize": _PAGE}))

    def _look(self, resource: str) -> ServiceAccount | None:
        reply = self._session.look(IAM, f"/v1/{quote(resource)}", needs="iam.serviceAccounts.get")
        return _account(reply.body) if reply else None

    def _turn(self, account: ServiceAccount, verb: str) -> None:
        self._session.ask("POST", IAM, f"{account.path}:{verb}", needs=f"iam.serviceAccounts.{verb}", body={})


def _account(told: Mapping[str, Any]) -> ServiceAccount:
    return ServiceAccount(
        email=str(told["email"]),
        unique_id=str(told["uniqueId"]),
        description=str(told.get("description", "")),
        disabled=bool(told.get("disabled")),
    )
