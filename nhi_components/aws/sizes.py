"""How long IAM lets documents be; checked before anything is created.

IAM counts no white space; these documents have none outside strings. Source: IAM user guide, 'IAM and AWS STS quotas'.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from nhi_components.core.errors import Problem, SpecError


@dataclass(frozen=True, slots=True)
class SizeLimit:
    """The longest that one document may be.

    Attributes:
        what: the document.
        path: the argument that makes it long.
        longest: characters.
        fix: what makes it shorter.
    """

    what: str
    path: str
    longest: int
    fix: str

    def problems(self, document: str) -> list[Problem]:
        """Judge a document."""
        if len(document) <= self.longest:
            return []
        return [Problem(self.path, f"{len(document):,} characters", f"at most {self.longest:,}", self.fix)]


CUT_OFF_ROOM: Final = 740
"""Characters that the cut-off's deny and its canary's leave need beside the grants, should they have to end access."""

TRUST_POLICY: Final = SizeLimit("trust policy", "trusted_by", 2_048, "trust fewer principals, or shorter names")
"""The default quota; AWS raises it on request, and no trust written here needs that."""

INLINE_POLICY: Final = SizeLimit(
    "inline policy", "grants", 10_240 - CUT_OFF_ROOM, "split the identity, or grant on fewer targets"
)
"""All inline policies of a role together may have 10,240 characters."""

USER_CUT_OFF_ROOM: Final = 140
"""The same for a user, which has no canary."""

USER_POLICY: Final = SizeLimit(
    "inline policy", "grants", 2_048 - USER_CUT_OFF_ROOM, "split the identity, or grant on fewer targets"
)
"""All inline policies of a user together may have 2,048 characters."""

MANAGED_POLICY: Final = SizeLimit("managed policy", "allow", 6_144, "allow whole services instead of single actions")


def refuse_too_long(limit: SizeLimit, document: str) -> None:
    """Refuse a document that IAM would not take.

    Raises:
        SpecError: naming its length and the limit.
    """
    if problems := limit.problems(document):
        raise SpecError(limit.what, problems)
