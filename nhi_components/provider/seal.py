"""The Seal: registered last, deleted first; knows the unique ids, cuts everything off before anything is deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from nhi_components.core.credential.spec import CredentialSpec
from nhi_components.core.ledger import link_from_state, link_to_state
from nhi_components.core.life import State
from nhi_components.core.links import Link, LinkKind
from nhi_components.core.revocation import Revocation
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.account import Terms
from nhi_components.lifecycle.adapters.ownership import DUE
from nhi_components.lifecycle.credentials.wanted import Wanted
from nhi_components.provider.schema import SCHEMA_VERSION

_CUT_OFF = "cutOff"
_CHANGES = "changes"
_FORMER = "former"
_OUTLIVED = frozenset({LinkKind.AZURE_MANAGED_IDENTITY, LinkKind.ENTRA_SERVICE_PRINCIPAL})
"""Principals whose roles stay assigned when they are gone, and work for the tokens that they have still."""

_TAG_FIELDS = ("leaseId", "identity", "environment", "owner", "purpose", "ends", "stack")


@dataclass(frozen=True, slots=True)
class SealInputs:
    """A seal's inputs.

    Attributes:
        tags: what everything that belongs to the lease bears.
        issued: the UTC day on which the lease began.
        links: what was created, with the unique ids that the engine saw.
        state: active or suspended.
        revocation: how fast access must end everywhere.
        credentials: what our provider has issued and delivered.
    """

    tags: LeaseTags
    issued: date
    links: tuple[Link, ...]
    state: State
    revocation: Revocation
    credentials: tuple[Wanted, ...] = ()

    @property
    def terms(self) -> Terms:
        """What the services have to know of it."""
        return Terms(self.tags, self.issued, self.revocation)

    @classmethod
    def from_state(cls, properties: Mapping[str, Any]) -> SealInputs:
        """Read them from inputs or outputs; all values must be known."""
        lease, identity, environment, owner, purpose, ends, stack = (properties[name] for name in _TAG_FIELDS)
        tags = LeaseTags(lease, identity, environment, owner, purpose, date.fromisoformat(ends), stack)
        issued = date.fromisoformat(properties["issued"])
        links = tuple(link_from_state(link) for link in properties["links"])
        revocation = Revocation(properties.get("revocation", Revocation.MINUTES))
        credentials = tuple(_wanted(tags, each) for each in properties.get("credentials", ()))
        return cls(tags, issued, links, State(properties.get("state", State.ACTIVE)), revocation, credentials)


def outputs(
    inputs: Mapping[str, Any],
    admitted: list[Link],
    *,
    cut_off: bool = False,
    changes: int = 0,
    former: Sequence[Link] = (),
) -> dict[str, Any]:
    """Tell what the state keeps of a seal.

    Args:
        inputs: its inputs; an older state's outputs do as well.
        admitted: the links as their systems know them.
        cut_off: whether they were found cut off, as an unfinished teardown leaves them.
        changes: how often the lease has changed its state; 0 keeps what the inputs say.
        former: principals that were found gone, of which something may be left (`former_of`).
    """
    links = [link_to_state(link) for link in admitted]
    kept = {name: value for name, value in inputs.items() if name not in (_CUT_OFF, _FORMER)}
    found: dict[str, Any] = {_CUT_OFF: True} if cut_off else {}
    counted: dict[str, Any] = {_CHANGES: changes} if changes else {}
    left: dict[str, Any] = {_FORMER: [link_to_state(link) for link in former]} if former else {}
    return {**kept, "admitted": links, "schemaVersion": SCHEMA_VERSION, **found, **counted, **left}


def admitted_of(properties: Mapping[str, Any]) -> list[Link]:
    """Read from a seal's outputs the links as their systems know them."""
    return [link_from_state(link) for link in properties.get("admitted", [])]


def changes_of(properties: Mapping[str, Any]) -> int:
    """Read from a seal's outputs how often its lease has changed its state."""
    return int(properties.get(_CHANGES, 0))


def has_turned(old: Mapping[str, Any], new: SealInputs) -> bool:
    """Tell whether a seal's state differs from what it was, or was overruled by a cut-off meanwhile."""
    before = State(old.get("state", State.ACTIVE))
    return before is not new.state or _CUT_OFF in old


def departed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Link]:
    """Choose the admitted links that are no longer declared."""
    keys = {link.key for link in SealInputs.from_state(new).links}
    return [link for link in admitted_of(old) if link.key not in keys]


def former_of(properties: Mapping[str, Any], admitted: Sequence[Link]) -> list[Link]:
    """Read from a seal's outputs the principals that are none of the lease's any more, but leave roles behind.

    Args:
        properties: the outputs.
        admitted: what is the lease's now.
    """
    kept, earlier = {link.unique_id for link in admitted}, map(link_from_state, properties.get(_FORMER, ()))
    once = [*earlier, *admitted_of(properties)]
    return [link for link in once if link.kind in _OUTLIVED and link.unique_id and link.unique_id not in kept]


def changed(old: Mapping[str, Any], new: Mapping[str, Any], now: datetime) -> list[str]:
    """Name the inputs that differ, and `admitted` when a link is not, or no longer, admitted, is cut off, or is due."""
    if names := [name for name in sorted(new) if old.get(name) != new[name]]:
        return names
    keys = {link.key for link in admitted_of(old)}
    missing = any(link.key not in keys for link in SealInputs.from_state(new).links)
    return ["admitted"] if _CUT_OFF in old or missing or _is_due(old, now) else []


def _wanted(tags: LeaseTags, credential: Mapping[str, Any]) -> Wanted:
    return Wanted(tags, CredentialSpec.parse(credential).resolved(tags))


def _is_due(old: Mapping[str, Any], now: datetime) -> bool:
    """Tell whether the day has come that a system named when it admitted a link, such as a certificate's renewal."""
    dates = [link.attributes[DUE] for link in admitted_of(old) if DUE in link.attributes]
    return any(datetime.fromisoformat(due) <= now for due in dates)
