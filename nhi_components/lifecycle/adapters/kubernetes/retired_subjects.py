"""Taking a service account out of the bindings that name it, and putting it back where it stood.

What others have changed in a binding meanwhile stays; one that they have deleted or made anew is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from nhi_components.core.kubernetes_links import object_name
from nhi_components.core.links import LinkKind
from nhi_components.lifecycle.adapters.kubernetes.bindings import places_of
from nhi_components.lifecycle.adapters.kubernetes.objects import uid_of
from nhi_components.lifecycle.adapters.kubernetes.session import Kind, KubernetesSession, Object
from nhi_components.lifecycle.decommission.ports import Removed

_KINDS: Final = (Kind.ROLE_BINDING, Kind.CLUSTER_ROLE_BINDING)


class TakenSubjects:
    """The bindings of one cluster."""

    def __init__(self, session: KubernetesSession) -> None:
        self._session = session

    def of(self, account: str) -> list[dict[str, Any]]:
        """Tell which bindings name an account: kind, namespace, name and uid, with its subjects by their places.

        Args:
            account: `NAMESPACE/NAME`.
        """
        return [
            {
                "kind": str(kind),
                "namespace": binding["metadata"].get("namespace", ""),
                "name": binding["metadata"]["name"],
                "uid": uid_of(binding),
                "subjects": [[at, subject] for at, subject in places_of(binding, account)],
            }
            for kind in _KINDS
            for binding in self._session.listed(kind, whole=True)
            if places_of(binding, account)
        ]

    def take_out(self, account: str, bindings: Sequence[Mapping[str, Any]]) -> list[Removed]:
        """Take the account out of bindings, which stay also where they then name nobody."""
        removed = []
        for kind, found in self._those(bindings):
            self._session.edit(kind, found, lambda now: _without(now, account))
            namespace, name = found["metadata"].get("namespace", ""), found["metadata"]["name"]
            told = object_name(namespace, name) if namespace else str(name)
            removed.append(Removed(LinkKind.KUBERNETES_SUBJECT, told))
        return removed

    def put_back(self, bindings: Sequence[Mapping[str, Any]]) -> None:
        """Put what was taken out back in its place, unless it is there again."""
        taken = {str(each["uid"]): each["subjects"] for each in bindings}
        for kind, found in self._those(bindings):
            self._session.edit(kind, found, lambda now: _with(now, taken[uid_of(now)]))

    def _those(self, bindings: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Kind, Object]]:
        """Read bindings as they are now; those that are gone or were made anew are left out."""
        for each in bindings:
            kind = Kind(each["kind"])
            found = self._session.read(kind, str(each["namespace"]), str(each["name"]))
            if found is not None and uid_of(found) == each["uid"]:
                yield kind, found


def _without(now: Object, account: str) -> Object | None:
    places = {at for at, _ in places_of(now, account)}
    kept = [each for at, each in enumerate(now.get("subjects") or []) if at not in places]
    return {"subjects": kept} if places else None


def _with(now: Object, taken: Sequence[Sequence[Any]]) -> Object | None:
    subjects = list(now.get("subjects") or [])
    for at, subject in taken:
        if subject not in subjects:
            subjects.insert(at, subject)
    return {"subjects": subjects} if subjects != (now.get("subjects") or []) else None
