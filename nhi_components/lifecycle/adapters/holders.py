"""The adapter of a system on which no identity lives, only credentials: the keys of its sources, and places.

Every link carries the specification of its source or place, so that it can be opened from state alone. A source's own
link stands for its principal, which is not ours to delete; each of its keys is a link below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from itertools import chain
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from nhi_components.core.credential.links import place_of_link, source_of_link
from nhi_components.core.credential.places import PlaceSpec
from nhi_components.core.credential.sources import SourceSpec
from nhi_components.core.errors import NhiError
from nhi_components.core.lease_id import PREFIX
from nhi_components.core.links import Fact, Link, LinkKind, NeverCreated, NotChecked, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.elapsed import Elapsed
from nhi_components.lifecycle.adapters.every import every
from nhi_components.lifecycle.adapters.ownership import ACCOUNT, admitted, refuse_elsewhere, refuse_namesake
from nhi_components.lifecycle.credentials.ports import CredentialSystem, Held, Key, NotSearchable, Retained, Source
from nhi_components.lifecycle.ports import BlindSpot, Caller, Canary, CutOff, Ownership, Room, Sighting

LEASE = "lease"
"""The attribute in which a survey notes for whom it found something, so that a sweep can have it checked again."""

_NOBODY_S = f"{PREFIX}{'a' * 16}"
_UNMARKED = frozenset({LinkKind.GITHUB_SECRET})
"""Places whose system keeps no marks: what stands at the name is taken to be ours, because the ledger names it."""

_ONE_PLACE = frozenset({System.GCP})
"""Systems in which every link tells wholly where it is, so that the account of whoever looks makes no difference."""

_BY_NAME = "known by name only: its system keeps no marks"
_HELD_ELSEWHERE = "the key's value is held at the credential's places only, and is tried from there"
_KINDS: Mapping[System, tuple[LinkKind, ...]] = MappingProxyType(
    {
        System.GCP: (LinkKind.GCP_SERVICE_ACCOUNT_KEY, LinkKind.GCP_SECRET),
        System.AZURE: (LinkKind.ENTRA_CLIENT_SECRET, LinkKind.KEY_VAULT_SECRET),
        System.KUBERNETES: (LinkKind.KUBERNETES_SECRET,),
        System.GITHUB: (LinkKind.GITHUB_SECRET,),
        System.GITLAB: (LinkKind.GITLAB_VARIABLE,),
        System.HOST: (LinkKind.FILE,),
        System.HOOK: (LinkKind.HOOK_KEY,),
    }
)
_LIVE_ON: Mapping[System, NotChecked] = MappingProxyType(
    {
        System.GCP: NotChecked(
            "an access token that a key got before works for up to 1 h, whatever becomes of the key"
        ),
        System.AZURE: NotChecked("an access token that a secret got before works for 60 to 90 min, as Entra documents"),
    }
)
"""What a key has opened before and that nothing can end. Elsewhere the key itself is what is used."""


@runtime_checkable
class Recoverable(Protocol):
    """A place that its system could bring back after it was removed."""

    def recoverable_until(self) -> datetime | None:
        """Until when; None when it is not deleted, or can't be brought back."""


