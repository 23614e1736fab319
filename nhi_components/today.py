"""Which day it is for the life of an identity; what is signed as evidence always bears the real time."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime

from nhi_components.core.errors import Problem, SpecError

VARIABLE = "NHI_AS_OF"


def today(environment: Mapping[str, str] = os.environ) -> date:
    """Tell the current UTC day, or the later one that NHI_AS_OF names, such as `2027-01-31`.

    Program, plugin and `nhi` all ask here, so a preview can show what a coming day will suspend and retire. A day
    before today is refused: it would let an identity live on after its end.

    Raises:
        SpecError: NHI_AS_OF is no day, or is over.
    """
    real = datetime.now(UTC).date()
    text = environment.get(VARIABLE)
    if not text:
        return real
    try:
        pretended = date.fromisoformat(text)
    except ValueError:
        pretended = date.min
    if pretended < real:
        fix = f"unset {VARIABLE}, or give a day that is yet to come, such as 2027-01-31"
        raise SpecError("environment", [Problem(VARIABLE, text[:40], f"a day from {real} on, as YYYY-MM-DD", fix)])
    return pretended
