"""Dynamic leases: credentials that a secrets engine has issued, revoked with an answer from the system behind it."""

from __future__ import annotations

from dataclasses import dataclass, field

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.errors import Refused
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.reach import REVOKE_LEASE, leases_of


@dataclass(frozen=True, slots=True)
class DynamicLease:
    """A lease of a database role; who holds its id can renew it, so that is never shown.

    Attributes:
        mount: the secrets engine that issued it.
        role: the role there that it was issued through.
        lease_id: Vault's id of it.
    """

    mount: str
    role: str
    lease_id: str = field(repr=False)

    @property
    def name(self) -> str:
        """A fingerprint of its id."""
        return fingerprint(self.lease_id)


class DynamicLeases:
    """The leases of one Vault's database roles; listing them needs sudo."""

    def __init__(self, http: VaultHttp) -> None:
        self._http = http

    def roles_with_ending(self, mount: str, ending: str) -> list[str]:
        """List the roles of a mount that leases exist of, whether or not the roles still do, by the end of names."""
        names = (name.rstrip("/") for name in self._http.keys(leases_of(mount)))
        return [name for name in names if name.endswith(ending)]

    def of_role(self, mount: str, role: str) -> list[DynamicLease]:
        """List the leases that were issued through a role."""
        return [
            DynamicLease(mount, role, f"{mount}/creds/{role}/{key}")
            for key in self._http.keys(f"{leases_of(mount)}/{role}")
        ]

    def revoke(self, lease: DynamicLease) -> None:
        """Revoke a lease and wait until the database has removed its user; a lease that is not there counts as revoked.

        Never with `force`: that would forget a user that lives on.

        Raises:
            NhiError: the database did not do it; the lease and its user are still there.
        """
        try:
            self._http.write(REVOKE_LEASE, {"lease_id": lease.lease_id, "sync": True})
        except Refused as refusal:
            reason = str(refusal).replace(lease.lease_id, lease.name)
            raise NhiError(
                f"lease {lease.name} of {lease.mount}/roles/{lease.role}: its database user is not gone: {reason}; "
                f"fix: let Vault reach the database of {lease.mount}, with rights to drop the user; "
                "then run the same command again"
            ) from None

    def revoke_named(self, mount: str, role: str, name: str) -> None:
        """Revoke a lease by the fingerprint of its id; one that is not there counts as revoked."""
        for lease in self.of_role(mount, role):
            if lease.name == name:
                self.revoke(lease)
