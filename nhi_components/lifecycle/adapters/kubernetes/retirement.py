"""Disabling, restoring and deleting single service accounts of one cluster, whoever has made them.

RBAC knows no deny, and Kubernetes no disabled account: one is taken out of every binding that names it. Its tokens,
those in Secrets too, are taken for it until it is deleted, and may do what every account may by its groups. Identities
of clouds that trust its tokens are disabled in their own systems. Sources: Kubernetes documentation, 'Using RBAC
Authorization', 'Managing Service Accounts'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Final

from nhi_components.core.connection import KubernetesConnection
from nhi_components.core.inventory.records import FoundCredential
from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.adapters.case_marks import CASE_KEY, has_begun, mark_value, read_mark
from nhi_components.lifecycle.adapters.kubernetes.discovery_policy import WORKLOADS
from nhi_components.lifecycle.adapters.kubernetes.errors import Conflict
from nhi_components.lifecycle.adapters.kubernetes.found_accounts import token_secrets
from nhi_components.lifecycle.adapters.kubernetes.found_lists import Lists
from nhi_components.lifecycle.adapters.kubernetes.found_workloads import workloads
from nhi_components.lifecycle.adapters.kubernetes.objects import annotations_of, uid_of
from nhi_components.lifecycle.adapters.kubernetes.retired_subjects import TakenSubjects
from nhi_components.lifecycle.adapters.kubernetes.session import Kind, KubernetesSession, Object
from nhi_components.lifecycle.adapters.kubernetes.token_secrets import TokenSecrets
from nhi_components.lifecycle.adapters.retiring import dependents_in, elsewhere, not_there, seen, unknown_kind
from nhi_components.lifecycle.clock import system_clock
from nhi_components.lifecycle.decommission.ports import Presence, Removed, Standing, Target, Undo
from nhi_components.lifecycle.discovery.ports import Section

_KIND: Final = LinkKind.KUBERNETES_SERVICE_ACCOUNT
_BINDINGS: Final = "bindings"
_CLUSTERS: Final = "kube-system"
_DEFAULT: Final = "default"


class Retirement:
    """The service accounts of one cluster.

    Args:
        connection: its name.
        settings: how it is reached.
        clock: tells the time.
    """

    system = System.KUBERNETES

    def __init__(
        self, connection: str, settings: KubernetesConnection, clock: Callable[[], datetime] = system_clock
    ) -> None:
        self.connection, self._clock = connection, clock
        self._session, self._lists = KubernetesSession(connection, settings), Lists(connection, settings)
        self._subjects, self._tokens = TakenSubjects(self._session), TokenSecrets(self._session)

    def place(self) -> str:
        """Tell the uid of the cluster's first namespace."""
        return self._place

    def look(self, target: Target) -> Standing:
        """Tell how an account stands: disabled is one whose case has disabled it, and that no binding names."""
        found = self._find(target)
        if found is None:
            return Standing(Presence.GONE)
        if uid_of(found) != target.unique_id:
            return Standing(Presence.OTHER)
        case, stage = read_mark(annotations_of(found).get(CASE_KEY, ""))
        is_off = has_begun(stage) and not self._subjects.of(target.name)
        with seen(self.system, self.connection):
            dependents = dependents_in((workloads(self._lists, each) for each in WORKLOADS), target.key)
            used_at = _last_use(token_secrets(self._lists, "secrets", self._clock), target.key)
            guarded = self._guarded(target)
        return Standing(Presence.DISABLED if is_off else Presence.ALIVE, case, stage, guarded, dependents, used_at)

    def undo_of(self, target: Target) -> Undo:
        """Tell which bindings name it, and where in them."""
        self._own(target)
        return {_BINDINGS: self._subjects.of(target.name)}

    def mark(self, target: Target, case: str, stage: str) -> bool:
        """Write the mark as an annotation."""
        wanted = mark_value(case, stage) or None

        def patch(now: Object) -> Object | None:
            if annotations_of(now).get(CASE_KEY) == wanted:
                return None
            return {"metadata": {"annotations": {CASE_KEY: wanted}}}

        if self._session.edit(Kind.SERVICE_ACCOUNT, self._own(target), patch) is None:
            raise not_there(self.connection, target)
        return True

    def disable(self, target: Target, undo: Undo) -> None:
        """Take it out of the bindings that are kept in the undo."""
        self._own(target)
        self._subjects.take_out(target.name, undo.get(_BINDINGS, ()))

    def restore(self, target: Target, undo: Undo) -> None:
        """Put it back where it stood in each binding that is still there."""
        self._own(target)
        self._subjects.put_back(undo.get(_BINDINGS, ()))
        # One that no binding named stands as disabled by its mark alone.
        self.mark(target, "", "")

    def delete(self, target: Target) -> Sequence[Removed]:
        """Take it out of all bindings, delete its token Secrets, then itself; nothing brings any of it back."""
        found = self._find(target)
        if found is None or uid_of(found) != target.unique_id:
            return ()
        removed = self._subjects.take_out(target.name, self._subjects.of(target.name))
        namespace, _, _ = target.name.partition("/")
        for link in self._tokens.of({target.unique_id}, [namespace]):
            if self._tokens.delete(link):
                removed.append(Removed(LinkKind.KUBERNETES_SECRET, link.name))
        try:
            self._session.delete(Kind.SERVICE_ACCOUNT, found, whatever_version=True)
        except Conflict:
            # By now another account of that name stands there.
            return removed
        return [*removed, Removed(_KIND, target.name)]

    @cached_property
    def _place(self) -> str:
        with seen(self.system, self.connection):
            return self._lists.cluster

    def _find(self, target: Target) -> Object | None:
        if target.kind != _KIND:
            raise unknown_kind(self.connection, target, (_KIND,))
        if target.place != self._place:
            raise elsewhere(self.connection, target, self._place)
        namespace, _, name = target.name.partition("/")
        return self._session.read(Kind.SERVICE_ACCOUNT, namespace, name)

    def _own(self, target: Target) -> Object:
        found = self._find(target)
        if found is None or uid_of(found) != target.unique_id:
            raise not_there(self.connection, target)
        return found

    def _guarded(self, target: Target) -> str:
        namespace, _, name = target.name.partition("/")
        if self._lists.caller == target.name:
            return "the connection's own account"
        if namespace == _CLUSTERS:
            return "an account of the cluster's own namespace, by which its control plane runs"
        return "the default account of its namespace, which the cluster makes anew" if name == _DEFAULT else ""


def _last_use(section: Section, key: str) -> datetime | None:
    """Tell the last use that the section of token Secrets tells of an account's tokens."""
    uses, cursor = list[datetime](), None
    while True:
        page = section.read(cursor)
        told = [each for each in page.records if isinstance(each, FoundCredential) and each.identity == key]
        uses += [each.use.at for each in told if each.use.at is not None]
        cursor = page.next
        if cursor is None:
            return max(uses, default=None)
