"""How fast access ended on one system, held against what was required."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from nhi_components.core.links import NotChecked, System
from nhi_components.core.model import wrong
from nhi_components.core.revocation import Revocation
from nhi_components.lifecycle.evidence.parts import At, Record, Seconds, Unchecked, UtcTime
from nhi_components.lifecycle.evidence.text import Identifier
from nhi_components.lifecycle.latency import Latency


class Verdict(StrEnum):
    """Whether a requirement of latency was met; what was not checked is never called met."""

    MET = "met"
    MISSED = "missed"
    NOT_SHOWN = "not shown"


class RevocationRow(Record):
    """How fast access ended through one connection.

    Attributes:
        required: how fast it had to.
        limit_seconds: the same in seconds, from the start of this revocation.
        started: when the revocation started; of a teardown that was resumed, when its first cut-off did.
        completed: when the last principal there was disabled, its sessions refused and its canary refused; or why that
            is not known.
        seconds: from the one to the other; None when that is not known.
        verdict: what follows from these.
    """

    system: System
    connection: Identifier
    required: Revocation
    limit_seconds: Seconds
    started: UtcTime
    completed: Annotated[At | Unchecked, Field(discriminator="state")]
    seconds: Seconds | None
    verdict: Verdict

    @classmethod
    def of(cls, latency: Latency, required: Revocation, ends: date) -> Self:
        """Hold a measured latency against a requirement.

        Args:
            latency: what was measured.
            required: how fast it had to be.
            ends: the UTC day at whose start the identity ends.
        """
        completed = _record(latency.completed)
        seconds = _seconds(latency.started, completed)
        limit = round(required.limit(ends, latency.started).total_seconds(), 3)
        return cls(
            system=latency.system,
            connection=latency.connection,
            required=required,
            limit_seconds=limit,
            started=latency.started,
            completed=completed,
            seconds=seconds,
            verdict=_verdict(seconds, limit),
        )

    @model_validator(mode="after")
    def _follows(self) -> Self:
        seconds = _seconds(self.started, self.completed)
        verdict = _verdict(seconds, self.limit_seconds)
        if (self.seconds, self.verdict) != (seconds, verdict):
            raise wrong(
                got=f"{self.verdict} after {self.seconds} s",
                expected=f"{verdict} after {seconds} s, as its times and its limit say",
                fix="treat the statement as forged",
            )
        return self

    @property
    def measured(self) -> Latency | None:
        """What was measured; None when it is not known when access ended."""
        if isinstance(self.completed, Unchecked):
            return None
        return Latency(self.system, self.connection, self.started, self.completed.time)

    def __str__(self) -> str:
        """Tell it in one line for people."""
        what = f"{self.system}, connection {self.connection}: revocation {self.verdict}"
        required = f"required: {self.required}, {self.limit_seconds:g} s"
        if isinstance(self.completed, Unchecked):
            return f"{what} ({required}): {self.completed.reason}"
        return f"{what}: {self.seconds:g} s ({required})"


def _record(completed: datetime | NotChecked) -> At | Unchecked:
    return Unchecked(reason=completed.reason) if isinstance(completed, NotChecked) else At(time=completed)


def _seconds(started: datetime, completed: At | Unchecked) -> float | None:
    return round((completed.time - started).total_seconds(), 3) if isinstance(completed, At) else None


def _verdict(seconds: float | None, limit: float) -> Verdict:
    if seconds is None:
        return Verdict.NOT_SHOWN
    return Verdict.MET if seconds <= limit else Verdict.MISSED
