"""What secrets engines have issued to an identity: database users and certificates, and the roles that issue them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link, LinkKind, NotChecked
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.adapters.vault.database import DatabaseRole, DatabaseRoles, DatabaseSearch
from nhi_components.lifecycle.adapters.vault.judged import Judge, Judged
from nhi_components.lifecycle.adapters.vault.leases import DynamicLease, DynamicLeases
from nhi_components.lifecycle.adapters.vault.pki import Certificate, Certificates, PkiRole, PkiRoles, Revocation
from nhi_components.lifecycle.adapters.vault.pki_search import PkiSearch, serial_of
from nhi_components.lifecycle.adapters.vault.places import mount_of
from nhi_components.lifecycle.adapters.vault.reach import Reach, certificates_of, leases_of
from nhi_components.lifecycle.adapters.vault.session import VaultSession
from nhi_components.lifecycle.ports import Canary, CutOff, Sighting

ISSUED = (
    LinkKind.VAULT_DATABASE_ROLE,
    LinkKind.VAULT_LEASE,
    LinkKind.VAULT_PKI_ROLE,
    LinkKind.VAULT_CERTIFICATE,
)

_LISTS: Mapping[LinkKind, Callable[[str], str]] = MappingProxyType(
    {
        LinkKind.VAULT_DATABASE_ROLE: leases_of,
        LinkKind.VAULT_PKI_ROLE: certificates_of,
        LinkKind.VAULT_CERTIFICATE: certificates_of,
    }
)
"""Where what was issued through a link's mount is listed."""

_Thing = TypeVar("_Thing")


@dataclass(frozen=True, slots=True)
class Issued:
    """What was found, each judged."""

    database_roles: Sequence[Judged[DatabaseRole]]
    leases: Sequence[Judged[DynamicLease]]
    pki_roles: Sequence[Judged[PkiRole]]
    certificates: Sequence[Judged[Certificate]]

    def sightings(self) -> list[Sighting]:
        """Tell it in the order to sweep in: a lease is proved by its role, a certificate by itself."""
        groups = (self.leases, self.database_roles, self.pki_roles, self.certificates)
        return [judged.sighting for group in groups for judged in group]


@dataclass(frozen=True, slots=True)
class ListedCertificate:
    """A certificate that was revoked: it works until the CRL of its issuer names it.

    Attributes:
        ends: when it expires by itself.
    """

    certificates: Certificates
    certificate: Certificate

    @property
    def ends(self) -> datetime:
        """When it expires by itself."""
        return self.certificate.ends

    def works(self) -> bool:
        """Tell whether who looks at the CRL would still accept it."""
        return not self.certificates.on_list(self.certificate)


