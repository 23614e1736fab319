"""Refuses retention inside a bundle, also when a transform of the stack or of a parent sets it.

The engine drops a resource with `retainOnDelete` from its state without asking any provider, and the provider of Google
Cloud drops one whose `deletionPolicy` is `ABANDON`, so no destroy could remove either.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakSet

import pulumi
from pulumi.runtime import register_resource_transform
from pulumi.runtime.settings import get_monitor

from nhi_components.core.errors import Problem, SpecError

_OUR_TYPES = "nhi:"
_DELETION_POLICY, _ABANDON = "deletionPolicy", "ABANDON"
_guarded: WeakSet[Any] = WeakSet()


def retention_problem(path: str) -> Problem:
    """Say why nothing inside a bundle may be retained."""
    return Problem(
        path,
        "retainOnDelete",
        "no retention inside a bundle: the engine would forget it without asking us to remove it",
        "remove the option; to keep a resource, declare it outside the bundle",
    )


def abandonment_problem() -> Problem:
    """Say the same of what the provider of Google Cloud would leave behind."""
    return Problem(
        _DELETION_POLICY,
        _ABANDON,
        "no retention inside a bundle: the provider would forget it without removing it",
        "remove the policy; to keep a resource, declare it outside the bundle",
    )


def guard_against_retention() -> None:
    """Look, once a program, at the options with which each resource really is registered.

    A transform of the stack runs after all others, in the order of registration: one that a program registers after
    its first bundle is not seen. Nor is a parent's retention when such a transform also rewrites the bundle's options:
    the SDK then leaves out that the bundle says no. `nhi verify` finds, by the lease id, what was left so.
    """
    monitor = get_monitor()
    if monitor not in _guarded:
        _guarded.add(monitor)
        register_resource_transform(_refuse_retention)


async def _refuse_retention(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    if args.opts.retain_on_delete and await _is_ours(args):
        raise SpecError(f"resource {args.name!r}", [retention_problem("opts.retain_on_delete")])
    if args.props.get(_DELETION_POLICY) == _ABANDON and await _is_ours(args):
        raise SpecError(f"resource {args.name!r}", [abandonment_problem()])
    return None


async def _is_ours(args: pulumi.ResourceTransformArgs) -> bool:
    if args.type_.startswith(_OUR_TYPES):
        return True
    parent = args.opts.parent
    urn = await parent.urn.future() if parent is not None else None
    return bool(urn) and any(part.startswith(_OUR_TYPES) for part in str(urn).split("::")[2].split("$"))
