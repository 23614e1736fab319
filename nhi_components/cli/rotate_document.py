"""What `nhi rotate` and `nhi expose` found and did, as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from nhi_components.core.links import NotChecked
from nhi_components.lifecycle.credentials.fleet import Result
from nhi_components.lifecycle.credentials.looking import Plan
from nhi_components.lifecycle.credentials.outcome import Outcome
from nhi_components.provider.held_credentials import HeldCredential


def plan_document(credential: HeldCredential, plan: Plan | str) -> Mapping[str, Any]:
    """Tell what would be done about one credential; a text: why that is not known."""
    head = {"identity": credential.key, "source": str(credential.inputs.spec.source.kind)}
    if isinstance(plan, str):
        return {**head, "failure": plan}
    journal, decision = plan.standing.journal, plan.decision
    return {
        **head,
        "keyId": journal.key or None,
        "version": journal.version,
        "dueAt": plan.standing.due_at.isoformat() if plan.standing.due_at else None,
        "cause": decision.cause,
        "revoke": {**dict.fromkeys(decision.strays, "nobody delivers it"), **decision.retire},
        "deliver": list(plan.deliver),
        "waits": decision.waits or None,
        "drift": list(plan.standing.drift),
        "dependents": [
            {
                "name": each.name,
                "alive": None if isinstance(each.alive, NotChecked) else each.alive,
                "canRefresh": each.can_refresh,
            }
            for each in plan.dependents
        ],
        "refused": plan.refused or None,
    }


def result_document(credential: HeldCredential, result: Result) -> Mapping[str, Any]:
    """Tell what became of one credential; times are milliseconds since its run began."""
    head = {"identity": credential.key, "lease": credential.wanted.lease.lease, "complete": result.is_complete}
    head |= {"source": str(credential.inputs.spec.source.kind), "failure": result.failure or None}
    return head if result.outcome is None else {**head, **_outcome_document(result.outcome)}


def _outcome_document(outcome: Outcome) -> Mapping[str, Any]:
    start = outcome.started
    return {
        "cause": outcome.cause,
        "keyId": outcome.key or None,
        "version": outcome.version,
        "seconds": round((outcome.ended - start).total_seconds(), 3),
        "dueAt": outcome.due_at.isoformat() if outcome.due_at else None,
        "resumed": outcome.resumed,
        "waits": outcome.waits or None,
        "revoked": [
            {
                "keyId": each.key,
                "why": each.why,
                "disabledAfterMs": _milliseconds(each.disabled_at, start),
                "deletedAfterMs": _milliseconds(each.deleted_at, start),
                "refusedAfterMs": _milliseconds(each.refused_at, start),
                "notTried": each.refused_at.reason if isinstance(each.refused_at, NotChecked) else None,
            }
            for each in outcome.revoked
        ],
        "places": [
            {
                "system": each.place.system,
                "connection": each.place.connection,
                "kind": each.place.kind,
                "address": each.place.address,
                "version": each.version or None,
                "written": each.written,
                "confirmedAfterMs": _milliseconds(each.confirmed_at, start),
                "problem": each.problem or None,
            }
            for each in outcome.deliveries
        ],
        "retiring": [{"keyId": key, "until": until.isoformat()} for key, until in outcome.retiring],
        "dependents": [{"name": each.name, "problem": each.problem} for each in outcome.refreshed],
        "notified": [{"name": each.name, "problem": each.problem} for each in outcome.notified],
    }


def _milliseconds(fact: object, start: datetime) -> int | None:
    return round((fact - start).total_seconds() * 1000) if isinstance(fact, datetime) else None
