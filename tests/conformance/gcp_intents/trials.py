"""Every trial of every intent."""

from __future__ import annotations

from itertools import chain

from tests.conformance.gcp_intents import data, keys, messaging, secrets, serving, storage
from tests.conformance.gcp_intents.trial import Trial

_TABLES = (storage, messaging, secrets, data, keys, serving)

TRIALS: tuple[Trial, ...] = tuple(chain.from_iterable(table.trials() for table in _TABLES))
