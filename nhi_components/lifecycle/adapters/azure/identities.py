"""User-assigned managed identities: known by their resource ids, owned by their tags, told apart by `principalId`.

There is no way to disable one, and deleting one can't be undone: an identity made anew under the same name is another
principal. Sources: REST reference `User Assigned Identities`; Microsoft Entra, 'Managed identities for Azure resources
frequently asked questions'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link, LinkKind
from nhi_components.core.tags import LEASE, LeaseTags, lease_of
from nhi_components.lifecycle.adapters.appearance import appeared
from nhi_components.lifecycle.adapters.azure.arm import IDENTITIES, Arm
from nhi_components.lifecycle.adapters.azure.names import same
from nhi_components.lifecycle.adapters.azure.principals import Principal
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.ownership import refuse_foreign

TYPE: Final = "Microsoft.ManagedIdentity/userAssignedIdentities"


class Identities:
    """The managed identities that one connection reaches."""

    def __init__(self, session: AzureSession) -> None:
        self._arm = Arm(session)

    def find(self, name: str, object_id: str | None = None, lease_id: str = "") -> Principal | None:
        """Read an identity by its resource id; None when there is none."""
        if not name.startswith("/subscriptions/"):
            return None
        reply = self._arm.look(name, IDENTITIES, needs=f"{TYPE}/read")
        return _identity(reply.body) if reply else None

    def of_lease(self, subscription: str, lease_id: str) -> Iterator[str]:
        """List the names of a subscription's identities that bear a lease."""
        path = f"/subscriptions/{subscription}/providers/{TYPE}"
        for told in self._arm.listed(path, IDENTITIES, needs=f"{TYPE}/read"):
            if lease_of(told.get("tags") or {}) == lease_id:
                yield str(told["id"])

    def admit(self, lease: LeaseTags, link: Link) -> Principal:
        """See that an identity is the lease's, and mark it if its tags were taken away.

        Raises:
            NhiError: it is not there, is another lease's, or nobody's.
        """
        found = appeared(self.find, link)
        refuse_foreign(lease.lease, found.lease, found.object_id, link)
        if found.lease is None and link.unique_id is None:
            raise NhiError(
                f"{link}: found an identity without a mark of the lease, expected the tag {LEASE}={lease.lease}; "
                "fix: declare the identity through its component, which writes it"
            )
        if found.lease is None:
            self.retag(found, {**found.tags, **lease.to_tags()})
        return found

    def retag(self, principal: Principal, tags: Mapping[str, str]) -> None:
        """Replace its tags."""
        self._arm.ask("PATCH", principal.name, IDENTITIES, needs=f"{TYPE}/write", body={"tags": dict(tags)})

    def enable(self, principal: Principal, *, enabled: bool) -> None:
        """Nothing: Entra issues tokens to every managed identity that there is."""

    def delete(self, name: str, object_id: str) -> None:
        """Delete an identity; one of the same name and with another `principalId` is left alone."""
        found = self.find(name)
        if found and same(found.object_id, object_id):
            self._arm.delete(name, IDENTITIES, needs=f"{TYPE}/delete")


def _identity(told: Mapping[str, Any]) -> Principal:
    tags = told.get("tags") or {}
    name, object_id = str(told["id"]), str(told["properties"]["principalId"])
    return Principal(LinkKind.AZURE_MANAGED_IDENTITY, name, object_id, lease_of(tags), tags, name)
