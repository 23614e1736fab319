"""What identities hold, read in Python once for each distinct content; everything else is asked of the engine."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Final

from nhi_components.core.links import System
from nhi_components.lifecycle.verdicts.becoming import going_by
from nhi_components.lifecycle.verdicts.engines import bring, keep
from nhi_components.lifecycle.verdicts.readings.federation import Federation
from nhi_components.lifecycle.verdicts.readings.found import Found
from nhi_components.lifecycle.verdicts.readings.rows import Rows

if TYPE_CHECKING:
    import ibis

    from nhi_components.lifecycle.verdicts.estate import Estate

_SYSTEMS: Final = (System.AWS, System.GCP, System.AZURE, System.KUBERNETES, System.VAULT, System.GITHUB)
"""Those that are read; each by the module of its name."""


class Readings:
    """What was read of one estate; made once, for all verdicts that ask for it.

    Args:
        estate: the identities.
        now: the moment (aware) at which dated grants hold or not; None for this one.

    Attributes:
        names: `node`, `name`: by which names each identity, and whatever stands between identities, goes.
        powers: `name`, `degree`, `how`, `certain`.
        steps: `source`, `target`, `how`, `certain`: whatever goes by the source may become the target.

    Raises:
        NhiError: groups, policies and roles carry one another too deep.
    """

    def __init__(self, estate: Estate, now: datetime | None = None) -> None:
        found, rows = Found(estate, now or datetime.now(UTC)), Rows()
        federation = Federation(found)
        for system in sorted(found.systems.intersection(_SYSTEMS)):
            import_module(f"{__name__}.{system}").read(found, rows, federation)
        federation.tell(rows)
        told, powers, steps = (bring(estate, table) for table in rows.tables())
        nodes = estate["identities"].select(node="key").union(steps.select(node="target")).distinct()
        own = nodes.mutate(name=nodes.node)
        self.names: ibis.Table = keep(estate, going_by(estate, told).semi_join(nodes, "node").union(own).distinct())
        self.powers: ibis.Table = powers
        self.steps: ibis.Table = steps
