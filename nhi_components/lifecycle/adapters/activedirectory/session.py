"""Asking one domain by LDAP, over TLS always; what it refuses comes back as this library's errors.

Sources: [MS-ADTS] 3.1.1.3.2 for the attributes of rootDSE, among which `tokenGroups` are the SIDs of whoever asks; RFC
4513, 5.1.2: a name with an empty password signs nobody in, and is not refused; RFC 2696 for results in parts.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from threading import RLock
from typing import Any, Final, NamedTuple

import ldap3
from ldap3.core import exceptions as told

from nhi_components.core.connection import ActiveDirectoryConnection
from nhi_components.core.errors import NhiError, Problem, SystemUnreachable
from nhi_components.core.links import System
from nhi_components.lifecycle.adapters.activedirectory.entries import Entry, sid_text
from nhi_components.lifecycle.discovery.ports import Busy, NotSeen

PART: Final = 500
"""Objects that are asked for at a time; servers of Microsoft's give 1,000 at most."""
_ROOT: Final = (
    *("defaultNamingContext", "rootDomainNamingContext", "configurationNamingContext"),
    *("dsServiceName", "highestCommittedUSN", "currentTime", "tokenGroups"),
)
_MANAGED_ACCOUNTS: Final = "1EB93889E40C45DF9F0C64D23BBB6237"
"""[MS-ADTS] 6.1.1.4: the well-known container of managed service accounts."""
_BUSY: Final = (
    told.LDAPBusyResult,
    told.LDAPUnavailableResult,
    told.LDAPTimeLimitExceededResult,
    told.LDAPAdminLimitExceededResult,
)
_NO_RIGHT: Final = (told.LDAPInsufficientAccessRightsResult, told.LDAPAuthorizationDeniedResult)
_Answer = tuple[Any, Any, Any, Any]


class Changed(NhiError):
    """What was to be changed is not any more as it was read, or can't be so by the directory's rules."""


class Root(NamedTuple):
    """What the server says of itself and of whoever asks.

    Attributes:
        server: which one it is.
        usn: the highest number of a change that it has made so far.
        time: the time there, as Generalized Time.
        sids: of whoever asks, with all groups.
    """

    server: str
    usn: int
    time: Entry
    sids: frozenset[str]


class Domain(NamedTuple):
    """One domain.

    Attributes:
        base: its distinguished name.
        name: its DNS name.
        sid: its SID.
        root: the DNS name of the forest's first domain.
        configuration: the distinguished name of the forest's configuration.
        managed: the distinguished name of its container of managed service accounts; empty where it shows none.
        entry: its object.
    """

    base: str
    name: str
    sid: str
    root: str
    configuration: str
    managed: str
    entry: Entry


