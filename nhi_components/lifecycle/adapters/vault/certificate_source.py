"""The source `vault-certificate`: certificates of a PKI role; a key's id is its serial number.

The role is the lease's by its organization, and so is each certificate, also when the role is gone. The fields are
`certificate`, `private_key`, `ca_chain` and `serial_number`. To delete one is to revoke it and to see it on the CRL.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from nhi_components.core.credential.sources import VaultCertificateSource
from nhi_components.core.errors import NhiError
from nhi_components.core.links import NotChecked
from nhi_components.core.tags import LeaseTags, organization_mark
from nhi_components.lifecycle.adapters.vault.pki import PkiRole, PkiRoles
from nhi_components.lifecycle.adapters.vault.reach import engine_roles_of
from nhi_components.lifecycle.adapters.vault.server_time import seconds_left, server_time
from nhi_components.lifecycle.adapters.vault.session import VaultSession
from nhi_components.lifecycle.credentials.ports import Key, Material


class IssuedCertificates:
    """The certificates of one PKI role as `Source`."""

    most = None
    can_disable = False

    def __init__(self, session: VaultSession, spec: VaultCertificateSource) -> None:
        self._session, self._spec = session, spec

    @property
    def spec(self) -> VaultCertificateSource:
        """What it was opened by."""
        return self._spec

    def keys(self, lease: LeaseTags) -> list[Key]:
        """List the lease's certificates that live, by reading all of the engine's; see the port.

        A certificate is dated back by its role, half a minute unless that says otherwise.
        """
        self._role(lease)
        live = self._session.certificates.live(self._spec.mount, lease.lease)
        dated = sorted(live, key=lambda certificate: (certificate.begins, certificate.serial))
        return [Key(each.serial, created_at=each.begins, ends=each.ends) for each in dated]

    def create(self, lease: LeaseTags) -> Material:
        """Have a certificate issued that ends with the lease, or after `ttl` if that is sooner; see the port.

        Raises:
            NhiError: there is no such role, it is somebody else's, keeps nothing of what it issues, or the lease ended.
        """
        role = self._role(lease)
        if role is None or not role.keeps:
            found = "a role with no_store" if role else "nothing"
            raise NhiError(
                f"{self._place}: found {found}, expected a PKI role whose certificates can be revoked; "
                "fix: declare it first, without no_store"
            )
        life = seconds_left(self._session.http, lease, self._place)
        names, wanted = self._spec.names, int(self._spec.ttl.total_seconds())
        body = {"common_name": names[0], "alt_names": ",".join(names[1:]), "ttl": f"{min(wanted, life)}s"}
        made = self._session.http.write(f"{self._spec.mount}/issue/{self._spec.role}", body)
        fields = {
            "certificate": made["certificate"],
            "private_key": made["private_key"],
            "ca_chain": "\n".join(made.get("ca_chain") or [made["issuing_ca"]]),
            "serial_number": made["serial_number"],
        }
        return Material(made["serial_number"], fields)

    def disable(self, key_id: str) -> None:
        """Refuse: a revocation is for ever."""
        raise self._for_ever(key_id)

    def enable(self, key_id: str) -> None:
        """Refuse, likewise."""
        raise self._for_ever(key_id)

    def delete(self, key_id: str) -> None:
        """Revoke a certificate, and see that its issuer's CRL says so; see the port."""
        self._session.certificates.revoke_serial(self._spec.mount, key_id)

    def works(self, material: Material) -> bool:
        """Check what whoever is shown it checks: its time, its chain, its key, the engine's record and the CRL."""
        fields = material.fields
        try:
            leaf = x509.load_pem_x509_certificate(fields["certificate"].encode())
            chain = x509.load_pem_x509_certificates(fields["ca_chain"].encode())
            key = load_pem_private_key(fields["private_key"].encode(), None)
            fits = key.public_key() == leaf.public_key()
        except (KeyError, ValueError, TypeError):
            return False
        whole = [leaf, *chain]
        return fits and self._is_time_for(whole) and _links_up(whole) and self._is_known(leaf, material.key_id)

    def last_used(self, key_id: str) -> NotChecked:
        """Say that only those who were shown it could tell; see the port."""
        return NotChecked(f"a PKI engine does not see certificate {key_id} being used; ask those who are shown it")

    @property
    def _place(self) -> str:
        return f"vault.{self._session.name}: {engine_roles_of(self._spec.mount)}/{self._spec.role}"

    def _role(self, lease: LeaseTags) -> PkiRole | None:
        role = PkiRoles(self._session.http).find(self._spec.mount, self._spec.role or "")
        if role and role.lease != lease.lease:
            raise NhiError(
                f"{self._place}: found somebody else's: it bears {role.lease or 'no lease'}; expected the organization "
                f"{organization_mark(lease.lease)!r}; fix: name the identity's own role, or declare it through its "
                "component"
            )
        return role

    def _is_time_for(self, certificates: Sequence[x509.Certificate]) -> bool:
        now = server_time(self._session.http)
        return all(each.not_valid_before_utc <= now < each.not_valid_after_utc for each in certificates)

    def _is_known(self, leaf: x509.Certificate, serial: str) -> bool:
        """Tell whether the engine has issued this very certificate and not revoked it."""
        mount, certificates = self._spec.mount, self._session.certificates
        facts, found = self._session.http.read(f"{mount}/cert/{serial}"), certificates.find(mount, serial)
        if not facts or not found or found.revoked_at:
            return False
        return x509.load_pem_x509_certificate(str(facts["certificate"]).encode()) == leaf and not certificates.on_list(
            found
        )

    def _for_ever(self, key_id: str) -> NhiError:
        return NhiError(
            f"{self._place}: certificate {key_id} can't be disabled for a while, expected a deletion; fix: delete it"
        )


def _links_up(certificates: Sequence[x509.Certificate]) -> bool:
    """Tell whether each was issued by the next one."""
    if len(certificates) < 2:
        return False
    try:
        for issued, issuer in pairwise(certificates):
            issued.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
