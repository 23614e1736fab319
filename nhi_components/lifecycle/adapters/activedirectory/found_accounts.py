"""Accounts as identities, with their passwords and certificates, delegation, and who may read a managed password.

Sources: [MS-ADTS] 2.2.16 for the bits of userAccountControl, 3.1.1.4.5 for constructed attributes, 6.1.6.7 for the
krbtgt account; Microsoft Learn, 'Last-Logon-Timestamp attribute' and 'ms-DS-Logon-Time-Sync-Interval' (14 days unless
set, less up to 5 at random; 0 keeps none), 'Group Managed Service Accounts overview'; [MS-SFU] 3.2.5 for delegation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from nhi_components.core.inventory.records import (
    UNWATCHED,
    FoundCarrier,
    FoundCredential,
    FoundDependent,
    FoundGrant,
    FoundIdentity,
    FoundStep,
    Guard,
    Knowledge,
    Record,
    Subject,
    Use,
)
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.activedirectory.entries import Entry, let_in
from nhi_components.lifecycle.adapters.activedirectory.found_groups import GROUP
from nhi_components.lifecycle.adapters.activedirectory.names import carrier_of, key_of, names_of_sids
from nhi_components.lifecycle.adapters.activedirectory.session import Directory

DISABLED: Final = 0x2
_NEVER_EXPIRES: Final = 0x1_0000
_ANY_SERVICE: Final = 0x8_0000
_ANY_PROTOCOL: Final = 0x100_0000

USER: Final = "user"
GROUP_MANAGED: Final = "group-managed-service-account"
MANAGED: Final = "managed-service-account"
DELEGATED_MANAGED: Final = "delegated-managed-service-account"
CLASSES: Final = {
    "msDS-GroupManagedServiceAccount": GROUP_MANAGED,
    "msDS-ManagedServiceAccount": MANAGED,
    "msDS-DelegatedManagedServiceAccount": DELEGATED_MANAGED,
}
"""Kinds by classes; all else is a user."""

_ADMINISTRATOR, _KRBTGT = 500, 502
_ACT_FOR: Final = "msDS-AllowedToActOnBehalfOfOtherIdentity"
_READ_BY: Final = "msDS-GroupMSAMembership"
_NOTES: Final = (
    *("description", "info", "managedBy", "manager", "department", "company", "title"),
    *(f"extensionAttribute{number}" for number in range(1, 16)),
    *(f"msDS-cloudExtensionAttribute{number}" for number in range(1, 21)),
)
_LAG: Final = 14
_MANAGED_DAYS: Final = 30
"""Days after which a managed password is changed unless the account says otherwise."""
ATTRIBUTES: Final = (
    *("objectClass", "objectGUID", "objectSid", "sAMAccountName", "whenCreated", "userAccountControl"),
    *("primaryGroupID", "pwdLastSet", "accountExpires", "logonCount", "lastLogonTimestamp", "memberOf"),
    *("msDS-UserPasswordExpiryTimeComputed", "msDS-ManagedPasswordInterval", "userCertificate"),
    *("servicePrincipalName", "msDS-AllowedToDelegateTo", "msDS-HostServiceAccountBL", "altSecurityIdentities"),
    *("msDS-KrbTgtLinkBl", _ACT_FOR, _READ_BY, *_NOTES),
)


def kind_of(entry: Entry) -> str:
    """Tell what sort of account an object is."""
    classes = entry.texts("objectClass")
    return next((kind for name, kind in CLASSES.items() if name in classes), USER)


@dataclass(frozen=True)
class Accounts:
    """Tells of accounts of one domain.

    Attributes:
        directory: where it is asked.
        own: SIDs of the connection's own account, and of its groups.
        emergency: SIDs of accounts for emergencies.
        now: the time of the scan.
    """

    directory: Directory
    own: frozenset[str]
    emergency: frozenset[str]
    now: datetime

    def told_of(self, entries: Sequence[Entry]) -> Iterator[Record]:
        """Yield all that accounts show of themselves; who is named by a SID is looked up for all of them together."""
        domain = self.directory.domain
        sids = [sid for entry in entries for name in (_ACT_FOR, _READ_BY) for sid in _let_in(entry, name)]
        groups = [f"{domain.sid}-{entry.text('primaryGroupID')}" for entry in entries if entry.has("primaryGroupID")]
        names = names_of_sids(self.directory, [*sids, *groups])
        for entry in entries:
            identity = self.identity(entry)
            yield identity
            yield from _credentials(identity, entry)
            yield from _carriers(identity.key, entry, names.get(f"{domain.sid}-{entry.text('primaryGroupID')}"))
            yield from _delegation(identity.key, entry, domain.name)
            yield from _ways_in(identity.key, entry, names)
            yield from dependents_of(identity.key, entry)
            for attribute in ("managedBy", "manager"):
                for owner in entry.texts(attribute):
                    yield Knowledge(identity.key, Subject.OWNER, owner, attribute)

    def identity(self, entry: Entry) -> FoundIdentity:
        """Tell of an account itself."""
        domain = self.directory.domain
        ends = entry.counted("accountExpires")
        marks = {name: "; ".join(entry.texts(name)) for name in _NOTES if entry.has(name)}
        if ends is not None:
            marks["accountExpires"] = ends.isoformat()
        return FoundIdentity(
            key_of(domain.name, entry),
            System.ACTIVE_DIRECTORY,
            domain.name,
            kind_of(entry),
            entry.text("sAMAccountName"),
            entry.sid(),
            entry.written("whenCreated"),
            bool(entry.number("userAccountControl") & DISABLED) or (ends is not None and ends <= self.now),
            self._use(entry),
            marks,
            self.guard(entry),
        )

    def guard(self, entry: Entry) -> Guard | None:
        """Tell why an account must stay; None where nothing is known that says so."""
        sid = entry.sid()
        if sid in self.own:
            return Guard.CALLER
        if sid in self.emergency or sid == f"{self.directory.domain.sid}-{_ADMINISTRATOR}":
            return Guard.BREAK_GLASS
        of_tickets = sid == f"{self.directory.domain.sid}-{_KRBTGT}" or entry.has("msDS-KrbTgtLinkBl")
        return Guard.SERVICE_LINKED if of_tickets else None

    def _use(self, entry: Entry) -> Use:
        """Logons are told to all domain controllers only when the last that was told is so many days old."""
        domain = self.directory.domain.entry
        lag = domain.number("msDS-LogonTimeSyncInterval") if domain.has("msDS-LogonTimeSyncInterval") else _LAG
        if not lag:
            return UNWATCHED
        if kind_of(entry) != USER and not any(map(entry.has, ("lastLogonTimestamp", "logonCount"))):
            # Of such accounts nothing tells apart that logons are hidden from that there were none.
            return UNWATCHED
        at, since = entry.counted("lastLogonTimestamp"), entry.written("whenCreated")
        return Use(at, watched_since=since, as_of=self.now - timedelta(days=lag))


def _credentials(identity: FoundIdentity, entry: Entry) -> Iterator[FoundCredential]:
    changed, ends = entry.counted("pwdLastSet"), entry.counted("accountExpires")
    if identity.kind == USER:
        kind, expires = "password", entry.counted("msDS-UserPasswordExpiryTimeComputed")
        if entry.number("userAccountControl") & _NEVER_EXPIRES:
            expires = None
        elif changed is None:
            # It has to be changed before it lets anybody in.
            expires = identity.created_at
    else:
        days = entry.number("msDS-ManagedPasswordInterval") or _MANAGED_DAYS
        kind, expires = "managed-password", changed + timedelta(days=days) if changed else None
    yield FoundCredential(
        identity.key,
        kind,
        kind,
        changed,
        min(filter(None, (expires, ends)), default=None),
        disabled=identity.disabled,
        use=identity.use,
    )
    for certificate in entry.all("userCertificate"):
        yield _certificate(identity, certificate)


def _certificate(identity: FoundIdentity, content: bytes) -> FoundCredential:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    try:
        read = x509.load_der_x509_certificate(content)
    except ValueError:
        digest = hashes.Hash(hashes.SHA256())
        digest.update(content)
        return FoundCredential(identity.key, "certificate", digest.finalize().hex(), disabled=identity.disabled)
    begin, end = (each.replace(tzinfo=UTC) for each in (read.not_valid_before_utc, read.not_valid_after_utc))
    fingerprint = read.fingerprint(hashes.SHA256()).hex()
    return FoundCredential(identity.key, "certificate", fingerprint, begin, end, disabled=identity.disabled)


def _carriers(key: str, entry: Entry, primary: str | None) -> Iterator[FoundCarrier]:
    """The primary group is not among those that an account is told to be a member of."""
    groups = dict.fromkeys(map(carrier_of, entry.texts("memberOf")))
    if primary is not None:
        groups[primary] = None
    for group in groups:
        yield FoundCarrier(key, group, GROUP)


def _delegation(key: str, entry: Entry, domain: str) -> Iterator[FoundGrant]:
    bits = entry.number("userAccountControl")
    if bits & _ANY_SERVICE:
        yield FoundGrant(key, "unconstrained-delegation", domain, via="userAccountControl")
    of_any = "constrained-delegation-any-protocol" if bits & _ANY_PROTOCOL else "constrained-delegation"
    for service in dict.fromkeys(entry.texts("msDS-AllowedToDelegateTo")):
        yield FoundGrant(key, of_any, service, via="msDS-AllowedToDelegateTo")


def _ways_in(key: str, entry: Entry, names: dict[str, str]) -> Iterator[FoundStep]:
    for attribute, how in ((_ACT_FOR, "act-on-behalf-of-others"), (_READ_BY, "read-managed-password")):
        for sid in _let_in(entry, attribute):
            yield FoundStep(names[sid], key, how)
    for mapping in dict.fromkeys(entry.texts("altSecurityIdentities")):
        yield FoundStep(mapping, key, "certificate-mapping")


def dependents_of(key: str, entry: Entry) -> Iterator[FoundDependent]:
    """Yield the services that an account has names for, and the computers that a managed one is meant for."""
    for service in dict.fromkeys(entry.texts("servicePrincipalName")):
        yield FoundDependent(key, "service", service)
    for host in entry.texts("msDS-HostServiceAccountBL"):
        yield FoundDependent(key, "computer", carrier_of(host))


def _let_in(entry: Entry, attribute: str) -> list[str]:
    return list(dict.fromkeys(sid for descriptor in entry.all(attribute) for sid in let_in(descriptor)))