class IssuedCredentials:
    """What one lease was issued in one Vault.

    Args:
        session: that Vault.
        reach: what the connection's token can look at.
        judge: decides what is the lease's.
        links: what is known of it.
    """

    def __init__(self, session: VaultSession, reach: Reach, judge: Judge, links: Sequence[Link]) -> None:
        self._leases, self._certificates = DynamicLeases(session.http), session.certificates
        self._reach, self._links = reach, links
        self._database = DatabaseSearch(session.http, reach, judge, links)
        self._pki = PkiSearch(session.http, session.certificates, reach, judge, links)

    def find(self) -> Issued:
        """Look for all of it."""
        roles = self._database.roles()
        return Issued(roles, self._database.leases(roles), self._pki.roles(), self._pki.certificates())

    def revoked_before(self, elapsed: Elapsed) -> list[CutOff]:
        """Tell when certificates were revoked by rotations, a suspension or an earlier run: all that would else live.

        Those that their CRL does not name yet are left to `revoke`.

        Args:
            elapsed: tells the time.
        """
        return [
            self._revoked_earlier(judged, revoked_at, elapsed)
            for judged in self._pki.revoked_certificates()
            if judged.ours
            and (revoked_at := judged.what.revoked_at)
            and not self._certificates.awaits_list(judged.what)
        ]

    def revoke(self, before: Issued, elapsed: Elapsed) -> list[CutOff]:
        """Look once more, now that nothing new is issued, and revoke all that lives.

        Args:
            before: what was found before tokens were revoked: the leases among it are queued for revocation with them,
                and revoking them again is what tells that it is done.
            elapsed: tells the time.

        Raises:
            NhiError: with every lease and certificate that could not be; the others were.
        """
        found, failures = self.find(), list[str]()
        living = {judged.what.lease_id: judged for judged in (*before.leases, *found.leases)}
        leases = _each(living.values(), lambda judged: self._revoked_lease(judged, elapsed), failures)
        standing = [*found.certificates, *self._awaiting_list()]
        certificates = _each(standing, lambda judged: self._revoked_certificate(judged, elapsed), failures)
        if failures:
            raise NhiError("\n".join(failures))
        return [*leases, *certificates]

    def refuse_unseen(self) -> None:
        """Refuse to call all revoked where what the linked roles have issued could not be looked for.

        Raises:
            NhiError: with every list that the connection's token may not ask for.
        """
        lists = {_LISTS[link.kind](mount_of(link)): link for link in self._links if link.kind in _LISTS}
        unseen = [f"{link}: {self._reach.refusal(path)}" for path, link in lists.items() if path in self._reach.refused]
        if unseen:
            raise NhiError("\n".join(unseen))

    def _awaiting_list(self) -> list[Judged[Certificate]]:
        """Find those that an earlier run has revoked without seeing it on the CRL: who looks there accepts them."""
        revoked = self._pki.revoked_certificates()
        return [judged for judged in revoked if judged.ours and self._certificates.awaits_list(judged.what)]

    def _revoked_lease(self, judged: Judged[DynamicLease], elapsed: Elapsed) -> CutOff:
        self._leases.revoke(judged.what)
        return CutOff(judged.link, elapsed.now(), elapsed.now())

    def _revoked_certificate(self, judged: Judged[Certificate], elapsed: Elapsed) -> CutOff:
        opened_at = elapsed.now()
        revocation = self._certificates.revoke(judged.what)
        return self._told(judged.link, revocation, opened_at, elapsed.now(), elapsed)

    def _revoked_earlier(self, judged: Judged[Certificate], revoked_at: datetime, elapsed: Elapsed) -> CutOff:
        revocation = self._certificates.earlier_revocation(judged.what, revoked_at)
        return self._told(judged.link, revocation, revoked_at, revoked_at, elapsed)

    def _told(
        self, link: Link, revocation: Revocation, opened_at: datetime, revoked_at: datetime, elapsed: Elapsed
    ) -> CutOff:
        listed = ListedCertificate(self._certificates, revocation.certificate)
        return CutOff(
            link,
            disabled_at=revoked_at,
            sessions_refused_at=_accepted_elsewhere(revocation, elapsed.now()) or elapsed.now(),
            canary=Canary(link, opened_at, listed) if revocation.on_list else None,
            without_canary="" if revocation.on_list else "its PKI engine publishes no CRL that could be looked at",
        )


def sweep_issued(session: VaultSession, link: Link) -> None:
    """Delete a role, or revoke a lease or a certificate; what is not there counts as gone."""
    mount, http = mount_of(link), session.http
    match link.kind:
        case LinkKind.VAULT_DATABASE_ROLE:
            DatabaseRoles(http).delete(mount, link.name)
        case LinkKind.VAULT_LEASE:
            DynamicLeases(http).revoke_named(mount, link.attributes["role"], link.name)
        case LinkKind.VAULT_PKI_ROLE:
            PkiRoles(http).delete(mount, link.name)
        case LinkKind.VAULT_CERTIFICATE:
            session.certificates.revoke_serial(mount, serial_of(link))


def _each(
    found: Iterable[Judged[_Thing]], revoke: Callable[[Judged[_Thing]], CutOff], failures: list[str]
) -> list[CutOff]:
    done = []
    for judged in found:
        if judged.ours:
            try:
                done.append(revoke(judged))
            except NhiError as failure:
                failures.append(str(failure))
    return done


def _accepted_elsewhere(revocation: Revocation, now: datetime) -> NotChecked | None:
    """Tell until when relying parties may accept a revoked certificate: they look at the CRL that they have."""
    ends = revocation.certificate.ends
    if not revocation.on_list:
        return NotChecked(
            f"its PKI engine publishes no CRL, so it may be accepted until it expires at {ends.isoformat()}"
        )
    former = min(revocation.former_list_ends or now, ends)
    if former <= now:
        return None
    return NotChecked(f"who holds the CRL from before may accept it until {former.isoformat()}")
