"""What can be wrong with evidence: one flaw is one problem, with a stable code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pydantic import ValidationError

from nhi_components.core.errors import EvidenceError, Problem


class FlawCode(StrEnum):
    """Stable codes for tools."""

    NOT_AN_ENVELOPE = "not-an-envelope"
    NOT_CANONICAL = "not-canonical"
    UNTRUSTED_KEY = "untrusted-key"
    BAD_SIGNATURE = "bad-signature"
    MALFORMED = "malformed"
    SUBJECTS = "subjects"
    SIGNER = "signer"
    SEQUENCE = "sequence"
    GAP = "gap"
    BROKEN_CHAIN = "broken-chain"
    HEAD = "head"
    TRUNCATED = "truncated"
    FORKED = "forked"
    ANCHOR = "anchor"
    HIDDEN_CLOCK = "hidden-clock"
    INCOMPLETE = "incomplete"
    NO_TRUSTED_KEY = "no-trusted-key"


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong.

    Attributes:
        code: what sort of flaw.
        path: the file and the place within it.
        got: what was found; never file content that could hold a credential.
        expected: what belongs there.
        fix: what to do.
    """

    code: FlawCode
    path: str
    got: str
    expected: str
    fix: str

    def __str__(self) -> str:
        return f"[{self.code}] {Problem(self.path, self.got, self.expected, self.fix)}"


RESTORE = "restore the file from a copy, and find out who changed it"


class EvidenceRefused(EvidenceError):
    """Evidence, or what should become evidence, has flaws; all of them are reported at once."""

    def __init__(self, subject: str, flaws: Iterable[Flaw]) -> None:
        self.flaws = tuple(flaws)
        count = len(self.flaws)
        heading = f"{subject}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n  ".join([heading, *(str(flaw) for flaw in self.flaws)]))


def malformed(error: ValidationError, path: str, fix: str) -> list[Flaw]:
    """Turn a model's errors into flaws; shows no input."""
    flaws = []
    for details in error.errors(include_url=False, include_input=False):
        place = ".".join([path, *(str(part) for part in details["loc"])])
        context = details.get("ctx", {})
        got = context["got"] if "fix" in context else details["type"].replace("_", " ")
        flaws.append(
            Flaw(FlawCode.MALFORMED, place, got, context.get("expected") or details["msg"], context.get("fix", fix))
        )
    return flaws