class HolderAdapter:
    """One system that holds credentials, through one connection, as `lifecycle.ports.SystemAdapter`."""

    def __init__(self, system: System, connection_name: str, credentials: CredentialSystem) -> None:
        self._system = system
        self._connection = connection_name
        self._credentials = credentials
        self._account: str | None = None
        self._unsearchable: str | None = None

    @property
    def system(self) -> System:
        """The kind of system."""
        return self._system

    @property
    def connection(self) -> str:
        """The name of the connection in `nhi.Provider`."""
        return self._connection

    def caller(self) -> Caller:
        """Tell whom the connection speaks for; see the port."""
        return self._credentials.caller()

    def require(self, links: Sequence[Link]) -> None:
        """Prove that every place can be looked at; see the port."""
        for place in filter(None, map(place_of_link, links)):
            self._credentials.place(place).find()

    def room_for(self, links: Sequence[Link]) -> Room:
        """Places are few, and a source tells by itself when as many keys live as may; see the port."""
        return Room()

    def admit(self, lease: LeaseTags, links: Sequence[Link], now: datetime) -> list[Link]:
        """Refuse what is somebody else's, and note where the rest is; nothing is created here; see the port."""
        self._refuse_elsewhere(links)
        for link in links:
            self._refuse_foreign(lease, link)
        return [admitted(link, link.unique_id, self._here(link)) for link in links]

    def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
        """Look at every link, and at what the system itself finds by the lease id; keys first; see the port."""
        self._refuse_elsewhere(links)
        known = {link.key: link for link in [*self._searched(lease_id), *_without_keys(links)]}
        sources = [link for link in known.values() if source_of_link(link)]
        places = [link for link in known.values() if not source_of_link(link)]
        keys = [sighting for link in sources for sighting in keys_seen(self._source(link), lease_id, link)]
        # Where the system keeps no marks, what stands at a name is ours only once we were admitted there.
        admitted_keys = {link.key for link in links if link.attributes.get(ACCOUNT)}
        places = [link for link in places if link.kind not in _UNMARKED or link.key in admitted_keys]
        return [*keys, *(sighting for link in places for sighting in self._place_seen(lease_id, link))]

    def blind_spots(self, links: Sequence[Link]) -> list[BlindSpot]:
        """Tell that only what is known by name was looked for, where the system can't be searched; see the port."""
        if self._unsearchable is None:
            self._searched(_NOBODY_S)
        reason = NotChecked(self._unsearchable or "")
        kinds = _KINDS.get(self._system, ()) if self._unsearchable else ()
        return [BlindSpot(self._system, self._connection, kind, reason) for kind in kinds]

    def cut_off(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[CutOff]:
        """Disable every key of the sources among the links; a place has nothing to cut off; see the port."""
        self._refuse_elsewhere(links)
        elapsed = Elapsed(now)
        sources = [link for link in _without_keys(links) if source_of_link(link)]
        return list(chain(*every(partial(self._cut_off, lease_id, link, elapsed) for link in sources)))

    def revoke_live(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[Link]:
        """Disable the keys of a suspended identity, which work whatever the program denies it; see the port."""
        self._refuse_elsewhere(links)
        sources = [link for link in _without_keys(links) if source_of_link(link)]
        return list(chain(*every(partial(self._disable, lease_id, link) for link in sources)))

    def try_canary(self, canary: Canary, now: datetime) -> Fact:
        """Tell that there is none: whoever holds a key tries it; see the port."""
        return NotChecked(_HELD_ELSEWHERE)

    def sweep(self, sighting: Sighting) -> None:
        """Remove a place, delete a key, or every key of a source; see the port."""
        refuse_namesake(sighting)
        link = sighting.link
        lease_id = link.attributes.get(LEASE, "")
        spec = place_of_link(link)
        if spec:
            self._credentials.place(spec).remove(lease_id)
            return
        source = self._source(link)
        # Listing refuses a principal that is somebody else's by now.
        listed = source.keys(tags_of(lease_id))
        for key_id in [key.id for key in listed if link.unique_id in (None, key.id)]:
            source.delete(key_id)

    def _searched(self, lease_id: str) -> list[Link]:
        self._unsearchable = ""
        try:
            return self._credentials.search(lease_id)
        except NotSearchable as reason:
            self._unsearchable = str(reason)
            return []

    def _place_seen(self, lease_id: str, link: Link) -> Iterator[Sighting]:
        place = self._credentials.place(self._place_spec(link))
        held = place.find()
        if held is None:
            return
        ours = held.lease == lease_id or link.kind in _UNMARKED
        detail = _BY_NAME if link.kind in _UNMARKED else _detail(held, ours)
        ownership = Ownership.OURS if ours else Ownership.NAMESAKE
        until = place.recoverable_until() if isinstance(place, Recoverable) else None
        retained = place.retained_until() if isinstance(place, Retained) and not held.version else None
        yield Sighting(_for(lease_id, link), ownership, detail, recoverable_until=until, retained_until=retained)

    def _cut_off(self, lease_id: str, link: Link, elapsed: Elapsed) -> list[CutOff]:
        done = self._disable(lease_id, link, also_disabled=True)
        at = elapsed.now()
        if not done and ACCOUNT not in link.attributes:
            return [CutOff(link, NeverCreated(), NeverCreated())]
        live_on = _LIVE_ON.get(self._system, at)
        return [CutOff(key, at, live_on, without_canary=_HELD_ELSEWHERE) for key in done]

    def _disable(self, lease_id: str, link: Link, *, also_disabled: bool = False) -> list[Link]:
        """Make the keys useless, and tell which: those that worked, or all."""
        source = self._source(link)
        keys = source.keys(tags_of(lease_id))
        for key in keys:
            _make_useless(source, key)
        return [source.spec.key_link(key.id) for key in keys if key.enabled or also_disabled]

    def _refuse_foreign(self, lease: LeaseTags, link: Link) -> None:
        if source_of_link(link):
            self._source(link).keys(lease)
            return
        held = self._credentials.place(self._place_spec(link)).find()
        if held is None or held.lease == lease.lease or link.kind in _UNMARKED or not (held.lease or held.version):
            return
        raise NhiError(
            f"{link}: found somebody else's: it bears {held.lease or 'no lease'}; expected one that belongs to "
            f"{lease.lease}; fix: name another place, or remove that one if it is no longer needed"
        )

    def _source(self, link: Link) -> Source:
        spec = source_of_link(link)
        if spec is None:
            raise _unknown(link)
        return self._credentials.source(spec)

    def _place_spec(self, link: Link) -> PlaceSpec:
        spec = place_of_link(link)
        if spec is None:
            raise _unknown(link)
        return spec

    def _refuse_elsewhere(self, links: Sequence[Link]) -> None:
        refuse_elsewhere(self._system, self._connection, links, self._here)

    def _here(self, _: Link) -> str:
        """Tell in which account, cluster or host everything is; empty where any will do."""
        if self._account is None:
            account = self.caller().account
            self._account = "" if self._system in _ONE_PLACE else account
        return self._account


def keys_seen(source: Source, lease_id: str, link: Link) -> Iterator[Sighting]:
    """Tell of each key of a source, and, where it has any, of the source itself.

    Args:
        source: the source.
        lease_id: the lease that its principal bears.
        link: the source's own link.
    """
    keys = source.keys(tags_of(lease_id))
    for key in keys:
        found = _for(lease_id, source.spec.key_link(key.id))
        yield Sighting(found, Ownership.OURS, "" if key.enabled else "disabled")
    if keys:
        told = f"{len(keys)} key{'s' if len(keys) != 1 else ''}"
        cut_off = not any(key.enabled for key in keys)
        yield Sighting(_for(lease_id, link), Ownership.OURS, told, cut_off=cut_off)


def _make_useless(source: Source, key: Key) -> None:
    if not source.can_disable:
        source.delete(key.id)
    elif key.enabled:
        source.disable(key.id)


def _without_keys(links: Iterable[Link]) -> list[Link]:
    """Put the source in the place of each of its keys, also of those that evidence knows by name only."""
    found: dict[tuple[str, str, str, str], Link] = {}
    for link in links:
        spec: SourceSpec | None = source_of_link(link)
        own = spec.link() if spec else None
        found.setdefault(own.key if own else link.key, link if own is None or own.key == link.key else own)
    sources = [link for link in found.values() if source_of_link(link)]
    return [link for link in found.values() if not any(_is_key_below(link, source) for source in sources)]


def _is_key_below(link: Link, source: Link) -> bool:
    return link.kind is source.kind and not source_of_link(link) and link.name.startswith(f"{source.name}/")


def _for(lease_id: str, link: Link) -> Link:
    return replace(link, attributes={**link.attributes, LEASE: lease_id})


def _detail(held: Held, ours: bool) -> str:
    if not ours:
        return f"another of that name, it bears {held.lease or 'no lease'}"
    return f"{held.older} older version{'s' if held.older != 1 else ''}" if held.older else ""


def tags_of(lease_id: str) -> LeaseTags:
    """Tags with a lease id only, for listing, which compares nothing else."""
    return LeaseTags(lease_id, "", "", "", "", date.max, "")


def _unknown(link: Link) -> NhiError:
    return NhiError(
        f"{link}: got a link without the specification of a source or place, expected one of this system; "
        "fix: look for what a bundle or a survey has linked"
    )
