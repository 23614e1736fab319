"""The text that evidence may hold: names and prose, never a credential."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from nhi_components.core.model import wrong

LONGEST_IDENTIFIER = 2048
"""Characters of the longest ARN (IAM API, Arn parameters) and more than any Vault path that is listed."""
LONGEST_PROSE = 1000
REDACTED = "[redacted]"

_MARKED = re.compile(
    r"-----BEGIN[A-Z ]*PRIVATE KEY-----.*?(?:-----END[A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:hv[sbr]|[sbr])\.[A-Za-z0-9_-]{24,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"
    r"|\bgh[pousr]_[A-Za-z0-9]{36,}",
    re.DOTALL,
)
"""Credentials that a prefix gives away: private keys, Vault and OpenBao tokens, JSON web tokens, GitHub tokens."""

_AWS_SECRET_KEY = re.compile(
    r"(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*\d)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])"
)
"""Forty characters of mixed case: the form of an AWS secret access key; a path may have it too, so prose only."""

_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def _identifier(value: str) -> str:
    if _MARKED.search(value):
        raise wrong(
            got="text with the form of a credential",
            expected="a name, path or id",
            fix="name the thing by its id or accessor, never by its credential",
        )
    if any(unicodedata.category(character) in _UNPRINTABLE for character in value):
        raise wrong(got="unprintable characters", expected="printable text", fix="give the name as the system lists it")
    return value


def _readable(value: str) -> str:
    return "".join(" " if unicodedata.category(c) in _UNPRINTABLE else c for c in _MARKED.sub(REDACTED, value))


def _name(value: object) -> object:
    return _readable(value)[:LONGEST_IDENTIFIER] if isinstance(value, str) else value


def _prose(value: object) -> object:
    return prose(value) if isinstance(value, str) else value


def prose(value: str) -> str:
    """Make words fit to be kept, as `Prose` does; empty when nothing can be read in them."""
    readable = " ".join(_AWS_SECRET_KEY.sub(REDACTED, _readable(value)).split())
    return readable if len(readable) <= LONGEST_PROSE else readable[: LONGEST_PROSE - 1] + "…"


Identifier = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_IDENTIFIER), AfterValidator(_identifier)]
"""A name, path, ARN or id; refused when it has the form of a credential."""

Name = Annotated[str, BeforeValidator(_name), StringConstraints(min_length=1)]
"""A name or id as another's system lists it, cut to the length of the longest identifier; whatever has the form of a
credential is replaced before it is kept."""

Prose = Annotated[str, BeforeValidator(_prose), StringConstraints(min_length=1)]
"""Words by or for people, on one line; whatever has the form of a credential is replaced before it is kept."""
