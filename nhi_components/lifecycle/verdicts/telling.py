"""What a judgement has changed, as events of the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from nhi_components.core.inventory.verdicts import Judged
from nhi_components.core.links import System
from nhi_components.lifecycle.evidence.audit_events import AuditedIdentity, AuditEvent, EventType, details_of
from nhi_components.lifecycle.evidence.parts import Known, Unknown
from nhi_components.lifecycle.inventory.store import Inventory
from nhi_components.lifecycle.inventory.tables import identities
from nhi_components.lifecycle.verdicts.keeping import Assessment

Identities = Mapping[tuple[str, str], AuditedIdentity]
"""By key and unique id."""


def identities_of(inventory: Inventory, judged: Iterable[Judged]) -> Identities:
    """Look up which identities verdicts are about, also those that are gone."""
    from sqlalchemy import select

    wanted = {(each.key, each.unique_id) for each in judged}
    columns = [identities.c[name] for name in ("key", "unique_id", "system", "place", "kind", "name")]
    found: dict[tuple[str, str], AuditedIdentity] = {}
    with inventory.reading() as connection:
        for row in connection.execute(select(*columns).execution_options(yield_per=1000)):
            if (row.key, row.unique_id) in wanted:
                found[row.key, row.unique_id] = AuditedIdentity(
                    key=row.key,
                    unique_id=row.unique_id or None,
                    system=System(row.system),
                    place=row.place or None,
                    kind=row.kind,
                    name=row.name,
                )
    return found


def events_of(
    assessment: Assessment, identities: Identities, at: datetime, actor: Known | Unknown
) -> Iterator[AuditEvent]:
    """Yield an event for each verdict that was found or cleared.

    Args:
        assessment: what has changed.
        identities: which identities that is about.
        at: when it was judged.
        actor: who had it judged.
    """
    for kind, judged in ((EventType.VERDICT_FOUND, assessment.found), (EventType.VERDICT_CLEARED, assessment.cleared)):
        for each in judged:
            about = identities[each.key, each.unique_id]
            facts = {
                "degree": each.degree,
                "reason": each.reason,
                "points": each.points,
                "owasp": list(each.owasp),
            }
            yield AuditEvent(
                type=kind,
                at=at,
                identity=about,
                actor=actor,
                verdict=each.verdict,
                detail=details_of(facts),
            )
