"""Every trial of every intent."""

from __future__ import annotations

from itertools import chain

from tests.conformance.azure_intents import data, images, messaging, secrets, storage
from tests.conformance.azure_intents.trial import Trial

_TABLES = (storage, messaging, secrets, data, images)

TRIALS: tuple[Trial, ...] = tuple(chain.from_iterable(table.trials() for table in _TABLES))
