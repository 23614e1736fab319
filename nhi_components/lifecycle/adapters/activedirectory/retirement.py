"""Decommissioning single service accounts of one domain: disabled by a bit, marked in a text, deleted with their tree.

A disabled account is refused new tickets and logons; a ticket to get tickets that it has is refused 20 minutes after it
was issued, and one for a service works to its end, 10 hours by default ([MS-KILE] 3.3.5.7.3; Microsoft Learn, 'Maximum
lifetime for service ticket'). What is deleted can be brought back with its SID until the directory forgets it: from the
recycle bin whole, else as a tombstone ([MS-ADTS] 3.1.1.5.5; 'msDS-DeletedObjectLifetime', 'tombstoneLifetime').
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from ldap3 import MODIFY_ADD, MODIFY_DELETE

from nhi_components.core.connection import ActiveDirectoryConnection
from nhi_components.core.inventory.records import FoundDependent, Guard
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.activedirectory.entries import Entry, escaped
from nhi_components.lifecycle.adapters.activedirectory.found_accounts import (
    ATTRIBUTES,
    CLASSES,
    DISABLED,
    USER,
    Accounts,
    dependents_of,
)
from nhi_components.lifecycle.adapters.activedirectory.known_accounts import emergency_accounts
from nhi_components.lifecycle.adapters.activedirectory.names import key_of
from nhi_components.lifecycle.adapters.activedirectory.seeing import (
    OF_ACCOUNTS,
    hidden_below,
    missing_of,
    not_seen,
    require_users,
)
from nhi_components.lifecycle.adapters.activedirectory.session import Directory
from nhi_components.lifecycle.adapters.case_marks import mark_in_text, marked_text
from nhi_components.lifecycle.adapters.retiring import elsewhere, not_there, seen, unknown_kind
from nhi_components.lifecycle.clock import system_clock
from nhi_components.lifecycle.decommission.ports import Presence, Removed, Standing, Target, Undo

KINDS: Final = (USER, *CLASSES.values())
_BITS: Final = "userAccountControl"
_LONGEST: Final = 1024
"""What `info`, `description` and their like hold, in letters: the `rangeUpper` of the schema."""
_RIGHTS: Final = ("RP;;user", "RP;;msDS-GroupManagedServiceAccount", "RP;;msDS-ManagedServiceAccount")
_TOMBSTONE_DAYS: Final = 60
"""When the forest has no number of its own."""
_WHY: Final = {
    Guard.CALLER: "it is the connection's own account",
    Guard.BREAK_GLASS: "it is for emergencies",
    Guard.SERVICE_LINKED: "the domain's own tickets depend on it",
}


class Retirement:
    """The service accounts of one domain, through one connection.

    Args:
        connection: its name.
        settings: how it is reached, and in which attribute cases are noted.
        clock: tells the time.
    """

    system = System.ACTIVE_DIRECTORY

    def __init__(
        self, connection: str, settings: ActiveDirectoryConnection, clock: Callable[[], datetime] = system_clock
    ) -> None:
        self.connection = connection
        self._directory = Directory(connection, settings)
        self._mark = settings.mark_attribute
        self._clock = clock

    def place(self) -> str:
        """Tell the DNS name of the domain."""
        return self._directory.domain.name

    def look(self, target: Target) -> Standing:
        """Tell how an account stands; its services and hosts are what depends on it."""
        with seen(self.system, self.connection):
            found = self._find(target)
            if found is None:
                return self._absent(target)
            case, stage = mark_in_text(found.text(self._mark))
            dependents = dict.fromkeys(f"{each.kind} {each.name}" for each in self._dependents(found))
            logons = (found.counted(name) for name in ("lastLogonTimestamp", "lastLogon"))
            disabled = found.number(_BITS) & DISABLED
            return Standing(
                Presence.DISABLED if disabled else Presence.ALIVE,
                case,
                stage,
                self._guarded(found),
                tuple(dependents),
                max(filter(None, logons), default=None),
            )

    def undo_of(self, target: Target) -> Undo:
        """Tell the bits of userAccountControl."""
        with seen(self.system, self.connection):
            return {_BITS: self._require(target).number(_BITS)}

    def mark(self, target: Target, case: str, stage: str) -> bool:
        """Add case and stage to what stands in the attribute for marks, or take them out; False when it is full."""
        with seen(self.system, self.connection):
            found = self._require(target)
            before = found.text(self._mark)
            after = marked_text(before, case, stage)
            if len(after) > _LONGEST:
                return False
            self._replace(found, self._mark, before, after)
            return True

    def disable(self, target: Target, undo: Undo) -> None:
        """Set the bit ACCOUNTDISABLE."""
        with seen(self.system, self.connection):
            found = self._require(target)
            self._set_bits(found, found.number(_BITS) | DISABLED)

    def restore(self, target: Target, undo: Undo) -> None:
        """Take the bit off, unless it was set before; other bits stay as they are now."""
        with seen(self.system, self.connection):
            found = self._require(target)
            was_disabled = int(undo.get(_BITS, 0)) & DISABLED
            self._set_bits(found, found.number(_BITS) & ~DISABLED | was_disabled)

    def delete(self, target: Target) -> Sequence[Removed]:
        """Delete an account with what is below it."""
        with seen(self.system, self.connection):
            found = self._find(target)
            if found is None:
                return ()
            below = self._directory.search(found.dn, "(objectClass=*)", ["objectClass"])
            until = self._recoverable_until()
            names = [each.dn for each in below if each.dn != found.dn]
            self._directory.delete(found.dn, tree=bool(names))
            kept = [Removed("object", name, until) for name in names]
            return [*kept, Removed(target.kind, target.name, until)]

    def _find(self, target: Target) -> Entry | None:
        if target.kind not in KINDS:
            raise unknown_kind(self.connection, target, KINDS)
        if target.place != self.place():
            raise elsewhere(self.connection, target, self.place())
        attributes = (*ATTRIBUTES, *OF_ACCOUNTS, "lastLogon", "isCriticalSystemObject", self._mark)
        # Found by its SID as a place, it is told also where none of its attributes may be read.
        found = self._directory.search(f"<SID={target.unique_id}>", "(objectClass=*)", attributes, only=True)
        if found and (hidden := missing_of(found[0], OF_ACCOUNTS)):
            raise not_seen(self._directory, hidden, _RIGHTS)
        return found[0] if found else None

    def _require(self, target: Target) -> Entry:
        found = self._find(target)
        if found is None:
            raise not_there(self.connection, target)
        return found

    def _absent(self, target: Target) -> Standing:
        """One that may not be read is not called gone: what every domain has must be shown."""
        require_users(self._directory, _RIGHTS)
        domain = self._directory.domain
        if target.kind != USER and domain.managed and (hidden := hidden_below(self._directory, [domain.managed])):
            raise not_seen(self._directory, hidden, _RIGHTS)
        name = escaped(target.name)
        other = self._directory.search(domain.base, f"(sAMAccountName={name})", ["sAMAccountName"], most=1)
        return Standing(Presence.OTHER if other else Presence.GONE)

    def _guarded(self, found: Entry) -> str:
        directory = self._directory
        accounts = Accounts(directory, directory.root().sids, emergency_accounts(directory), self._clock())
        guard = accounts.guard(found)
        if guard is not None:
            return _WHY[guard]
        return "the directory calls it critical" if found.text("isCriticalSystemObject") == "TRUE" else ""

    def _dependents(self, found: Entry) -> list[FoundDependent]:
        return list(dependents_of(key_of(self._directory.domain.name, found), found))

    def _set_bits(self, found: Entry, bits: int) -> None:
        self._replace(found, _BITS, str(found.number(_BITS)), str(bits))

    def _replace(self, found: Entry, attribute: str, before: str, after: str) -> None:
        """Put one value in the place of another, and only of that one: somebody else may have changed it."""
        if before == after:
            return
        changes: list[tuple[str, list[str]]] = [(MODIFY_DELETE, [before])] if before else []
        changes += [(MODIFY_ADD, [after])] if after else []
        self._directory.modify(found.dn, {attribute: changes})

    def _recoverable_until(self) -> datetime | None:
        domain = self._directory.domain
        place = f"CN=Directory Service,CN=Windows NT,CN=Services,{domain.configuration}"
        names = ["msDS-DeletedObjectLifetime", "tombstoneLifetime"]
        found = self._directory.search(place, "(objectClass=*)", names, only=True)
        told = found[0] if found else None
        days = next((told.number(name) for name in names if told and told.has(name)), _TOMBSTONE_DAYS)
        at = self._directory.root().time.written("currentTime") or self._clock()
        return at + timedelta(days=days)
