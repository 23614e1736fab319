"""Reading the service accounts of one domain of Active Directory: users that run services, managed accounts, groups.

A user counts as a service account when it has a servicePrincipalName, is below one of the connection's bases, fits the
connection's filter, or is the connection's own, the built-in administrator or one for emergencies. Computer accounts
are not read. Sources: Microsoft Learn, 'Service accounts'; and the pages that each part names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from nhi_components.core.connection import ActiveDirectoryConnection
from nhi_components.core.inventory.records import Record
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.activedirectory import discovery_policy as needs
from nhi_components.lifecycle.adapters.activedirectory.entries import Entry
from nhi_components.lifecycle.adapters.activedirectory.found_accounts import ATTRIBUTES, Accounts
from nhi_components.lifecycle.adapters.activedirectory.found_groups import ATTRIBUTES as GROUP_ATTRIBUTES
from nhi_components.lifecycle.adapters.activedirectory.found_groups import told_of_group
from nhi_components.lifecycle.adapters.activedirectory.known_accounts import (
    USERS,
    emergency_accounts,
    is_service_account,
    require_filter,
)
from nhi_components.lifecycle.adapters.activedirectory.parts import Part
from nhi_components.lifecycle.adapters.activedirectory.seeing import (
    OF_ACCOUNTS,
    OF_GROUPS,
    hidden_below,
    require_groups,
    require_users,
)
from nhi_components.lifecycle.adapters.activedirectory.session import Directory
from nhi_components.lifecycle.discovery.ports import Section

_BELOW: Final = "accounts-below/"
_GROUP_MANAGED: Final = "".join(
    f"(objectClass=msDS-{which}ManagedServiceAccount)" for which in ("Group", "Delegated")
).join(("(|", ")"))
_MANAGED: Final = "(objectClass=msDS-ManagedServiceAccount)"


class Discovery:
    """One domain through one connection.

    Args:
        connection: its name.
        settings: how it is reached, and what counts as a service account there.
        clock: tells the time.
    """

    system = System.ACTIVE_DIRECTORY

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
        """Name the sections that every scan reads."""
        below = (f"{_BELOW}{base}" for base in dict.fromkeys(self._directory.settings.service_account_bases))
        return ("accounts", *below, "group-managed-accounts", "managed-accounts", "groups")

    def section(self, name: str) -> Section:
        """Give a section by its name."""
        match name:
            case "accounts":
                return self._section(name, "users that run services", needs.ACCOUNTS, self._accounts)
            case "group-managed-accounts":
                part = partial(self._managed, _GROUP_MANAGED, needs.GROUP_MANAGED)
                return self._section(name, "group managed service accounts", needs.GROUP_MANAGED, part)
            case "managed-accounts":
                part = partial(self._managed, _MANAGED, needs.MANAGED)
                return self._section(name, "managed service accounts", needs.MANAGED, part)
            case "groups":
                return self._section(name, "groups, and which are in which", needs.GROUPS, self._groups)
            case _ if name.startswith(_BELOW):
                base = name.removeprefix(_BELOW)
                return self._section(name, f"users below {base}", needs.ACCOUNTS, partial(self._below, base))
            case _:
                raise ValueError(name)

    def _section(self, name: str, what: str, rights: tuple[str, ...], part: Callable[[], Part]) -> Section:
        return Section(name, what, rights, lambda cursor: part().read(cursor))

    def _accounts(self) -> Part:
        query = f"(&{USERS}{is_service_account(self._directory)})"
        return self._part(self._directory.domain.base, query, needs.ACCOUNTS, self._check_users)

    def _below(self, base: str) -> Part:
        """What the section of all accounts does not read."""

        def check() -> Sequence[str]:
            self._check_users()
            return hidden_below(self._directory, [base])

        query = f"(&{USERS}(!{is_service_account(self._directory)}))"
        return self._part(base, query, needs.ACCOUNTS, check)

    def _managed(self, query: str, rights: Sequence[str]) -> Part:
        """One that shows no class, where such accounts usually are, may be one."""
        domain = self._directory.domain
        places = [domain.managed] if domain.managed else []
        return self._part(domain.base, query, rights, lambda: hidden_below(self._directory, places))

    def _groups(self) -> Part:
        directory = self._directory
        domain = directory.domain

        def check() -> Sequence[str]:
            require_groups(directory, needs.GROUPS)
            return ()

        def told(entries: Sequence[Entry]) -> Sequence[Record]:
            return [record for entry in entries for record in told_of_group(domain, entry)]

        attributes = (*OF_GROUPS, *GROUP_ATTRIBUTES)
        return Part(directory, domain.base, "(objectClass=group)", attributes, OF_GROUPS, needs.GROUPS, told, check)

    def _part(self, base: str, query: str, rights: Sequence[str], check: Callable[[], Sequence[str]]) -> Part:
        return Part(self._directory, base, query, ATTRIBUTES, OF_ACCOUNTS, rights, self._told, check)

    def _check_users(self) -> Sequence[str]:
        require_users(self._directory, needs.ACCOUNTS)
        require_filter(self._directory)
        return ()

    def _told(self, entries: Sequence[Entry]) -> Sequence[Record]:
        directory = self._directory
        accounts = Accounts(directory, directory.root().sids, emergency_accounts(directory), self._clock())
        return list(accounts.told_of(entries))
