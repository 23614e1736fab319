"""When an identity ends: an absolute UTC day, or a number of days that is resolved once, at issue."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from nhi_components.core.errors import Problem
from nhi_components.core.model import Spec, wrong

MAXIMUM_LIFETIME = timedelta(days=366)
"""No identity is issued for longer; the owner renews it. Our own rule: what AC-2 of NIST SP 800-53 reviews, ends."""


class Expiry(Spec):
    """The end of an identity: access ends at 00:00 UTC of that day.

    Attributes:
        on: the day itself.
        after_days: days from the issue day, 1 to 366; resolved once, so that later runs do not move the end.
    """

    subject: ClassVar[str] = "expiry"

    on: date | None = None
    after_days: Annotated[int, Field(ge=1, le=MAXIMUM_LIFETIME.days)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _accept_a_bare_date(cls, value: Any) -> Any:
        return {"on": value} if isinstance(value, date | str) else value

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.on is None) == (self.after_days is None):
            raise wrong(
                got="both" if self.on else "neither",
                expected="exactly one of `on` and `after_days`",
                fix="give the end date, or the number of days from the issue day",
            )
        return self

    def resolve(self, issued: date) -> date:
        """Tell the end date of an identity that was issued on that UTC day."""
        return self.on if self.on is not None else issued + timedelta(days=self.after_days or 0)


def problem_of_new_end(ends: date, today: date) -> Problem | None:
    """Judge the end date of an identity that is about to be issued or renewed.

    Args:
        ends: the UTC day at whose start access ends.
        today: the current UTC day.
    """
    if ends <= today:
        return Problem(
            "expires", ends.isoformat(), f"a day after {today.isoformat()} (today, UTC)", "give a later end date"
        )
    if ends - today > MAXIMUM_LIFETIME:
        latest = today + MAXIMUM_LIFETIME
        return Problem(
            "expires", ends.isoformat(), f"at most {MAXIMUM_LIFETIME.days} days ahead", f"give a day up to {latest}"
        )
    return None
