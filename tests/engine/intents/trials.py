"""Every trial of every intent."""

from __future__ import annotations

from itertools import chain

from tests.engine.intents import messaging, operations, secrets, storage
from tests.engine.intents.trial import Trial
from tests.engine.intents.world import World


def trials_in(world: World) -> tuple[Trial, ...]:
    tables = (table.trials(world) for table in (messaging, storage, secrets, operations))
    return tuple(chain.from_iterable(tables))
