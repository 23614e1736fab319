"""Reads the end of an application's password or certificate: a date, or a duration of Go such as `4320h`.

Source: azuread provider, `azuread_application_password` (`end_date`, `end_date_relative`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.facts.azure.pulumi_types import Secret
from nhi_components.facts.model import Fact, Resource, StandingCredential, Unjudged
from nhi_components.facts.values import UNKNOWN, kind_of

INSTEAD: Final = "let the workload sign in with a managed identity or a federated credential"
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:h|m|s|ms))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DAY = 86_400
_LONGEST = 64


def read_secret(resource: Resource, path: str, inputs: Mapping[str, Any], secret: Secret) -> Iterator[Fact]:
    """Yield a credential with its end.

    Args:
        resource: what it is read from.
        path: the place of its fields there, with a dot at the end; empty for the whole.
        inputs: its fields, by their names in camel case.
        secret: what it is.
    """
    ends, relative = inputs.get("endDate"), inputs.get("endDateRelative")
    if ends is UNKNOWN or relative is UNKNOWN or isinstance(ends, str):
        end = UNKNOWN if ends is None or ends is UNKNOWN else ends
        yield StandingCredential(resource, f"{path}endDate", secret.what, end, None, INSTEAD)
    elif ends is not None:
        yield Unjudged(resource, f"{path}endDate", kind_of(ends), "a date", "give the end as a date")
    elif relative is None:
        yield StandingCredential(resource, f"{path}endDate", secret.what, None, secret.undated_days, INSTEAD)
    else:
        days = _days(relative)
        place = f"{path}endDateRelative"
        if days is None:
            yield Unjudged(resource, place, kind_of(relative), "a duration such as `4320h`", "give hours")
        else:
            yield StandingCredential(resource, place, secret.what, None, days, INSTEAD)


def _days(duration: object) -> int | None:
    if not isinstance(duration, str) or len(duration) > _LONGEST or _DURATION.fullmatch(duration) is None:
        return None
    return math.ceil(sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(duration)) / _DAY)
