"""Allow policies and custom roles of Google Cloud as records of who may do what.

Source: IAM documentation, 'Allow policies', 'Create and manage custom roles'.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final

from nhi_components.core.inventory.records import FoundCarrier, FoundDocument, FoundGrant, Record
from nhi_components.lifecycle.adapters.gcp.found_reads import Told

_VIA: Final = "allow policy"
_PREDEFINED: Final = "roles/"
_DISABLED: Final = "DISABLED"


def grants_on(resource: str, bindings: Iterable[Told]) -> Iterator[Record]:
    """Yield what the bindings of a resource's policy grant: the role to each member, and the custom roles as carriers.

    Args:
        resource: its relative name.
        bindings: as the API tells them.
    """
    for binding in bindings:
        role, condition = str(binding["role"]), conditions(binding)
        for member in binding["members"]:
            yield FoundGrant(member, role, resource, condition=condition, via=_VIA)
            if not role.startswith(_PREDEFINED):
                yield FoundCarrier(member, role, "custom-role")


def grants_of(role: Told) -> Iterator[Record]:
    """Yield what a custom role holds, on whatever it is bound; a disabled one gives nothing."""
    name = str(role["name"])
    listed = role.get("includedPermissions", [])
    told = {"title": role.get("title", ""), "stage": role.get("stage", ""), "includedPermissions": listed}
    yield FoundDocument(name, "role definition", name.rpartition("/")[2], json.dumps(told, sort_keys=True))
    for permission in () if role.get("stage") == _DISABLED else listed:
        yield FoundGrant(name, permission, "*", via=name.rpartition("/")[2])


def conditions(binding: Told) -> str:
    """Write the condition of a binding; empty for none."""
    condition = binding.get("condition")
    return json.dumps(condition, sort_keys=True) if condition else ""
