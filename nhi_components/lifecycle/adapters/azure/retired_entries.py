"""Disabling, restoring and deleting applications and service principals of Entra.

Entra issues no token to a service principal that is disabled; its secrets, certificates and federated credentials stay
and are of no use. Tokens that were issued before end within 60 to 90 minutes. An application is disabled by its
service principal in this tenant: those that other tenants have of it are theirs. What is deleted can be brought back
for 30 days. Sources: Microsoft Graph reference, 'servicePrincipal resource type' (`accountEnabled`), 'deletedItems';
Microsoft identity platform, 'Configurable token lifetimes'.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from nhi_components.core.links import LinkKind
from nhi_components.lifecycle.adapters.azure.directory import Directory, Entry
from nhi_components.lifecycle.adapters.azure.found_applications import MICROSOFT
from nhi_components.lifecycle.adapters.azure.found_reads import Looks
from nhi_components.lifecycle.adapters.azure.found_relations import PRINCIPALS
from nhi_components.lifecycle.adapters.azure.found_sign_ins import SignIns
from nhi_components.lifecycle.adapters.azure.names import same
from nhi_components.lifecycle.adapters.azure.retired_assignments import TakenRoles
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.case_marks import CASE, has_begun, mark_value, read_mark
from nhi_components.lifecycle.adapters.retiring import not_there, seen
from nhi_components.lifecycle.decommission.ports import Presence, Removed, Standing, Target, Undo

_PRINCIPAL: Final = LinkKind.ENTRA_SERVICE_PRINCIPAL
_APPLICATION: Final = LinkKind.ENTRA_APPLICATION
_ENABLED: Final = "enabled"
_MARK: Final = f"{CASE}="
_DIRECTORY: Final = "Application.Read.All"


class RetiredEntries:
    """The applications and service principals that one connection reaches.

    Args:
        session: the connection.
        looks: the same, as discovery looks through it.
        sign_ins: tells of last uses.
        subscriptions: gives the ids of those in which roles are looked for.
    """

    def __init__(
        self, session: AzureSession, looks: Looks, sign_ins: SignIns, subscriptions: Callable[[], Sequence[str]]
    ) -> None:
        self._connection, self._looks, self._sign_ins = session.name, looks, sign_ins
        self._directory, self._roles, self._subscriptions = Directory(session), TakenRoles(session), subscriptions

    def look(self, target: Target) -> Standing:
        """Tell how one stands; an application is disabled when its service principal is, or is marked and has none."""
        found = self._directory.by_id(LinkKind(target.kind), target.key)
        if found is None:
            return Standing(Presence.GONE)
        if not same(found.id, target.unique_id):
            return Standing(Presence.OTHER)
        case, stage = _mark_of(found)
        principals = self._principals(found)
        is_off = not any(each.enabled for each in principals) if principals else has_begun(stage)
        with seen(target.system, self._connection):
            use = self._sign_ins.of(found.client_id)
            guarded = self._guarded(found)
        return Standing(Presence.DISABLED if is_off else Presence.ALIVE, case, stage, guarded, used_at=use.at)

    def undo_of(self, target: Target) -> Undo:
        """Tell of its service principal, by object id, whether it is enabled."""
        return {_ENABLED: {each.id: each.enabled for each in self._principals(self._own(target))}}

    def mark(self, target: Target, case: str, stage: str) -> bool:
        """Write the mark as a tag; other tags stay."""
        found = self._own(target)
        tags = [each for each in found.tags if not each.startswith(_MARK)]
        tags += [f"{_MARK}{mark_value(case, stage)}"] if case else []
        if tags != [*found.tags]:
            self._directory.change(found, {"tags": tags})
        return True

    def disable(self, target: Target, undo: Undo) -> None:
        """Have Entra issue no tokens to its service principal."""
        for each in self._principals(self._own(target)):
            if each.enabled:
                self._directory.change(each, {"accountEnabled": False})

    def restore(self, target: Target, undo: Undo) -> None:
        """Have Entra issue tokens again, where it did before."""
        before, principals = undo.get(_ENABLED) or {}, self._principals(self._own(target))
        for each in principals:
            if not each.enabled and before.get(each.id):
                self._directory.change(each, {"accountEnabled": True})
        if not principals:
            # Nothing but its mark tells that such an application is disabled.
            self.mark(target, "", "")

    def delete(self, target: Target) -> Sequence[Removed]:
        """Take the roles of its service principal away, then delete it; an application takes that along."""
        found = self._directory.by_id(LinkKind(target.kind), target.key)
        if found is None or not same(found.id, target.unique_id):
            return ()
        entries = [*(each for each in self._principals(found) if each.id != found.id), found]
        within = list(self._subscriptions())
        held = [role for each in entries if each.kind is _PRINCIPAL for role in self._roles.of(each.id, within)]
        removed = self._roles.take(held)
        self._directory.delete(found.kind, found.id)
        return [*removed, *self._deleted(entries)]

    def _own(self, target: Target) -> Entry:
        found = self._directory.by_id(LinkKind(target.kind), target.key)
        if found is None or not same(found.id, target.unique_id):
            raise not_there(self._connection, target)
        return found

    def _principals(self, found: Entry) -> list[Entry]:
        if found.kind is _PRINCIPAL:
            return [found]
        principal = self._directory.by_client(_PRINCIPAL, found.client_id)
        return [principal] if principal else []

    def _guarded(self, found: Entry) -> str:
        caller = self._looks.caller
        if same(found.client_id, caller.get("appid", "")) or same(found.id, caller.get("oid", "")):
            return "the connection's own application"
        if found.kind is _APPLICATION:
            return ""
        path = f"/{PRINCIPALS}/{found.id}?$select=appOwnerOrganizationId"
        told = self._looks.graph_about(path, needs=_DIRECTORY) or {}
        owner = str(told.get("appOwnerOrganizationId") or "").lower()
        return "the service principal of an application of Microsoft's own" if owner in MICROSOFT else ""

    def _deleted(self, entries: Iterable[Entry]) -> Iterator[Removed]:
        for each in entries:
            kept = next(iter(self._directory.deleted(each.kind, each.id, "")), None)
            yield Removed(each.kind, each.name, kept.kept_until if kept else None)


def _mark_of(found: Entry) -> tuple[str, str]:
    return next((read_mark(each.removeprefix(_MARK)) for each in found.tags if each.startswith(_MARK)), ("", ""))
