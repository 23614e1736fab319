"""Between what a run did about a credential and what evidence says of it."""

from __future__ import annotations

from nhi_components.core.links import NotChecked
from nhi_components.lifecycle.account import Account, common, recorded
from nhi_components.lifecycle.credentials.dependents import Refreshed
from nhi_components.lifecycle.credentials.outcome import Delivery, Outcome, Revoked
from nhi_components.lifecycle.credentials.wanted import Wanted
from nhi_components.lifecycle.evidence.parts import fact_record
from nhi_components.lifecycle.evidence.rotations import (
    DeliveryRow,
    RefreshRow,
    RetiringRow,
    RevokedRow,
    RotationRecord,
)


def rotation_record(account: Account, wanted: Wanted, outcome: Outcome) -> RotationRecord:
    """Say what was issued, delivered and revoked, when, and by whose decision."""
    return RotationRecord(
        **common(account),
        source=wanted.spec.source.kind,
        cause=str(outcome.cause) if outcome.cause else None,
        key=outcome.key or None,
        version=outcome.version,
        started=outcome.started,
        ended=outcome.ended,
        issued_at=fact_record(outcome.issued_at),
        resumed=outcome.resumed,
        revoked=tuple(_revoked(each) for each in outcome.revoked),
        deliveries=tuple(_delivery(each) for each in outcome.deliveries),
        refreshed=tuple(_refreshed(each) for each in outcome.refreshed),
        retiring=tuple(RetiringRow(key=key, until=until) for key, until in outcome.retiring),
        notified=tuple(_refreshed(each) for each in outcome.notified),
    )


def _revoked(revoked: Revoked) -> RevokedRow:
    return RevokedRow(
        key=revoked.key,
        why=revoked.why,
        disabled_at=fact_record(revoked.disabled_at),
        deleted_at=fact_record(revoked.deleted_at),
        refused_at=fact_record(revoked.refused_at),
    )


def _delivery(delivery: Delivery) -> DeliveryRow:
    confirmed = NotChecked(delivery.problem) if delivery.problem else delivery.confirmed_at
    return DeliveryRow(
        place=delivery.place.kind,
        link=recorded(delivery.place.link()),
        confirmed_at=fact_record(confirmed),
        written=delivery.written,
    )


def _refreshed(refreshed: Refreshed) -> RefreshRow:
    return RefreshRow(name=refreshed.name, at=refreshed.at, problem=refreshed.problem)
