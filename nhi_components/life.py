"""The life of an identity as a program reads it: what it declares, what was decided, which day it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.settings import get_monitor

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.identity import Identity
from nhi_components.core.life import LAST_LEASE, Decisions, State, decided, key_of, lease_of, state_on
from nhi_components.core.revocation import Revocation
from nhi_components.core.spec import BundleSpec
from nhi_components.refusal import ProgramRefused, refusing_plainly
from nhi_components.templates import (
    Holder,
    LeaseDates,
    Template,
    Templates,
    UnreadableTemplates,
    judge,
    shared_grants,
    templates_in_force,
)
from nhi_components.today import today
from nhi_components.unheeded import heed

_LEASE = "nhi:index:Lease"
_holders: WeakKeyDictionary[Any, list[Holder]] = WeakKeyDictionary()


def decided_identity(identity: Identity) -> Identity:
    """Apply what the stack's configuration `nhi:life` decides about an identity.

    Raises:
        ProgramRefused: with everything that is wrong with that configuration.
    """
    with refusing_plainly():
        decisions = Decisions.parse({"life": pulumi.Config("nhi").get_object("life", {})})
    heed(decisions, identity)
    return decided(identity, decisions.about(identity))


def state_of(identity: Identity, component: str) -> State:
    """Tell an identity's state today, before anything of it is registered.

    An end date that is new retires nothing by having been over for long: it is more likely a slip, such as last year's
    number, and the lease's check refuses it. So the days retire an identity only when the end that its lease already
    has is over for as long as the grace period, too. One that has no lease and never had any is retired by its date.

    Args:
        identity: with what was decided about it.
        component: its component's name in the program.

    Raises:
        ProgramRefused: `NHI_AS_OF` can't be used.
    """
    if identity.state is State.RETIRED:
        return State.RETIRED
    day, grace_days = _day(), _templates().grace_days_of(identity)
    lease = lease_dates(component, identity) or retired_dates(component, identity)
    ends = identity.expires.resolve(lease.issued if lease else day)
    return state_on(day, identity.state, max(ends, lease.ends) if lease and ends <= day else ends, grace_days)


def template_of(identity: Identity) -> Template:
    """Find the template in force for an identity's kind.

    Raises:
        ProgramRefused: the organisation's file is wrong; it names the file and every problem of it.
    """
    return _templates().by_kind[identity.kind]


def retirement_of(identity: Identity, ends: date) -> date:
    """Tell on which UTC day an identity that ends on a day is retired: when its grace period is over."""
    return ends + timedelta(days=_templates().grace_days_of(identity))


def revocation_of(identity: Identity) -> Revocation:
    """Tell how fast an identity's access must end everywhere: the stricter of what it and its template say."""
    required = template_of(identity).revocation
    return min(required, identity.revocation or required, key=tuple(Revocation).index)


def refuse_beyond_template(component: str, spec: BundleSpec) -> None:
    """Hold a specification, with what was decided about its identity, against the template of its kind.

    Only what is active today is judged: nothing may stand in the way of an end that has come.

    Raises:
        ProgramRefused: with everything in which it goes beyond, before anything is registered.
    """
    identity = spec.identity
    if state_of(identity, component) is not State.ACTIVE:
        return
    problems = problems_beyond_template(component, spec)
    _holders.setdefault(get_monitor(), []).append(_holder(spec))
    if problems:
        raise ProgramRefused(f"{spec.subject} {component!r}", problems)


def problems_beyond_template(component: str, spec: BundleSpec) -> list[Problem]:
    """Tell in what an active identity goes beyond the template of its kind, before its component is made.

    Args:
        component: the component's name in the program.
        spec: its specification, with what was decided about its identity.
    """
    identity = spec.identity
    lease = lease_dates(component, identity)
    problems = judge(spec, template_of(identity), today=_day(), lease=lease, sessions=spec.sessions)
    return problems + shared_grants(_holder(spec), _holders.setdefault(get_monitor(), []))


def _holder(spec: BundleSpec) -> Holder:
    return Holder(spec.identity.name, spec.grants, spec.identity.shares_grants_because or "")


def lease_dates(component: str, identity: Identity) -> LeaseDates | None:
    """Read from the stack's state, as it was before this run, when an identity's lease began and ends."""
    leases = {urn: outputs for urn, outputs in _held(get_monitor()).items() if _LEASE in urn}
    return _dates(lease_of(leases, f"{component}-lease", identity))


def retired_dates(component: str, identity: Identity) -> LeaseDates | None:
    """Read from the shell that a retired identity leaves in the state when its lease began and ended."""
    for urn, outputs in _held(get_monitor()).items():
        last: Mapping[str, Any] = outputs.get(LAST_LEASE) or {}
        if urn.rpartition("::")[2] == component and last.get("identity") == key_of(identity.name, identity.environment):
            return _dates(last)
    return None


def last_lease_of(component: str, identity: Identity) -> Mapping[str, str] | None:
    """Tell what the shell of a retired identity remembers, so that the days which retired it go on doing so."""
    dates = lease_dates(component, identity) or retired_dates(component, identity)
    if dates is None:
        return None
    key = key_of(identity.name, identity.environment)
    return {"identity": key, "issued": dates.issued.isoformat(), "ends": dates.ends.isoformat()}


def _dates(outputs: Mapping[str, Any] | None) -> LeaseDates | None:
    if outputs is None:
        return None
    return LeaseDates(date.fromisoformat(outputs["issued"]), date.fromisoformat(outputs["ends"]))


def _day() -> date:
    with refusing_plainly():
        return today()


@lru_cache(maxsize=1)
def _held(_monitor: object) -> Mapping[str, Mapping[str, Any]]:
    """Read, once a program, the outputs of our resources in the stack's state, as they were before this run."""
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    answer = pulumi.runtime.invoke("pulumi:pulumi:readStackResourceOutputs", {"stackName": stack}).value or {}
    held: Mapping[str, Mapping[str, Any]] = answer.get("outputs") or {}
    ours = {urn: resource for urn, resource in held.items() if str(resource.get("type", "")).startswith("nhi:")}
    return {urn: resource.get("outputs") or {} for urn, resource in ours.items()}


def _templates() -> Templates:
    with refusing_plainly():
        try:
            return templates_in_force()
        except UnreadableTemplates as error:
            raise SpecError("organisation's templates", [error.problem]) from None
