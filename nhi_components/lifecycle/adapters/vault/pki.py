"""PKI roles and the certificates that were issued through them.

A role takes no metadata, so its organization bears the lease id; Vault puts it into the subject of every
certificate that the role issues. A certificate lives until it expires or is revoked and its issuer's CRL says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509

from nhi_components.core.errors import NhiError
from nhi_components.core.tags import lease_of_organizations
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.parallel import concurrently
from nhi_components.lifecycle.adapters.vault.reach import certificates_of, engine_roles_of, revocations_of
from nhi_components.lifecycle.adapters.vault.server_time import server_time

_DEFAULT_ISSUER = "default"


@dataclass(frozen=True, slots=True)
class PkiRole:
    """What a PKI role is now.

    Attributes:
        mount: the secrets engine that it is on.
        name: its name there.
        lease: the lease that its organization bears, if any.
        keeps: whether the engine keeps what the role issues, so that it can be listed and revoked.
    """

    mount: str
    name: str
    lease: str | None
    keeps: bool = True


class PkiRoles:
    """The PKI roles of one Vault."""

    def __init__(self, http: VaultHttp) -> None:
        self._http = http

    def find(self, mount: str, name: str) -> PkiRole | None:
        """Read a role; None when there is none of that name on that mount."""
        facts = self._http.read(f"{engine_roles_of(mount)}/{name}")
        if not facts:
            return None
        return PkiRole(mount, name, lease_of_organizations(facts.get("organization") or ()), not facts.get("no_store"))

    def names_with_ending(self, mount: str, ending: str) -> list[str]:
        """List a mount's roles by the end of their names."""
        return [name for name in self._http.keys(engine_roles_of(mount)) if name.endswith(ending)]

    def delete(self, mount: str, name: str) -> None:
        """Delete a role; the certificates that it issued live on."""
        self._http.delete(f"{engine_roles_of(mount)}/{name}")


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate is now.

    Attributes:
        mount: the PKI engine that issued it.
        serial: its serial number, in hex with colons, as Vault writes it.
        lease: the lease that its subject bears, if any.
        begins: from when it is valid.
        ends: until when.
        revoked_at: when it was revoked; None when it is not. Its issuer's CRL may say so later.
    """

    mount: str
    serial: str
    lease: str | None
    begins: datetime
    ends: datetime
    revoked_at: datetime | None

    @property
    def renewal_due(self) -> datetime:
        """When less than a third of its life remains."""
        return self.ends - (self.ends - self.begins) / 3


class Certificates:
    """The certificates of one Vault's PKI engines.

    A certificate's content never changes and a revocation is for ever, so whatever is not a live one of a lease's is
    read once in the life of a connection: an engine lists very many, the expired ones among them.
    """

    def __init__(self, http: VaultHttp) -> None:
        self._http = http
        self._known: dict[tuple[str, str], Certificate] = {}

    def find(self, mount: str, serial: str) -> Certificate | None:
        """Read a certificate afresh; None when the engine knows none of that serial number."""
        facts = self._http.read(f"{mount}/cert/{serial}")
        if facts is None:
            return None
        content = x509.load_pem_x509_certificate(str(facts["certificate"]).encode())
        organizations = content.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
        lease = lease_of_organizations(str(name.value) for name in organizations)
        revoked = int(facts.get("revocation_time") or 0)
        revoked_at = datetime.fromtimestamp(revoked, UTC) if revoked else None
        begins, ends = content.not_valid_before_utc, content.not_valid_after_utc
        return Certificate(mount, serial, lease, begins, ends, revoked_at)

    def live(self, mount: str, lease_id: str) -> list[Certificate]:
        """List a lease's certificates that are neither revoked nor expired, by reading all of the engine's."""
        return [certificate for certificate in self._unexpired(mount, lease_id) if not certificate.revoked_at]

    def revoked(self, mount: str, lease_id: str) -> list[Certificate]:
        """List a lease's certificates that would live if they were not revoked, by reading all of the engine's."""
        return [certificate for certificate in self._unexpired(mount, lease_id) if certificate.revoked_at]

    def living(self, mount: str, serial: str) -> Certificate | None:
        """Read a certificate; None when there is none, or it is revoked or expired."""
        certificate = self.unexpired(mount, serial)
        return certificate if certificate and not certificate.revoked_at else None

    def unexpired(self, mount: str, serial: str) -> Certificate | None:
        """Read a certificate, revoked or not; None when there is none, or it is expired."""
        certificate = self.find(mount, serial)
        return certificate if certificate and server_time(self._http) < certificate.ends else None

    def revoke(self, certificate: Certificate) -> Revocation:
        """Revoke a certificate and see that its issuer's CRL says so; can be repeated.

        Raises:
            NhiError: it is revoked, but the CRL does not say so.
        """
        former = self._list_of(certificate)
        former_ends = former.next_update_utc if former is not None else None
        self._http.write(revocations_of(certificate.mount), {"serial_number": certificate.serial})
        if not self.on_list(certificate):
            # An engine that rebuilds its CRL by itself (`auto_rebuild`) does that much later.
            self._http.read(f"{certificate.mount}/crl/rotate")
        shown = self.on_list(certificate)
        if not shown and not self._publishes_none(certificate.mount):
            raise NhiError(
                f"certificate {certificate.serial} of {certificate.mount}: it is revoked, but the CRL of its issuer "
                f"does not say so; fix: see why `{certificate.mount}/crl/rotate` does not rebuild it, then run it again"
            )
        return Revocation(certificate, shown, former_ends)

    def earlier_revocation(self, certificate: Certificate, revoked_at: datetime) -> Revocation:
        """Tell what became of a certificate that was revoked before: CRLs from before lived as long as today's."""
        published = self._list_of(certificate)
        if published is None or published.next_update_utc is None:
            return Revocation(certificate, self.on_list(certificate), None)
        life = published.next_update_utc - published.last_update_utc
        return Revocation(certificate, self.on_list(certificate), revoked_at + life)

    def revoke_serial(self, mount: str, serial: str) -> None:
        """Revoke a certificate by its serial number, and see it on the CRL; one that has expired counts as revoked."""
        certificate = self.unexpired(mount, serial)
        if certificate:
            self.revoke(certificate)

    def on_list(self, certificate: Certificate) -> bool:
        """Tell whether the CRL of its issuer, signed by that, names the certificate."""
        revoked = self._list_of(certificate)
        number = int(certificate.serial.replace(":", ""), 16)
        return revoked is not None and revoked.get_revoked_certificate_by_serial_number(number) is not None

    def awaits_list(self, certificate: Certificate) -> bool:
        """Tell whether the engine publishes a CRL that does not name the certificate."""
        return not self.on_list(certificate) and not self._publishes_none(certificate.mount)

    def _list_of(self, certificate: Certificate) -> x509.CertificateRevocationList | None:
        """Fetch the CRL of a certificate's issuer; None when it is not signed by that."""
        mount = certificate.mount
        facts = self._http.read(f"{mount}/cert/{certificate.serial}") or {}
        issuer = f"{mount}/issuer/{facts.get('issuer_id') or _DEFAULT_ISSUER}"
        found, authority = self._http.read(f"{issuer}/crl"), self._http.read(f"{issuer}/json")
        if not found or not authority:
            return None
        revoked = x509.load_pem_x509_crl(str(found["crl"]).encode())
        signer = x509.load_pem_x509_certificate(str(authority["certificate"]).encode())
        signed = revoked.is_signature_valid(signer.public_key())  # type: ignore[arg-type] # a CA's key can sign
        return revoked if signed else None

    def _publishes_none(self, mount: str) -> bool:
        return bool((self._http.read(f"{mount}/config/crl") or {}).get("disable"))

    def _serials(self, mount: str) -> list[str]:
        return self._http.keys(certificates_of(mount))

    def _unexpired(self, mount: str, lease_id: str) -> list[Certificate]:
        now = server_time(self._http)
        found = concurrently(lambda serial: self._fresh(mount, serial, lease_id, now), self._serials(mount))
        for certificate in found:
            if certificate:
                self._known[mount, certificate.serial] = certificate
        return [c for c in found if c and c.lease == lease_id and now < c.ends]

    def _fresh(self, mount: str, serial: str, lease_id: str, now: datetime) -> Certificate | None:
        known = self._known.get((mount, serial))
        if known and (known.lease != lease_id or not lives(known, now)):
            return known
        return self.find(mount, serial)


@dataclass(frozen=True, slots=True)
class Revocation:
    """What became of a certificate that was revoked.

    Attributes:
        certificate: which.
        on_list: whether its issuer's CRL says so; False only where the engine publishes none.
        former_list_ends: until when the CRL that was published before may still be relied on; None when there is none.
    """

    certificate: Certificate
    on_list: bool
    former_list_ends: datetime | None


def lives(certificate: Certificate, now: datetime) -> bool:
    """Tell whether a certificate is neither revoked nor expired."""
    return not certificate.revoked_at and now < certificate.ends
