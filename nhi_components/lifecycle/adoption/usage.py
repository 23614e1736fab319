"""What a principal has used of what it may do, as far as its system knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ServiceUse:
    """What is known of the use of one service.

    Attributes:
        at: when any action of it was last tried; None when none was since `Usage.since`.
        tracked: by the names of the actions whose own use is known, in lower case: when each was last tried; None when
            it was not since `Usage.since`. Of an action that is not here, nothing is known.
    """

    at: datetime | None
    tracked: Mapping[str, datetime | None]


@dataclass(frozen=True, slots=True)
class Usage:
    """What is known of the use of a principal's privileges.

    Attributes:
        source: who knows it, for people.
        since: uses since then are known.
        services: by their prefix, in lower case, such as `sqs`; of a service that is not here, nothing is known.
    """

    source: str
    since: datetime
    services: Mapping[str, ServiceUse]


@dataclass(frozen=True, slots=True)
class NotKnown:
    """Nothing is known of the use of a principal's privileges.

    Attributes:
        reason: why, for people.
    """

    reason: str
