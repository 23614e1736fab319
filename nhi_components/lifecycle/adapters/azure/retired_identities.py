"""Disabling, restoring and deleting user-assigned managed identities, which Azure itself can't disable.

What ends access is that nobody becomes it by a federated credential, and that nothing is assigned to it. Its tokens
are given out until it is deleted, and permit nothing, which Azure takes up to 10 minutes to see everywhere; groups and
roles of applications in Entra are not taken back in a way that could be undone. Source: Microsoft Entra, 'Managed
identities for Azure resources frequently asked questions'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.adapters.azure.federated import Credential, FederatedCredentials
from nhi_components.lifecycle.adapters.azure.found_identities import KINDS, carriers
from nhi_components.lifecycle.adapters.azure.found_reads import Looks
from nhi_components.lifecycle.adapters.azure.found_relations import PRINCIPALS
from nhi_components.lifecycle.adapters.azure.identities import Identities
from nhi_components.lifecycle.adapters.azure.marks import MOST_TAGS
from nhi_components.lifecycle.adapters.azure.names import same, subscription_of
from nhi_components.lifecycle.adapters.azure.principals import Principal
from nhi_components.lifecycle.adapters.azure.retired_assignments import TakenRoles
from nhi_components.lifecycle.adapters.azure.session import AzureSession
from nhi_components.lifecycle.adapters.case_marks import CASE, has_begun, mark_value, read_mark
from nhi_components.lifecycle.adapters.retiring import dependents_in, not_there, seen
from nhi_components.lifecycle.decommission.ports import CannotDisable, Presence, Removed, Standing, Target, Undo

_ROLES: Final = "assignments"
_WAYS_IN: Final = "federated_credentials"
_DIRECTORY: Final = "Application.Read.All"
_ADMINISTRATIVE: Final = "#microsoft.graph.administrativeUnit"
"""What a principal can be in without getting anything by it."""


class RetiredIdentities:
    """The managed identities that one connection reaches.

    Args:
        session: the connection.
        looks: the same, as discovery looks through it.
        subscriptions: gives the ids of those in which roles and dependents are looked for.
    """

    def __init__(self, session: AzureSession, looks: Looks, subscriptions: Callable[[], Sequence[str]]) -> None:
        self._connection, self._looks, self._subscriptions = session.name, looks, subscriptions
        self._identities, self._ways_in = Identities(session), FederatedCredentials(session)
        self._roles = TakenRoles(session)

    def look(self, target: Target) -> Standing:
        """Tell how one stands: disabled is one whose case has disabled it, and that has no role and lets nobody in."""
        found = self._identities.find(target.key)
        if found is None:
            return Standing(Presence.GONE)
        if not same(found.object_id, target.unique_id):
            return Standing(Presence.OTHER)
        case, stage = read_mark(found.tags.get(CASE, ""))
        is_empty = has_begun(stage) and not self._ways_in.of(found) and not self._held(target)
        guarded = "the connection's own identity" if same(found.object_id, self._looks.caller.get("oid", "")) else ""
        with seen(target.system, self._connection):
            sections = [
                carriers(self._looks, kind, each, kind) for each in self._within(target) for kind in sorted(KINDS)
            ]
            dependents = dependents_in(sections, target.key)
        return Standing(Presence.DISABLED if is_empty else Presence.ALIVE, case, stage, guarded, dependents)

    def undo_of(self, target: Target) -> Undo:
        """Tell its role assignments and federated credentials.

        Raises:
            CannotDisable: it has groups or roles in Entra, which stay with it.
        """
        found = self._own(target)
        if kept := self._kept_in_entra(found):
            raise CannotDisable(
                f"azure.{self._connection}: {target.name} has in Entra {', '.join(kept)}, which a managed identity "
                "keeps for as long as it is there; fix: take it out of them by hand, and decide again"
            )
        ways_in = [
            {"name": each.name, "own_name": each.own_name, "properties": dict(each.properties)}
            for each in self._ways_in.of(found)
        ]
        return {_ROLES: self._held(target), _WAYS_IN: ways_in}

    def mark(self, target: Target, case: str, stage: str) -> bool:
        """Write the mark as a tag; False where it has as many tags as it may."""
        found = self._own(target)
        tags = {name: value for name, value in found.tags.items() if name != CASE}
        if case and len(tags) >= MOST_TAGS:
            return False
        tags |= {CASE: mark_value(case, stage)} if case else {}
        if tags != found.tags:
            self._identities.retag(found, tags)
        return True

    def disable(self, target: Target, undo: Undo) -> None:
        """Delete its federated credentials, then its role assignments: those that are kept in the undo."""
        found = self._own(target)
        for each in _kept(found, undo):
            self._ways_in.delete(found, each)
        self._roles.take(undo.get(_ROLES, ()))

    def restore(self, target: Target, undo: Undo) -> None:
        """Make the same assignments and credentials again; one that somebody has made under its name stays theirs."""
        found = self._own(target)
        self._roles.give_back(undo.get(_ROLES, ()))
        there = {each.own_name.lower() for each in self._ways_in.of(found)}
        for each in _kept(found, undo):
            if each.own_name.lower() not in there:
                self._ways_in.make_anew(each)
        # One that had nothing stands as disabled by its mark alone.
        self.mark(target, "", "")

    def delete(self, target: Target) -> Sequence[Removed]:
        """Delete its role assignments, then itself with its federated credentials; nothing brings it back."""
        found = self._identities.find(target.key)
        if found and not same(found.object_id, target.unique_id):
            return ()
        # Assignments outlive their principal, so that they are looked for also when it is gone.
        removed = self._roles.take(self._held(target))
        if found is None:
            return removed
        removed += [Removed(LinkKind.AZURE_FEDERATED_CREDENTIAL, each.name) for each in self._ways_in.of(found)]
        self._identities.delete(found.name, found.object_id)
        return [*removed, Removed(LinkKind.AZURE_MANAGED_IDENTITY, found.name)]

    def _own(self, target: Target) -> Principal:
        found = self._identities.find(target.key)
        if found is None or not same(found.object_id, target.unique_id):
            raise not_there(self._connection, target)
        return found

    def _within(self, target: Target) -> list[str]:
        own = subscription_of(target.key)
        return list(dict.fromkeys([*([own] if own else []), *self._subscriptions()]))

    def _held(self, target: Target) -> list[dict[str, Any]]:
        return self._roles.of(target.unique_id, self._within(target))

    def _kept_in_entra(self, found: Principal) -> list[str]:
        path = f"/{PRINCIPALS}/{found.object_id}"
        with seen(System.AZURE, self._connection):
            above = self._looks.graph_whole(f"{path}/memberOf", needs=_DIRECTORY)
            groups = [str(each["id"]) for each in above if each.get("@odata.type") != _ADMINISTRATIVE]
            given = self._looks.graph_whole(f"{path}/appRoleAssignments", needs=_DIRECTORY)
            roles = [str(each.get("resourceDisplayName") or each["resourceId"]) for each in given]
        return [*(f"the group or role {each}" for each in groups), *(f"a role of {each}" for each in roles)]


def _kept(found: Principal, undo: Undo) -> list[Credential]:
    return [
        Credential(str(each["name"]), found.owner, str(each["own_name"]), each["properties"])
        for each in undo.get(_WAYS_IN, ())
    ]
