"""All verdicts on all identities, as one query."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING

from nhi_components.lifecycle.verdicts.ageing import endless, expired, old_credential, unused
from nhi_components.lifecycle.verdicts.answering import orphaned, shadow, unowned
from nhi_components.lifecycle.verdicts.columns import COLUMNS
from nhi_components.lifecycle.verdicts.duties import mixed_duties, mixed_environments
from nhi_components.lifecycle.verdicts.likeness import duplicate
from nhi_components.lifecycle.verdicts.paths import path_to_admin
from nhi_components.lifecycle.verdicts.powers import over_privileged
from nhi_components.lifecycle.verdicts.readings import Readings
from nhi_components.lifecycle.verdicts.settings import VerdictSettings

if TYPE_CHECKING:
    import ibis

    from nhi_components.lifecycle.verdicts.estate import Estate


def judge(estate: Estate, settings: VerdictSettings, now: datetime) -> ibis.Table:
    """Give all verdicts: key, unique_id, verdict, degree, reason, points.

    Args:
        estate: the identities.
        settings: what the team sets.
        now: this moment (aware).
    """
    import ibis

    readings = Readings(estate, now)
    found = [
        shadow(estate, settings),
        unowned(estate, settings),
        *orphaned(estate, settings),
        duplicate(estate, settings),
        unused(estate, settings, now),
        *expired(estate, settings, now),
        endless(estate, settings),
        old_credential(estate, settings, now),
        over_privileged(estate, settings.weights, readings),
        path_to_admin(estate, settings.weights, readings),
        mixed_duties(estate, settings),
        mixed_environments(estate, settings, readings),
    ]
    return reduce(ibis.union, (table.select(COLUMNS) for table in found))
