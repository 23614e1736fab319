"""Verdicts: what is wrong with an identity, with reason, points and the risks of OWASP that it is an instance of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple


class Verdict(StrEnum):
    """What may be wrong with an identity."""

    SHADOW = "shadow"
    UNOWNED = "unowned"
    ORPHANED = "orphaned"
    DUPLICATE = "duplicate"
    UNUSED = "unused"
    EXPIRED = "expired"
    ENDLESS = "endless"
    OLD_CREDENTIAL = "old-credential"
    OVER_PRIVILEGED = "over-privileged"
    PATH_TO_ADMIN = "path-to-admin"
    MIXED_DUTIES = "mixed-duties"


class Owasp(StrEnum):
    """Risks of the OWASP Non-Human Identities Top 10, 2025."""

    IMPROPER_OFFBOARDING = "NHI1:2025"
    SECRET_LEAKAGE = "NHI2:2025"  # noqa: S105 - a risk, not a secret
    VULNERABLE_THIRD_PARTY = "NHI3:2025"
    INSECURE_AUTHENTICATION = "NHI4:2025"
    OVERPRIVILEGED = "NHI5:2025"
    INSECURE_CLOUD_DEPLOYMENT = "NHI6:2025"
    LONG_LIVED_SECRETS = "NHI7:2025"
    ENVIRONMENT_ISOLATION = "NHI8:2025"
    REUSE = "NHI9:2025"
    HUMAN_USE = "NHI10:2025"


class About(NamedTuple):
    """What a verdict means.

    Attributes:
        meaning: for people, as the end of a sentence that begins with `an identity that`.
        owasp: the risks of which it is an instance.
    """

    meaning: str
    owasp: tuple[Owasp, ...]


ABOUT: Final[Mapping[Verdict, About]] = MappingProxyType(
    {
        Verdict.SHADOW: About("no lease, stack or state answers for", (Owasp.IMPROPER_OFFBOARDING,)),
        Verdict.UNOWNED: About("nobody is said to own", (Owasp.IMPROPER_OFFBOARDING,)),
        Verdict.ORPHANED: About("has outlived its owner, its stack or what it was for", (Owasp.IMPROPER_OFFBOARDING,)),
        Verdict.DUPLICATE: About("does the same as another", (Owasp.REUSE,)),
        Verdict.UNUSED: About("nothing has used for 30, 60 or 90 days", (Owasp.IMPROPER_OFFBOARDING,)),
        Verdict.EXPIRED: About("lives on after its end", (Owasp.IMPROPER_OFFBOARDING,)),
        Verdict.ENDLESS: About("has a credential that never ends", (Owasp.LONG_LIVED_SECRETS,)),
        Verdict.OLD_CREDENTIAL: About(
            "has a credential that was not rotated for too long", (Owasp.LONG_LIVED_SECRETS,)
        ),
        Verdict.OVER_PRIVILEGED: About("may do more than it should need", (Owasp.OVERPRIVILEGED,)),
        Verdict.PATH_TO_ADMIN: About("can become an administrator", (Owasp.OVERPRIVILEGED,)),
        Verdict.MIXED_DUTIES: About("may do what two should do", (Owasp.OVERPRIVILEGED, Owasp.ENVIRONMENT_ISOLATION)),
    }
)


@dataclass(frozen=True, slots=True)
class Judged:
    """One verdict on one identity.

    Attributes:
        key: of the identity.
        unique_id: its system's own id.
        verdict: what is wrong.
        degree: which of its degrees, such as `90` for days unused; empty where it has none.
        reason: what was found, for people; never a credential.
        points: what it adds to the identity's risk score, 0 to 100.
    """

    key: str
    unique_id: str
    verdict: Verdict
    degree: str
    reason: str
    points: int

    @property
    def owasp(self) -> tuple[Owasp, ...]:
        """The risks of which it is an instance."""
        return ABOUT[self.verdict].owasp
