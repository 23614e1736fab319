"""Issuing a lease's certificate, delivering it into its KV v2 entry, and retiring the one before.

What was done is noted in the entry's custom metadata, step by step: an intent before anything is issued, the serial
number once it was delivered and read back, and when the one before has to be revoked. So a run that was killed is
resumed by the next: what was issued and not delivered is found by the lease id that it bears, and revoked. The private
key goes from Vault's answer into the entry, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Link
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.ownership import DUE, is_suspended
from nhi_components.lifecycle.adapters.vault.approles import fingerprint
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.kv import DELIVERED_VERSION, Entry, Kv
from nhi_components.lifecycle.adapters.vault.pki import Certificate, Certificates
from nhi_components.lifecycle.adapters.vault.places import mount_of

ENTRY = "entry"
"""The attribute of a certificate's link that asks for its delivery: the path of the KV v2 entry."""

VERSION = "version"
"""The attribute of an admitted certificate's link: the version of the KV entry that holds it."""

_INTENT, _CURRENT, _ISSUED_FOR, _VERSION = "nhi_issuing", "nhi_certificate", "nhi_issued_for", DELIVERED_VERSION
_RETIRING = "nhi_retiring_"
_SERIAL = "serial_number"

_ROUNDING = timedelta(minutes=1)
"""More than what a certificate's end can miss the lease's by: lifetimes are asked for in whole seconds."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a link asks for.

    Attributes:
        mount: the PKI engine.
        role: the role there.
        names: the names in the certificate; the first is the common name.
        ttl: how long it lives at most.
        overlap: for how long the one before goes on being valid.
        issued_for: what it is issued for; another one means a new certificate.
        entry: mount and path of the KV v2 entry that it is delivered into.
    """

    mount: str
    role: str
    names: tuple[str, ...]
    ttl: timedelta
    overlap: timedelta
    issued_for: str
    entry: tuple[str, str]

    @classmethod
    def of(cls, link: Link) -> Wanted:
        """Read it from a link."""
        told = link.attributes
        names = tuple(told["names"].split(","))
        return cls(
            mount=mount_of(link),
            role=told["role"],
            names=names,
            ttl=timedelta(seconds=int(told["ttl_seconds"])),
            overlap=timedelta(seconds=int(told["overlap_seconds"])),
            issued_for=f"{told['generation']}/{fingerprint(told['names'])}",
            entry=(told["entry_mount"], told[ENTRY]),
        )


@dataclass(frozen=True, slots=True)
class Notes:
    """What an entry's custom metadata says.

    Attributes:
        intent: whether something may have been issued that was not delivered.
        current: the serial number of the certificate that was delivered last; empty when none was.
        issued_for: what it was issued for.
        version: the entry's version that holds it; 0 when none does.
        retiring: by serial number, from when on one from before has to be revoked.
    """

    intent: bool = False
    current: str = ""
    issued_for: str = ""
    version: int = 0
    retiring: Mapping[str, datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, metadata: Mapping[str, str]) -> Notes:
        """Read them."""
        retiring = {
            key.removeprefix(_RETIRING).replace("-", ":"): datetime.fromisoformat(value)
            for key, value in metadata.items()
            if key.startswith(_RETIRING)
        }
        version = int(metadata.get(_VERSION, 0))
        return cls(_INTENT in metadata, metadata.get(_CURRENT, ""), metadata.get(_ISSUED_FOR, ""), version, retiring)

    def over(self, metadata: Mapping[str, str]) -> dict[str, str]:
        """Write them over an entry's custom metadata."""
        noted = (_INTENT, _CURRENT, _ISSUED_FOR, _VERSION)
        kept = {k: v for k, v in metadata.items() if k not in noted and not k.startswith(_RETIRING)}
        current = {_CURRENT: self.current, _ISSUED_FOR: self.issued_for, _VERSION: str(self.version)}
        retiring = {_RETIRING + serial.replace(":", "-"): at.isoformat() for serial, at in self.retiring.items()}
        return {**kept, **({_INTENT: "true"} if self.intent else {}), **(current if self.current else {}), **retiring}


