"""Which statements of evidence were written about a lease; for reports that name them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import datetime

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.evidence.reader import by_fingerprint, statements_of
from nhi_components.lifecycle.evidence.settings import open_store
from nhi_components.provider.settings import Settings


def evidence_since(settings: Callable[[], Settings], lease_id: str, since: datetime) -> Sequence[str]:
    """Name the statements that were recorded of a lease from a moment on, as `<chain>/<number> <kind>`.

    Empty where settings or store can't be read from here; `nhi evidence verify` tells what is wrong with one.
    """
    try:
        store = open_store(settings().evidence.with_environment(os.environ))
        statements = statements_of(store, by_fingerprint(store.pinned_keys()), lease_id)
    except NhiError:
        return ()
    return tuple(
        f"{each.chain.chain_id}/{each.chain.sequence} {each.kind}" for each in statements if each.recorded_at >= since
    )
