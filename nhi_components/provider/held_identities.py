"""Which identities a stack holds, by the keys under which decisions about them stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from typing import Any

from nhi_components.core.errors import NhiError, Problem, SpecError
from nhi_components.core.life import LAST_LEASE, Decision, key_of
from nhi_components.provider.stack_state import SEAL, HeldLease, held_leases, settings_of

_OURS = "nhi:"
_CUT_OFF = "cutOff"


@dataclass(frozen=True, slots=True)
class HeldIdentity:
    """An identity of a stack.

    Attributes:
        key: `<identity>.<environment>`.
        leases: one for each component that has not retired.
        components: the URNs of all its components, also of those that have.
        declared: the identity's own fields as the last `up` had them.
        applied: the decision that was in force then; None when there was none, or an explicit provider hides it.
        cut_off: whether a refresh found it cut off.
        ended: the end of the last lease, as the shell of a component that has retired remembers it.
    """

    key: str
    leases: tuple[HeldLease, ...]
    components: tuple[str, ...]
    declared: Mapping[str, Any]
    applied: Decision | None
    cut_off: bool
    ended: date | None


def held_identities(state: Mapping[str, Any]) -> dict[str, HeldIdentity]:
    """Find every identity in an exported state, by its key."""
    resources: list[dict[str, Any]] = list(state["deployment"].get("resources") or [])
    leases: dict[str, list[HeldLease]] = {}
    for lease in held_leases(state):
        leases.setdefault(lease_key(lease), []).append(lease)
    components = [each for each in resources if _is_component(each)]
    declared = {_component_key(each): each["inputs"]["identity"] for each in components}
    of_key: dict[str, list[dict[str, Any]]] = {}
    for each in components:
        of_key.setdefault(_component_key(each), []).append(each)
    parents = {each["urn"]: each.get("parent", "") for each in resources}
    cut_off = {each.get("parent", "") for each in resources if _is_cut_off(each)}
    applied = cache(partial(_applied, state))
    found = {}
    for key in sorted({*leases, *declared}):
        own = tuple(leases.get(key, ()))
        urns = [*(each["urn"] for each in of_key.get(key, ())), *(parents[lease.urn] for lease in own)]
        found[key] = HeldIdentity(
            key=key,
            leases=own,
            components=tuple(dict.fromkeys(urns)),
            declared=declared.get(key) or own[0].terms.identity.model_dump(mode="json"),
            applied=applied(own[0].provider).get(key) if own else None,
            cut_off=not cut_off.isdisjoint(urns),
            ended=min((ends for each in of_key.get(key, ()) if (ends := _last_end(each))), default=None),
        )
    return found


def lease_key(lease: HeldLease) -> str:
    """Tell under which key a decision about a lease's identity stands."""
    return key_of(lease.terms.identity.name, lease.terms.identity.environment)


def key_named(name: str, known: Iterable[str], command: str, whose: str = "an identity that the stack knows") -> str:
    """Find the key that a person means: `orders.prod`, or `orders` where there is only one.

    Args:
        name: what the person wrote.
        known: the keys of those that can be meant.
        command: who asks.
        whose: what those are, for people.

    Raises:
        SpecError: there is none of that name, or several; the known ones are listed.
    """
    keys = sorted(known)
    found = [key for key in keys if name in (key, key.rpartition(".")[0])]
    if len(found) == 1:
        return found[0]
    if found:
        problem = Problem("NAME", f"{name}, which is {' and '.join(found)}", "one identity", f"name it: {found[0]}")
    else:
        listed = ", ".join(keys) or "none at all"
        problem = Problem("NAME", name, f"{whose}: {listed}", "correct the name or --stack")
    raise SpecError(command, [problem])


def _applied(state: Mapping[str, Any], provider: str) -> Mapping[str, Decision]:
    try:
        return settings_of(state, provider).life
    except NhiError:
        return {}


def _is_component(resource: Mapping[str, Any]) -> bool:
    kind, inputs = resource["type"], resource.get("inputs") or {}
    return kind.startswith(_OURS) and not resource.get("custom") and isinstance(inputs.get("identity"), dict)


def _component_key(resource: Mapping[str, Any]) -> str:
    identity = resource["inputs"]["identity"]
    return key_of(identity["name"], identity["environment"])


def _last_end(component: Mapping[str, Any]) -> date | None:
    last = (component.get("outputs") or {}).get(LAST_LEASE)
    return date.fromisoformat(last["ends"]) if last else None


def _is_cut_off(resource: Mapping[str, Any]) -> bool:
    return resource["type"] == SEAL and bool((resource.get("outputs") or {}).get(_CUT_OFF))
