"""The life of an identity as a program reads it: what it declares, what was decided, which day it is."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import pulumi
from pulumi.runtime.settings import get_monitor

from nhi_components.core.identity import Identity
from nhi_components.core.life import Decisions, State, decided, issued_on, state_on
from nhi_components.refusal import refusing_plainly
from nhi_components.today import today

_LEASE = "nhi:index:Lease"
_DEFAULT_GRACE_DAYS = 14


def decided_identity(identity: Identity) -> Identity:
    """Apply what the stack's configuration `nhi:life` decides about an identity.

    Raises:
        ProgramRefused: with everything that is wrong with that configuration.
    """
    with refusing_plainly():
        decisions = Decisions.parse({"life": pulumi.Config("nhi").get_object("life", {})})
    return decided(identity, decisions.about(identity))


def state_of(identity: Identity, lease_name: str) -> State:
    """Tell an identity's state today, before anything of it is registered.

    Args:
        identity: with what was decided about it.
        lease_name: its lease's name in the program.

    Raises:
        ProgramRefused: `NHI_AS_OF` can't be used.
    """
    with refusing_plainly():
        day = today()
    issued = day
    if identity.expires.on is None and identity.state is not State.RETIRED:
        issued = issued_on(_leases(id(get_monitor())), lease_name, identity) or day
    grace = _DEFAULT_GRACE_DAYS if identity.grace_days is None else identity.grace_days
    return state_on(day, identity.state, identity.expires.resolve(issued), grace)


@lru_cache(maxsize=1)
def _leases(_monitor: int) -> Mapping[str, Mapping[str, Any]]:
    """Read, once a program, the leases that the stack's state holds, as they were before this run."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {"stackName": stack}).value or {}
    held: Mapping[str, Mapping[str, Any]] = answer.get("outputs") or {}
    return {urn: resource.get("outputs") or {} for urn, resource in held.items() if resource.get("type") == _LEASE}
