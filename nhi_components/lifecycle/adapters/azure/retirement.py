"""Disabling, restoring and deleting single identities of an Entra tenant and its subscriptions, whoever made them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol

from nhi_components.core.connection import AzureConnection
from nhi_components.core.errors import NhiError
from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.adapters.azure.found_applications import SYSTEM_IDENTITY
from nhi_components.lifecycle.adapters.azure.found_reads import Looks
from nhi_components.lifecycle.adapters.azure.found_sign_ins import SignIns
from nhi_components.lifecycle.adapters.azure.retired_entries import RetiredEntries
from nhi_components.lifecycle.adapters.azure.retired_identities import RetiredIdentities
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.azure.subscriptions import Subscriptions
from nhi_components.lifecycle.adapters.retiring import elsewhere, unknown_kind
from nhi_components.lifecycle.clock import system_clock
from nhi_components.lifecycle.decommission.ports import CannotDisable, Presence, Removed, Standing, Target, Undo

_KINDS: Final = (
    LinkKind.AZURE_MANAGED_IDENTITY,
    LinkKind.ENTRA_APPLICATION,
    LinkKind.ENTRA_SERVICE_PRINCIPAL,
    SYSTEM_IDENTITY,
)


class _OfKind(Protocol):
    """As `Retirement`, of identities of one kind."""

    def look(self, target: Target) -> Standing: ...

    def undo_of(self, target: Target) -> Undo: ...

    def mark(self, target: Target, case: str, stage: str) -> bool: ...

    def disable(self, target: Target, undo: Undo) -> None: ...

    def restore(self, target: Target, undo: Undo) -> None: ...

    def delete(self, target: Target) -> Sequence[Removed]: ...


class Retirement:
    """One tenant, and its subscriptions, through one connection.

    Args:
        connection: its name.
        settings: how it is reached; roles are looked for in the `subscriptions`, or in all that can be listed.
        clock: tells the time.
    """

    system = System.AZURE

    def __init__(
        self, connection: str, settings: AzureConnection, clock: Callable[[], datetime] = system_clock
    ) -> None:
        self.connection = connection
        self._looks, session = Looks(connection, settings), AzureSession(connection, settings)
        within = Subscriptions(session)
        sign_ins = SignIns(self._looks, clock)

        def subscriptions() -> list[str]:
            return within.to_look_through(())

        self._identities = RetiredIdentities(session, self._looks, subscriptions)
        self._entries = RetiredEntries(session, self._looks, sign_ins, subscriptions)

    def place(self) -> str:
        """Tell the tenant's id."""
        return self._looks.tenant

    def look(self, target: Target) -> Standing:
        """Tell how an identity stands; a system-assigned one is what its resource makes of it."""
        if target.kind == SYSTEM_IDENTITY:
            return Standing(Presence.ALIVE)
        return self._of(target).look(target)

    def undo_of(self, target: Target) -> Undo:
        """Tell what disabling it changes.

        Raises:
            CannotDisable: it is system-assigned, or has groups or roles that it keeps.
        """
        return self._of(target).undo_of(target)

    def mark(self, target: Target, case: str, stage: str) -> bool:
        """Write the mark as a tag; a system-assigned identity has no place for one."""
        return target.kind != SYSTEM_IDENTITY and self._of(target).mark(target, case, stage)

    def disable(self, target: Target, undo: Undo) -> None:
        """Take from it what it may do, or have Entra issue it no tokens."""
        self._of(target).disable(target, undo)

    def restore(self, target: Target, undo: Undo) -> None:
        """Give the same back."""
        self._of(target).restore(target, undo)

    def delete(self, target: Target) -> Sequence[Removed]:
        """Remove it with its role assignments."""
        if target.kind == SYSTEM_IDENTITY:
            raise NhiError(str(self._of_resource(target)))
        return self._of(target).delete(target)

    def _of(self, target: Target) -> _OfKind:
        if target.place.lower() != self._looks.tenant.lower():
            raise elsewhere(self.connection, target, self._looks.tenant)
        match target.kind:
            case LinkKind.AZURE_MANAGED_IDENTITY:
                return self._identities
            case LinkKind.ENTRA_APPLICATION | LinkKind.ENTRA_SERVICE_PRINCIPAL:
                return self._entries
            case kind if kind == SYSTEM_IDENTITY:
                raise self._of_resource(target)
            case _:
                raise unknown_kind(self.connection, target, _KINDS)

    def _of_resource(self, target: Target) -> CannotDisable:
        return CannotDisable(
            f"azure.{self.connection}: {target.name} is the system-assigned identity of a resource, which alone turns "
            "it off; fix: turn it off there (`az resource update --ids RESOURCE --set identity.type=None`)"
        )
