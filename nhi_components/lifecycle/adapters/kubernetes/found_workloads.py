"""What runs as service accounts: pods, and what makes them.

Source: Kubernetes API reference, `PodSpec` (`serviceAccountName`), `OwnerReference`. What a controller of its own makes
is told by that controller alone; pods by what controls them, as they may still run as an account that their template no
longer names. Read are whole objects, as nothing less names the account; no part of them but that is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from nhi_components.core.inventory.records import FoundDependent, Record
from nhi_components.facts.chain.model import Part
from nhi_components.facts.kubernetes.objects import Names, object_of
from nhi_components.facts.model import Resource
from nhi_components.lifecycle.adapters.kubernetes.discovery_policy import WORKLOADS, to_list
from nhi_components.lifecycle.adapters.kubernetes.found_lists import LISTINGS, Lists
from nhi_components.lifecycle.adapters.kubernetes.session import Object
from nhi_components.lifecycle.discovery.ports import Page, Section

_PODS: Final = "pods"
_MAKERS: Final = frozenset(LISTINGS[each].kind for each in WORKLOADS if each != _PODS)
_ENDED: Final = ("Succeeded", "Failed")
_OVER: Final = ("Complete", "Failed")
_NO_NAMES: Final = Names(())


def workloads(lists: Lists, name: str) -> Section:
    """Give the section of one kind of what runs as accounts, by its resource."""

    def read(cursor: str | None) -> Page:
        seen = set[Record]()

        def fresh(found: Object) -> Iterator[Record]:
            # Pods of one controller are told once.
            for record in _dependents(lists, name, found):
                if record not in seen:
                    seen.add(record)
                    yield record

        return lists.page(name, cursor, fresh)

    return Section(name, f"{name.partition('.')[0]} and the accounts that they run as", to_list(name), read)


def _dependents(lists: Lists, resource: str, found: Object) -> Iterator[Record]:
    listing, metadata = LISTINGS[resource], found["metadata"]
    known = object_of(Part(Resource(metadata["name"], listing.type), found), _NO_NAMES)
    if known is None or not known.runs_as or _is_over(found):
        return
    account = lists.account(known.namespace, known.runs_as)
    maker = _maker(metadata)
    if maker is None:
        yield FoundDependent(account, known.kind.lower(), lists.object(known.kind, known.namespace, known.name))
    elif resource == _PODS:
        kind, name = maker
        yield FoundDependent(account, f"pods of {kind.lower()}", lists.object(kind, known.namespace, name))


def _maker(metadata: Any) -> tuple[str, str] | None:
    """Give kind and name of what controls an object, if it is itself read; None for none."""
    for owner in metadata.get("ownerReferences") or ():
        if owner.get("controller") and owner["kind"] in _MAKERS:
            return owner["kind"], owner["name"]
    return None


def _is_over(found: Object) -> bool:
    """Tell whether a pod or a job has ended, and keeps only its logs."""
    status = found.get("status") or {}
    conditions = status.get("conditions") or ()
    return status.get("phase") in _ENDED or any(
        each.get("type") in _OVER and each.get("status") == "True" for each in conditions
    )
