"""Finding a lease's PKI roles, and the live certificates that were issued through them."""

from __future__ import annotations

from collections.abc import Sequence

from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.judged import Found, Judge, Judged
from nhi_components.lifecycle.adapters.vault.pki import Certificate, Certificates, PkiRole, PkiRoles
from nhi_components.lifecycle.adapters.vault.places import mount_of
from nhi_components.lifecycle.adapters.vault.reach import Reach, certificates_of, engine_roles_of

_KINDS = (LinkKind.VAULT_PKI_ROLE, LinkKind.VAULT_CERTIFICATE)


class PkiSearch:
    """One search for a lease's PKI roles and certificates."""

    def __init__(
        self, http: VaultHttp, certificates: Certificates, reach: Reach, judge: Judge, links: Sequence[Link]
    ) -> None:
        self._roles, self._certificates = PkiRoles(http), certificates
        self._reach, self._judge, self._links = reach, judge, links

    def roles(self) -> list[Judged[PkiRole]]:
        """Find the roles that are linked, and those whose names end as the lease's do."""
        linked = {(mount_of(k), k.name): k for k in self._links if k.kind is LinkKind.VAULT_PKI_ROLE}
        places = dict.fromkeys(linked)
        for mount in self._reach.pki_mounts:
            if self._reach.allows(engine_roles_of(mount)):
                names = self._roles.names_with_ending(mount, self._judge.ending)
                places |= dict.fromkeys((mount, name) for name in names)
        found = [(self._roles.find(*place), linked.get(place)) for place in places]
        return [self._judge.verdict(self._role(r, k)) for r, k in found if r and (k or self._judge.concerns(r.lease))]

    def certificates(self) -> list[Judged[Certificate]]:
        """Find the live certificates that are linked, and those that bear the lease; the latter by reading them all."""
        linked = self._linked_certificates()
        found = {place: self._certificates.living(*place) for place in linked}
        for mount in self._scanned():
            live = self._certificates.live(mount, self._judge.lease_id)
            found |= {(mount, certificate.serial): certificate for certificate in live}
        return [self._judged(certificate, linked.get(place)) for place, certificate in found.items() if certificate]

    def revoked_certificates(self) -> list[Judged[Certificate]]:
        """Find those that bear the lease and were revoked before they expired, by reading them all."""
        linked = self._linked_certificates()
        found = [c for mount in self._scanned() for c in self._certificates.revoked(mount, self._judge.lease_id)]
        return [self._judged(certificate, linked.get((certificate.mount, certificate.serial))) for certificate in found]

    def _role(self, role: PkiRole, link: Link | None) -> Found[PkiRole]:
        return Found(role, LinkKind.VAULT_PKI_ROLE, role.name, role.lease, link=link, attributes={"mount": role.mount})

    def _linked_certificates(self) -> dict[tuple[str, str], Link]:
        links = [link for link in self._links if link.kind is LinkKind.VAULT_CERTIFICATE and serial_of(link)]
        return {(mount_of(link), serial_of(link)): link for link in links}

    def _judged(self, certificate: Certificate, link: Link | None) -> Judged[Certificate]:
        detail = f"it is valid until {certificate.ends:%Y-%m-%d %H:%M} UTC"
        serial, where = certificate.serial, {"mount": certificate.mount}
        kind, borne = LinkKind.VAULT_CERTIFICATE, certificate.lease
        return self._judge.verdict(Found(certificate, kind, serial, borne, serial, link, where, detail))

    def _scanned(self) -> list[str]:
        """The engines to read: those of the links, or, knowing none at all, every one."""
        of_links = {mount_of(link) for link in self._links if link.kind in _KINDS}
        mounts = of_links if self._links else self._reach.pki_mounts
        return [mount for mount in self._reach.pki_mounts if mount in mounts and self._allows(mount)]

    def _allows(self, mount: str) -> bool:
        return self._reach.allows(certificates_of(mount))


def serial_of(link: Link) -> str:
    """Tell the serial number of a linked certificate; empty while none was issued."""
    return link.unique_id or (link.name if ":" in link.name else "")
