"""Who answers for an identity: our own components, another program, or nobody, so that it is changed directly."""

from __future__ import annotations

from dataclasses import dataclass

from nhi_components.core.inventory.records import Declaration, Manager
from nhi_components.core.life import key_of
from nhi_components.core.tags import ENVIRONMENT, IDENTITY, STACK
from nhi_components.lifecycle.decommission.known import Known

_OURS = "nhi:"


@dataclass(frozen=True, slots=True)
class Managed:
    """A component of ours has made the identity: it ends by a decision in its stack's configuration, and `up`.

    Attributes:
        key: under which decisions about it stand, such as `orders.prod`; empty where its marks do not tell.
        stack: of Pulumi; empty where nothing tells.
    """

    key: str
    stack: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """A program without our components has made the identity: it would make it anew.

    Attributes:
        declarations: where.
    """

    declarations: tuple[Declaration, ...]


def manager_of(known: Known) -> Managed | Foreign | None:
    """Tell who answers for an identity; None when nobody does, as far as scans have seen."""
    ours = [each for each in known.declarations if _is_ours(each)]
    if known.lease is not None or ours:
        name, environment = _mark(known, IDENTITY), _mark(known, ENVIRONMENT)
        stack = next((each.where for each in ours), _mark(known, STACK))
        return Managed(key_of(name, environment) if name and environment else "", stack)
    return Foreign(known.declarations) if known.declarations else None


def commands_for(managed: Managed) -> str:
    """Write the commands that end a managed identity, where its project lies."""
    key = managed.key or "NAME"
    stack = f" --stack {managed.stack.rpartition('/')[2]}" if managed.stack else ""
    decided = f"{key}{stack} --approver WHO --reason WHY"
    return (
        f"in the project of {managed.stack or 'its stack'}: nhi suspend {decided} && pulumi up{stack}; "
        f"after the grace: nhi retire {decided} && pulumi up{stack}"
    )


def removal_of(foreign: Foreign) -> str:
    """Tell what to remove, and where."""
    tools = {Manager.PULUMI: "Pulumi", Manager.TERRAFORM: "Terraform"}
    told = ", ".join(f"{each.address} of {tools[each.manager]} in {each.where}" for each in foreign.declarations)
    return f"a program has made it, and would make it anew; remove {told}, or give --out-of-band"


def _is_ours(declaration: Declaration) -> bool:
    """Tell whether a component of ours is among the parents that a URN names."""
    parts = declaration.address.split("::")
    types = parts[2].split("$") if declaration.manager is Manager.PULUMI and len(parts) > 3 else []
    return any(each.startswith(_OURS) for each in types)


def _mark(known: Known, name: str) -> str:
    """Read a mark, however its system has us write it."""
    return known.marks.get(name) or known.marks.get(name.replace(":", "_"), "")
