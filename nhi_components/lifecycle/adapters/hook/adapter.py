"""The adapter of systems that declared commands and web hooks speak to: their keys, and their accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from itertools import chain

from nhi_components.core.connection import HookConnection
from nhi_components.core.errors import SpecError
from nhi_components.core.links import Fact, Link, System
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.every import every
from nhi_components.lifecycle.adapters.holders import HolderAdapter
from nhi_components.lifecycle.adapters.hook.accounts import KIND, HookAccounts
from nhi_components.lifecycle.adapters.hook.credentials import Credentials
from nhi_components.lifecycle.ports import BlindSpot, Caller, Canary, CutOff, Room, Sighting, SystemAdapter


class HookAdapter:
    """Hooks as `lifecycle.ports.SystemAdapter`: accounts here, keys as on every system that only holds credentials."""

    def __init__(self, name: str, connection: HookConnection) -> None:
        self._accounts = HookAccounts(name)
        self._keys: SystemAdapter = HolderAdapter(System.HOOK, name, Credentials(name, connection))

    @property
    def system(self) -> System:
        """Hooks."""
        return self._keys.system

    @property
    def connection(self) -> str:
        """The name of the connection in `nhi.Provider`."""
        return self._keys.connection

    def caller(self) -> Caller:
        """Tell who runs commands here; see the port."""
        return self._keys.caller()

    def require(self, links: Sequence[Link]) -> None:
        """Refuse accounts whose hook keeps none, and what the keys need; see the port."""
        accounts, keys = _split(links)
        if problems := self._accounts.require(accounts):
            raise SpecError("hooks", problems)
        self._keys.require(keys)

    def room_for(self, links: Sequence[Link]) -> Room:
        """Hooks tell of no quota on accounts; see the port."""
        return self._keys.room_for(_split(links)[1])

    def admit(self, lease: LeaseTags, links: Sequence[Link], now: datetime) -> list[Link]:
        """Have the accounts made, then take the keys into the lease; see the port."""
        accounts, keys = _split(links)
        admitted = {link.key: self._accounts.ensure(lease, link) for link in accounts}
        admitted |= {link.key: link for link in self._keys.admit(lease, keys, now)}
        return [admitted[link.key] for link in links]

    def survey(self, lease_id: str, links: Sequence[Link]) -> list[Sighting]:
        """Find what the links name, keys before accounts; see the port."""
        accounts, keys = _split(links)
        return [*self._keys.survey(lease_id, keys), *self._accounts.survey(lease_id, accounts)]

    def blind_spots(self, links: Sequence[Link]) -> list[BlindSpot]:
        """Tell what can't be looked for; see the port."""
        accounts, keys = _split(links)
        return [*self._keys.blind_spots(keys), *self._accounts.blind_spots(accounts)]

    def cut_off(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[CutOff]:
        """Suspend the accounts, and cut the keys off; see the port."""
        accounts, keys = _split(links)
        both = [
            partial(self._accounts.cut_off, lease_id, accounts, now),
            partial(self._keys.cut_off, lease_id, keys, now),
        ]
        return list(chain(*every(both)))

    def revoke_live(self, lease_id: str, links: Sequence[Link], now: datetime) -> list[Link]:
        """Revoke what lives on its own; an account of a suspended identity is suspended already; see the port."""
        return self._keys.revoke_live(lease_id, _split(links)[1], now)

    def try_canary(self, canary: Canary, now: datetime) -> Fact:
        """Use a canary once more; accounts have none; see the port."""
        return self._keys.try_canary(canary, now)

    def sweep(self, sighting: Sighting) -> None:
        """Delete a leftover; see the port."""
        if sighting.link.kind is KIND:
            self._accounts.delete(sighting)
        else:
            self._keys.sweep(sighting)


def _split(links: Sequence[Link]) -> tuple[list[Link], list[Link]]:
    """Tell accounts from everything else."""
    return [link for link in links if link.kind is KIND], [link for link in links if link.kind is not KIND]
