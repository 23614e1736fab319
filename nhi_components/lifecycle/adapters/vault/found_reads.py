"""How discovery reads one Vault: lists and objects only, what is denied told by its capability, a page at a time.

Vault gives a list whole (HTTP API, 'LIST'), so that a page is cut out of the list of names, and its cursor is the last
name on it. What is no longer there when its page is read is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from threading import Lock
from typing import Any, Final, Generic, TypeVar

from nhi_components.core.connection import VaultConnection
from nhi_components.core.inventory.records import FoundCarrier, Record
from nhi_components.core.links import LinkKind
from nhi_components.core.tags import LEASE, MANAGED_BY, MANAGER
from nhi_components.lifecycle.adapters.vault.errors import Busy as TooMany
from nhi_components.lifecycle.adapters.vault.errors import Denied
from nhi_components.lifecycle.adapters.vault.http import VaultHttp
from nhi_components.lifecycle.adapters.vault.parallel import concurrently
from nhi_components.lifecycle.adapters.vault.reach import POLICIES
from nhi_components.lifecycle.adapters.vault.session import Identity, VaultSession
from nhi_components.lifecycle.discovery.ports import Busy, NotSeen, Page

PAGE_NAMES: Final = 100
"""Names on a page; each costs a request or two."""
Item = TypeVar("Item")

_SEEN_MOUNTS: Final = "sys/internal/ui/mounts"
_ALIVE: Final = "auth/token/lookup-self"


class Looks:
    """One Vault, or one namespace of it, as discovery looks at it.

    Every look raises `NotSeen` naming capability and path when it is denied, `Busy` when a rate limit quota refuses it,
    and `SystemUnreachable` when Vault does not answer, or the token has ended: the next look logs in afresh.

    Args:
        name: of the connection.
        settings: how it is reached.
    """

    def __init__(self, name: str, settings: VaultConnection) -> None:
        self.name = name
        self._settings = settings
        self._lock = Lock()
        self._session = VaultSession(name, settings)
        self._accessors: Mapping[str, str] | None = None

    @property
    def identity(self) -> Identity:
        """Whom the connection's token speaks for."""
        return self._session.identity

    @property
    def session(self) -> VaultSession:
        """The Vault itself, for whoever changes what was looked at."""
        return self._session

    def key(self, path: str) -> str:
        """Name a path of this Vault in the whole organisation: cluster id, namespace if there is one, path."""
        return f"{self.identity.place}/{path}"

    def names(self, path: str) -> list[str]:
        """List the names below a path, in order; none when there is nothing."""
        return sorted(self._asking("list", path, lambda http: http.keys(path)))

    def read(self, path: str) -> Mapping[str, Any]:
        """Read an object; empty when there is none."""
        return self._asking("read", path, lambda http: http.read(path)) or {}

    def look_up(self, path: str, body: Mapping[str, str]) -> Mapping[str, Any]:
        """Read what Vault tells only in answer to a POST; empty when there is nothing."""
        told: Mapping[str, Any] = self._asking("update", path, lambda http: http.write(path, body))
        return told

    def seen_mounts(self) -> Mapping[str, Mapping[str, Any]]:
        """Tell the mounts on which the token may do anything: those of `auth`, and the engines as `secret`."""
        return self.read(_SEEN_MOUNTS)

    def accessor(self, mount: str) -> str:
        """Tell the accessor of a mount, `auth/` before the path of an auth mount; one made anew has another one.

        Raises:
            NotSeen: it is not there, or the token may do nothing there.
        """
        if self._accessors is None or mount not in self._accessors:
            mounts = self.seen_mounts()
            found = {f"auth/{path}": facts for path, facts in (mounts.get("auth") or {}).items()}
            found |= mounts.get("secret") or {}
            self._accessors = {path.rstrip("/"): str(facts.get("accessor", "")) for path, facts in found.items()}
        if mount not in self._accessors:
            raise NotSeen(f"vault.{self.name}: {mount}/ is not there, or the token may do nothing on it")
        return self._accessors[mount]

    def carriers(self, holder: str, policies: Iterable[str]) -> Iterator[Record]:
        """Yield which policies somebody has."""
        for policy in dict.fromkeys(policies):
            yield FoundCarrier(holder, self.key(f"{POLICIES}/{policy}"), LinkKind.VAULT_POLICY)

    def _asking(self, capability: str, path: str, ask: Callable[[VaultHttp], Any]) -> Any:
        session = self._session
        with self._told(session, capability, path):
            return ask(session.http)

    @contextmanager
    def _told(self, session: VaultSession, capability: str, path: str) -> Iterator[None]:
        try:
            yield
        except Denied:
            if not _is_alive(session.http):
                self._log_in_afresh(session)
                raise
            raise NotSeen(
                f"vault.{self.name}: {capability} on {path} is denied; fix: allow it in a policy of the connection's "
                "token, as `nhi permissions vault` prints one"
            ) from None
        except TooMany as error:
            raise Busy(f"vault.{self.name}: {capability} on {path}: {error.problem.got}", error.after) from None

    def _log_in_afresh(self, ended: VaultSession) -> None:
        with self._lock:
            if self._session is ended:
                self._session = VaultSession(self.name, self._settings)


class Walk(Generic[Item]):
    """A section's pages, in the order of their cursors.

    What it walks through is listed afresh for a cursor at which none of its own pages has ended, as another process's.

    Args:
        after: yields what comes after a cursor, each with its own one; an empty cursor comes before everything.
        records: reads what there is to tell of one; several at a time.
    """

    def __init__(
        self,
        after: Callable[[str], Iterator[tuple[str, Item]]],
        records: Callable[[Item], Iterable[Record]],
    ) -> None:
        self._after, self._records = after, records
        self._standing: dict[str, Iterator[tuple[str, Item]]] = {}

    def page(self, cursor: str | None) -> Page:
        """Read what comes after a cursor, that of the page before; None for the first page."""
        # Taken out: a page that fails half way is begun again from its cursor.
        walk = self._standing.pop(cursor or "", None) or self._after(cursor or "")
        part = list(islice(walk, PAGE_NAMES))
        told = concurrently(lambda each: list(self._records(each[1])), part)
        further = list(islice(walk, 1))
        if further:
            self._standing[part[-1][0]] = chain(further, walk)
        return Page([record for each in told for record in each], part[-1][0] if further else None)


def paged(
    names: Callable[[], Sequence[str]], records: Callable[[str], Iterable[Record]]
) -> Callable[[str | None], Page]:
    """Make what reads the pages of a list of names.

    Args:
        names: lists all of them, in order; each is its own cursor.
        records: reads what there is to tell of one; several at a time.
    """
    return Walk(lambda cursor: ((name, name) for name in names() if name > cursor), records).page


def marks_of_lease(lease: str | None) -> dict[str, str]:
    """Write as marks what bears a lease in a way of its own, such as by its name or in a comment."""
    return {LEASE: lease, MANAGED_BY: MANAGER} if lease else {}


def texts(value: object) -> tuple[str, ...]:
    """Give the texts of a list of Vault's; none for anything else."""
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def marks_in(value: object) -> dict[str, str]:
    """Give Vault's metadata as marks; none for anything else."""
    return {str(key): str(each) for key, each in value.items()} if isinstance(value, Mapping) else {}


def _is_alive(http: VaultHttp) -> bool:
    try:
        http.read(_ALIVE)
    except Denied:
        return False
    return True
