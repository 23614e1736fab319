"""The Seal: registered last, deleted first; knows the unique ids, cuts everything off before anything is deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from nhi_components.core.ledger import link_from_state, link_to_state
from nhi_components.core.life import State
from nhi_components.core.links import Link
from nhi_components.core.tags import LeaseTags
from nhi_components.provider.schema import SCHEMA_VERSION

_CUT_OFF = "cutOff"
_TAG_FIELDS = ("leaseId", "identity", "environment", "owner", "purpose", "ends", "stack")


@dataclass(frozen=True, slots=True)
class SealInputs:
    """A seal's inputs.

    Attributes:
        tags: what everything that belongs to the lease bears.
        issued: the UTC day on which the lease began.
        links: what was created, with the unique ids that the engine saw.
        state: active or suspended.
    """

    tags: LeaseTags
    issued: date
    links: tuple[Link, ...]
    state: State

    @classmethod
    def from_state(cls, properties: Mapping[str, Any]) -> SealInputs:
        """Read them from inputs or outputs; all values must be known."""
        lease, identity, environment, owner, purpose, ends, stack = (properties[name] for name in _TAG_FIELDS)
        tags = LeaseTags(lease, identity, environment, owner, purpose, date.fromisoformat(ends), stack)
        issued = date.fromisoformat(properties["issued"])
        links = tuple(link_from_state(link) for link in properties["links"])
        return cls(tags, issued, links, State(properties.get("state", State.ACTIVE)))


def outputs(inputs: Mapping[str, Any], admitted: list[Link], *, cut_off: bool = False) -> dict[str, Any]:
    """Tell what the state keeps of a seal.

    Args:
        inputs: its inputs; an older state's outputs do as well.
        admitted: the links as their systems know them.
        cut_off: whether they were found cut off, as an unfinished teardown leaves them.
    """
    links = [link_to_state(link) for link in admitted]
    kept = {name: value for name, value in inputs.items() if name != _CUT_OFF}
    return {**kept, "admitted": links, "schemaVersion": SCHEMA_VERSION, **({_CUT_OFF: True} if cut_off else {})}


def admitted_of(properties: Mapping[str, Any]) -> list[Link]:
    """Read from a seal's outputs the links as their systems know them."""
    return [link_from_state(link) for link in properties.get("admitted", [])]


def departed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Link]:
    """Choose the admitted links that are no longer declared."""
    keys = {link.key for link in SealInputs.from_state(new).links}
    return [link for link in admitted_of(old) if link.key not in keys]


def changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Name the inputs that differ, and `admitted` when a link is not, or no longer, admitted, or is cut off."""
    names = [name for name in sorted(new) if old.get(name) != new[name]]
    keys = {link.key for link in admitted_of(old)}
    if not names and (_CUT_OFF in old or any(link.key not in keys for link in SealInputs.from_state(new).links)):
        return ["admitted"]
    return names