class Directory:
    """One domain through one connection; may be asked by several threads.

    Args:
        connection: its name.
        settings: how it is reached.
    """

    def __init__(self, connection: str, settings: ActiveDirectoryConnection) -> None:
        self.settings = settings
        self.where = f"{System.ACTIVE_DIRECTORY}.{connection}"
        self._lock = RLock()
        self._open: ldap3.Connection | None = None

    def root(self) -> Root:
        """Ask the server who it is, what time it has, and who asks."""
        entry = self._root_entry()
        sids = frozenset(map(sid_text, entry.all("tokenGroups")))
        return Root(entry.text("dsServiceName"), entry.number("highestCommittedUSN"), entry, sids)

    @property
    def domain(self) -> Domain:
        """The domain that is read.

        Raises:
            SystemUnreachable: it can't be reached, refuses the password, or does not show its own object.
        """
        with self._lock:
            return self._domain

    def search(
        self,
        base: str,
        query: str,
        attributes: Sequence[str],
        *,
        only: bool = False,
        most: int = 0,
    ) -> list[Entry]:
        """Find objects; those that may not be read, the server leaves out without a word.

        Args:
            base: below which.
            query: a filter.
            attributes: which are read.
            only: just the object at `base`.
            most: as many at most; 0 for all.

        Raises:
            NotSeen: it is refused in so many words.
            Busy: it is to be asked again later.
            SystemUnreachable: it does not answer.
        """
        scope = ldap3.BASE if only else ldap3.SUBTREE
        found, cookie = list[Entry](), None
        while True:
            options: dict[str, Any] = {"search_scope": scope, "attributes": list(attributes)}
            if not only:
                options |= {"paged_size": most or PART, "paged_cookie": cookie}
            result, response = self._asked(partial(_search, base, query, options))
            found += [_entry(each) for each in response if each["type"] == "searchResEntry"]
            cookie = result.get("controls", {}).get("1.2.840.113556.1.4.319", {}).get("value", {}).get("cookie")
            if most or only or not cookie:
                return found

    def modify(self, dn: str, changes: Mapping[str, Sequence[tuple[str, list[str]]]]) -> None:
        """Change attributes of an object, all or none.

        Raises:
            Changed: a value that was to be taken away is not there any more, or a rule of the directory forbids it.
            SystemUnreachable: it is refused, or nobody answers.
        """
        self._asked(partial(_call, "modify", dn, dict(changes)), changing=dn, gone=False)

    def delete(self, dn: str, *, tree: bool) -> None:
        """Delete an object, and with `tree` what is below it; one that is gone counts as deleted."""
        controls = [("1.2.840.113556.1.4.805", True, None)] if tree else None
        self._asked(partial(_call, "delete", dn, controls), changing=dn)

    def unreachable(self, got: str, expected: str, fix: str) -> SystemUnreachable:
        """Make the error that names this connection."""
        return SystemUnreachable(System.ACTIVE_DIRECTORY, Problem(self.where, got, expected, fix))

    @cached_property
    def _domain(self) -> Domain:
        root = self._root_entry()
        base = self.settings.base or root.text("defaultNamingContext")
        wanted = ["objectSid", "otherWellKnownObjects", "msDS-LogonTimeSyncInterval"]
        found = self.search(base, "(objectClass=*)", wanted, only=True)
        if not found or not found[0].has("objectSid"):
            fix = "correct the connection's `base`, or let it read the domain's own object"
            raise self.unreachable(f"{base} shows no objectSid", "the object of a domain", fix)
        places = [text.split(":", 3) for text in found[0].texts("otherWellKnownObjects")]
        managed = next((place[3] for place in places if place[2].upper() == _MANAGED_ACCOUNTS), "")
        configuration = root.text("configurationNamingContext")
        name, first = dns_name(base), dns_name(root.text("rootDomainNamingContext"))
        return Domain(base, name, found[0].sid(), first, configuration, managed, found[0])

    def _root_entry(self) -> Entry:
        return self.search("", "(objectClass=*)", _ROOT, only=True)[0]

    def _asked(
        self, ask: Callable[[ldap3.Connection], _Answer], changing: str = "", *, gone: bool = True
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        with self._lock:
            try:
                _, result, response, _ = self._answer(ask, again=not changing)
            except told.LDAPNoSuchObjectResult as error:
                if not gone:
                    raise self._error(error, changing) from None
                return {}, []
            except told.LDAPException as error:
                raise self._error(error, changing) from None
        return result, list(response or ())

    def _answer(self, ask: Callable[[ldap3.Connection], _Answer], *, again: bool) -> _Answer:
        """Ask, and once more over a new connection where the server has ended the one that was open."""
        was_open = self._open is not None
        try:
            return ask(self._server())
        except told.LDAPCommunicationError:
            self._open = None
            if not (was_open and again):
                raise
        return ask(self._server())

    def _error(self, error: Exception, changing: str) -> NhiError:
        said = _said(error)
        if isinstance(error, _BUSY):
            return Busy(f"{self.where}: {said}")
        if isinstance(error, _NO_RIGHT) and not changing:
            return NotSeen(f"{self.where}: {said}; fix: let {self.settings.user} read it, as `nhi permissions` prints")
        if isinstance(error, _NO_RIGHT):
            return self.unreachable(
                f"{changing}: {said}",
                "the right to change it",
                f"let {self.settings.user} do so, or take the protection against deletion off it",
            )
        if changing and isinstance(error, told.LDAPOperationResult):
            return Changed(f"{self.where}: {changing}: {said}; expected it as it was read; fix: run it again")
        if not isinstance(error, told.LDAPOperationResult):
            # The connection may be broken: the next question opens another.
            self._open = None
        return self.unreachable(said, "an answer", "see whether the domain controller is well, then run it again")

    def _server(self) -> ldap3.Connection:
        if self._open is not None and not self._open.closed:
            return self._open
        password, failed = self._password(), list[str]()
        for url in self.settings.servers:
            try:
                self._open = self._signed_in(url, password)
            except (told.LDAPInvalidCredentialsResult, told.LDAPStrongerAuthRequiredResult) as error:
                # No other controller is tried: each refusal counts towards the account's lockout.
                got = f"{url} refuses {self.settings.user}: {_said(error)}"
                raise self.unreachable(got, "a name and password that it knows", "correct or renew them") from None
            except (told.LDAPException, ssl.SSLError, OSError) as error:
                failed.append(f"{url}: {_said(error)}")
            else:
                return self._open
        fix = "correct the connection's `servers` or `ca_file`, or bring a domain controller back"
        raise self.unreachable("; ".join(failed), "a domain controller that answers over TLS", fix)

    def _signed_in(self, url: str, password: str) -> ldap3.Connection:
        tls = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=self.settings.ca_file)
        seconds = self.settings.timeout_seconds
        server = ldap3.Server(url, tls=tls, get_info=ldap3.NONE, connect_timeout=seconds)
        opened = ldap3.Connection(
            server,
            self.settings.user,
            password,
            authentication=ldap3.SIMPLE,
            client_strategy=ldap3.SAFE_SYNC,
            auto_referrals=False,
            check_names=False,
            raise_exceptions=True,
            receive_timeout=seconds,
        )
        opened.open()
        if url.startswith("ldap:"):
            opened.start_tls()
            if not opened.tls_started:
                raise told.LDAPStartTLSError
        opened.bind()
        return opened

    def _password(self) -> str:
        file, variable = self.settings.password_file, self.settings.password_variable
        if file is None:
            password, place = os.environ.get(variable, ""), f"the environment variable {variable}"
        else:
            try:
                lines = Path(file).read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise self.unreachable(f"{file}: {type(error).__name__}", "a file to read", "correct it") from None
            password, place = lines[0] if lines else "", f"the first line of {file}"
        if not password:
            raise self.unreachable(f"no password in {place}", f"that of {self.settings.user}", "put it there")
        return password


def _search(base: str, query: str, options: Mapping[str, Any], server: Any) -> _Answer:
    answer: _Answer = server.search(base, query, **options)
    return answer


def _call(name: str, dn: str, argument: Any, server: Any) -> _Answer:
    what = {"controls": argument} if name == "delete" else {"changes": argument}
    answer: _Answer = getattr(server, name)(dn, **what)
    return answer


def dns_name(base: str) -> str:
    """Tell the DNS name of a domain from its distinguished name."""
    parts = [part.strip().partition("=") for part in base.split(",")]
    return ".".join(value.lower() for kind, _, value in parts if kind.upper() == "DC")


def _entry(found: Mapping[str, Any]) -> Entry:
    values = {name.lower(): tuple(each) for name, each in found["raw_attributes"].items() if each}
    return Entry(str(found["dn"]), values)


def _said(error: Exception) -> str:
    """Say what was wrong; of what the server writes beside it, nothing is told."""
    if isinstance(error, told.LDAPOperationResult):
        return f"{error.description} ({error.result})"
    return f"{type(error).__name__}: {str(error)[:200]}" if str(error) else type(error).__name__
