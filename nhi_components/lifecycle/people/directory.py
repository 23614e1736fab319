"""Active Directory as a source of a scan: its persons as people, its groups as teams.

A person is a user that does not count as a service account, and that the directory did not come with. Who has left is
disabled or past the end of the account; who was deleted is not told any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from nhi_components.core.connection import ActiveDirectoryConnection
from nhi_components.core.inventory.records import FoundPerson
from nhi_components.lifecycle.adapters.activedirectory.discovery_policy import ACCOUNTS, GROUPS
from nhi_components.lifecycle.adapters.activedirectory.entries import Entry
from nhi_components.lifecycle.adapters.activedirectory.found_accounts import DISABLED
from nhi_components.lifecycle.adapters.activedirectory.known_accounts import USERS, is_service_account, require_filter
from nhi_components.lifecycle.adapters.activedirectory.parts import Part
from nhi_components.lifecycle.adapters.activedirectory.seeing import (
    OF_ACCOUNTS,
    OF_GROUPS,
    require_groups,
    require_users,
)
from nhi_components.lifecycle.adapters.activedirectory.session import Directory
from nhi_components.lifecycle.discovery.ports import Section

_NOT_OF_ITSELF: Final = "(!(isCriticalSystemObject=TRUE))"
_NAMES: Final = ("sAMAccountName", "userPrincipalName", "mail")
_OTHER_MAILS: Final = "proxyAddresses"


class DirectoryPeople:
    """One domain, as `discovery.ports.Source`; it only reads.

    Args:
        connection: its name.
        settings: how it is reached.
        clock: tells the time.
    """

    system: str = "activedirectory-people"

    def __init__(self, connection: str, settings: ActiveDirectoryConnection, clock: Callable[[], datetime]) -> None:
        self.connection = connection
        self._directory = Directory(connection, settings)
        self._clock = clock

    def place(self) -> str:
        """Tell the DNS name of the domain.

        Raises:
            SystemUnreachable: it can't be reached, refuses the password, or does not show its own object.
        """
        return self._directory.domain.name

    def beginnings(self) -> Sequence[str]:
        """Name the sections."""
        return ("persons", "teams")

    def section(self, name: str) -> Section:
        """Give a section by its name."""
        if name == "persons":
            return Section(name, "persons of the directory", ACCOUNTS, lambda cursor: self._persons().read(cursor))
        if name == "teams":
            return Section(name, "groups of the directory", GROUPS, lambda cursor: self._teams().read(cursor))
        raise ValueError(name)

    def _persons(self) -> Part:
        query = f"(&{USERS}{_NOT_OF_ITSELF}(!{is_service_account(self._directory)}))"
        return self._part(query, OF_ACCOUNTS, ACCOUNTS, partial(_person, self.place(), self._clock()), require_users)

    def _teams(self) -> Part:
        return self._part(f"(&(objectClass=group){_NOT_OF_ITSELF})", OF_GROUPS, GROUPS, _team, require_groups)

    def _part(
        self,
        query: str,
        always: Sequence[str],
        rights: Sequence[str],
        told: Callable[[Entry], FoundPerson],
        require: Callable[[Directory, Sequence[str]], None],
    ) -> Part:
        directory = self._directory
        bases = tuple(f",{base}".casefold() for base in directory.settings.service_account_bases)

        def people(found: Iterable[Entry]) -> Sequence[FoundPerson]:
            return [told(entry) for entry in found if not entry.dn.casefold().endswith(bases)]

        def check() -> Sequence[str]:
            require(directory, rights)
            require_filter(directory)
            return ()

        attributes = (*always, *_NAMES, _OTHER_MAILS)
        base = directory.domain.base
        return Part(directory, base, query, attributes, always, rights, people, check)


def _person(domain: str, now: datetime, entry: Entry) -> FoundPerson:
    ends = entry.counted("accountExpires")
    ended = ends is not None and ends <= now
    active = not ended and not entry.number("userAccountControl") & DISABLED
    names = [*_names(entry), f"{entry.text('sAMAccountName')}@{domain}"]
    return FoundPerson(entry.guid(), _lowered(names), active, ends if ended else None)


def _team(entry: Entry) -> FoundPerson:
    return FoundPerson(f"team {entry.guid()}", _lowered(_names(entry)), active=True)


def _names(entry: Entry) -> list[str]:
    mails = (each.partition(":") for each in entry.texts(_OTHER_MAILS))
    others = [address for kind, _, address in mails if kind.lower() == "smtp"]
    return [*(entry.text(name) for name in _NAMES if entry.has(name)), *others, entry.dn]


def _lowered(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.lower() for name in names))
