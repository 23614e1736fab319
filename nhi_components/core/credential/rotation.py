"""How often a credential is rotated, and for how long the one before goes on working; by kind of source.

What the field asks for: privileged credentials daily or weekly, keys of clouds weekly or monthly, tokens in minutes.
The exact figures are this library's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, PlainSerializer

from nhi_components.core.model import Spec, wrong

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

_UNITS: Mapping[str, timedelta] = MappingProxyType({"m": MINUTE, "h": HOUR, "d": DAY})
_LENGTH = re.compile(r"(0|[1-9][0-9]{0,5})([mhd])", re.ASCII)


class SourceKind(StrEnum):
    """What issues a credential."""

    AWS_ACCESS_KEY = "aws-access-key"
    GCP_SERVICE_ACCOUNT_KEY = "gcp-service-account-key"
    ENTRA_CLIENT_SECRET = "entra-client-secret"  # noqa: S105 - a kind, not a secret
    VAULT_SECRET_ID = "vault-secret-id"  # noqa: S105 - a kind, not a secret id
    VAULT_CERTIFICATE = "vault-certificate"
    API_KEY = "api-key"
    COMMAND = "command"
    HTTP = "http"


def parse_length(value: Any) -> timedelta:
    """Read a length of time: minutes, hours or days, as `30m`, `12h`, `7d`; a `timedelta` stays one."""
    if isinstance(value, timedelta):
        return value
    match = _LENGTH.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise wrong(got=value, expected="a number of minutes, hours or days", fix="write it as 30m, 12h or 7d")
    return int(match[1]) * _UNITS[match[2]]


def format_length(length: timedelta) -> str:
    """Write a length of time in whole minutes as `parse_length` reads it, in the largest unit that divides it."""
    for unit in ("d", "h"):
        if length and not length % _UNITS[unit]:
            return f"{length // _UNITS[unit]}{unit}"
    return f"{length // MINUTE}m"


Length = Annotated[timedelta, BeforeValidator(parse_length), PlainSerializer(format_length)]
"""A length of time, written as `30m`, `12h` or `7d`."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """How often the credentials of one source are rotated.

    Attributes:
        usual: what holds when nothing is said.
        longest: what may be asked for at most.
        privileged: the longest for an identity of high privilege, which is its usual one as well.
    """

    usual: timedelta
    longest: timedelta
    privileged: timedelta


_CLOUD_KEY = Cadence(7 * DAY, 30 * DAY, DAY)
_SESSION_SECRET = Cadence(12 * HOUR, 7 * DAY, HOUR)

CADENCES: Mapping[SourceKind, Cadence] = MappingProxyType(
    {
        SourceKind.AWS_ACCESS_KEY: _CLOUD_KEY,
        SourceKind.GCP_SERVICE_ACCOUNT_KEY: _CLOUD_KEY,
        SourceKind.ENTRA_CLIENT_SECRET: _CLOUD_KEY,
        SourceKind.VAULT_SECRET_ID: _SESSION_SECRET,
        SourceKind.VAULT_CERTIFICATE: Cadence(7 * DAY, 30 * DAY, DAY),
        SourceKind.API_KEY: Cadence(30 * DAY, 90 * DAY, 7 * DAY),
        SourceKind.COMMAND: Cadence(30 * DAY, 90 * DAY, 7 * DAY),
        SourceKind.HTTP: Cadence(30 * DAY, 90 * DAY, 7 * DAY),
    }
)
"""By source: cloud keys weekly, at most monthly; what logs in to Vault in hours; keys of other systems monthly, at most
quarterly, because their holders are other people's systems. High privilege: daily, or weekly where others hold it."""

LONGEST_OVERLAP = 7 * DAY
"""Our own figure: whoever has not taken the new one up within a week is found and asked, not waited for."""


class Rotation(Spec):
    """When a credential is replaced.

    Attributes:
        every: its greatest age, as `7d`; None: the usual one of its source.
        overlap: for how long the one before goes on working once the new one is everywhere, as `1d`, at most a week and
            less than `every`. It ends earlier when the source shows the old one unused. `0m`: not at all.
        high_privilege: whether the identity can do harm beyond its own data; then the stricter cadence holds.
    """

    subject: ClassVar[str] = "rotation"

    every: Length | None = None
    overlap: Annotated[Length, Field(ge=timedelta(0), le=LONGEST_OVERLAP)] = DAY
    high_privilege: bool = False

    def age_of(self, kind: SourceKind) -> timedelta:
        """Tell the greatest age of a source's credentials."""
        cadence = CADENCES[kind]
        return self.every or (cadence.privileged if self.high_privilege else cadence.usual)

    def overlap_of(self, kind: SourceKind) -> timedelta:
        """Tell the overlap: what was asked for, and never more than half the greatest age."""
        return min(self.overlap, self.age_of(kind) / 2)

    def judged_for(self, kind: SourceKind) -> Rotation:
        """Return itself when a source's cadence admits it.

        Raises:
            PydanticCustomError: it is longer, or shorter than a minute.
        """
        cadence = CADENCES[kind]
        longest = cadence.privileged if self.high_privilege else cadence.longest
        if self.every is not None and not MINUTE <= self.every <= longest:
            whose = "of high privilege" if self.high_privilege else ""
            expected = f"1m to {format_length(longest)} for {kind} {whose}".rstrip()
            raise wrong(got=format_length(self.every), expected=expected, fix="give a length in that range")
        return self