class CertificateDelivery:
    """Keeps the certificate of one link as its lease wants it.

    Args:
        http: the Vault.
        certificates: the certificates of its PKI engines.
        lease: the lease.
        link: what is wanted.
        now: the time that decides what is due.
    """

    def __init__(
        self, http: VaultHttp, certificates: Certificates, lease: LeaseTags, link: Link, now: datetime
    ) -> None:
        self._http, self._kv, self._certificates = http, Kv(http), certificates
        self._lease, self._link, self._now = lease, link, now
        self._wanted = Wanted.of(link)

    def admit(self) -> Link:
        """Issue and deliver what is wanted, revoke what is due; the link with serial number, version and next date.

        Raises:
            NhiError: the new certificate was not delivered as it was issued, or an old one is not on the CRL.
        """
        notes = self._notes()
        if is_suspended(self._link):
            known = {VERSION: str(notes.version)} if notes.version else {}
            return replace(self._link, unique_id=notes.current or None, attributes={**self._link.attributes, **known})
        if notes.intent:
            notes = self._recovered(notes)
        current = self._unexpired(notes.current) if notes.current else None
        current = current if current and not current.revoked_at else None
        if current is None or notes.issued_for != self._wanted.issued_for or self._renews(current):
            notes, current = self._replaced(notes, current)
        notes = self._retired(notes)
        due = [*notes.retiring.values(), *([current.renewal_due] if self._renewable(current) else [])]
        dates = {DUE: min(due).isoformat()} if due else {}
        attributes = {**self._link.attributes, VERSION: str(notes.version), **dates}
        return replace(self._link, unique_id=current.serial, attributes=attributes)

    def _unexpired(self, serial: str) -> Certificate | None:
        """Read a certificate that was noted; None when it has expired, or somebody else's was noted."""
        found = self._certificates.unexpired(self._wanted.mount, serial)
        return found if found and found.lease == self._lease.lease else None

    def _renews(self, current: Certificate) -> bool:
        return self._renewable(current) and self._now >= current.renewal_due

    def _renewable(self, current: Certificate) -> bool:
        """Tell whether a later one could live longer: none lives beyond the lease's end."""
        return current.ends + _ROUNDING < self._lease_ends

    @property
    def _lease_ends(self) -> datetime:
        return datetime.combine(self._lease.ends, time(), UTC)

    def _recovered(self, notes: Notes) -> Notes:
        """Take over what a killed run delivered and did not note; revoke what it issued and did not deliver."""
        live = {c.serial: c for c in self._certificates.live(self._wanted.mount, self._lease.lease)}
        strays = live.keys() - {notes.current, *notes.retiring}
        entry = self._entry()
        delivered = str(self._delivered(entry.newest).get(_SERIAL, "")) if entry.newest else ""
        if delivered in strays:
            notes = self._noted(self._succeeded(notes, live[delivered], entry.newest))
        for serial in strays - {delivered}:
            self._certificates.revoke(live[serial])
        return self._noted(replace(notes, intent=False))

    def _replaced(self, notes: Notes, current: Certificate | None) -> tuple[Notes, Certificate]:
        notes = self._noted(replace(notes, intent=True, current=current.serial if current else ""))
        content = self._issued()
        entry = self._entry()
        place = "/".join(self._wanted.entry)
        body = {"options": {"cas": entry.newest}, "data": content}
        version = int(self._http.write(f"{entry.mount}/data/{entry.path}", body)["version"])
        serial = content[_SERIAL]
        made = self._certificates.find(self._wanted.mount, serial)
        if self._delivered(version) != content or made is None:
            raise NhiError(
                f"{self._link}: read back another content from version {version} of {place} than was delivered, "
                f"expected certificate {serial}; fix: let nobody else write there, and run the same command again"
            )
        return self._noted(replace(self._succeeded(notes, made, version), intent=False)), made

    def _succeeded(self, notes: Notes, made: Certificate, version: int) -> Notes:
        """Note a certificate as delivered, and the one before as retiring."""
        before = {notes.current: self._now + self._wanted.overlap} if notes.current else {}
        retiring = {**before, **notes.retiring}
        return replace(
            notes, current=made.serial, issued_for=self._wanted.issued_for, version=version, retiring=retiring
        )

    def _issued(self) -> dict[str, str]:
        """Have a certificate issued; what is delivered of it."""
        wanted = self._wanted
        # Asked for no time at all, Vault gives the usual one of the role.
        ttl = max(min(wanted.ttl, self._lease_ends - self._now), timedelta(seconds=1))
        body = {
            "common_name": wanted.names[0],
            "alt_names": ",".join(wanted.names[1:]),
            "ttl": f"{int(ttl.total_seconds())}s",
        }
        made = self._http.write(f"{wanted.mount}/issue/{wanted.role}", body)
        return {
            "certificate": made["certificate"],
            "private_key": made["private_key"],
            "ca_chain": "\n".join(made.get("ca_chain") or [made["issuing_ca"]]),
            _SERIAL: made["serial_number"],
        }

    def _retired(self, notes: Notes) -> Notes:
        """Revoke what is due, and destroy the versions that held it once nothing from before is valid."""
        due = [serial for serial, at in notes.retiring.items() if at <= self._now]
        for certificate in filter(None, map(self._unexpired, due)):
            self._certificates.revoke(certificate)
        left = {serial: at for serial, at in notes.retiring.items() if serial not in due}
        if not due:
            return notes
        if not left:
            entry = self._entry()
            for version in entry.versions:
                if version < notes.version:
                    self._kv.destroy_version(entry.mount, entry.path, version)
        return self._noted(replace(notes, retiring=left))

    def _delivered(self, version: int) -> Mapping[str, str]:
        mount, path = self._wanted.entry
        read = self._http.read(f"{mount}/data/{path}", version=str(version)) or {}
        content: Mapping[str, str] = read.get("data") or {}
        return content

    def _entry(self) -> Entry:
        mount, path = self._wanted.entry
        entry = self._kv.find(mount, path)
        if entry is None:
            raise NhiError(
                f"{self._link}: found no KV entry {mount}/{path}, expected the one that belongs to the lease; "
                "fix: run the same command again"
            )
        return entry

    def _notes(self) -> Notes:
        return Notes.of(self._entry().metadata)

    def _noted(self, notes: Notes) -> Notes:
        entry = self._entry()
        metadata = notes.over(entry.metadata)
        self._http.write(f"{entry.mount}/metadata/{entry.path}", {"custom_metadata": metadata})
        return notes
