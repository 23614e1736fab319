"""Notes and claims as texts: what is written is read back, and what people have made of it is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.adapters.journal_text import claim_in, claim_text, notes_in, notes_text
from nhi_components.lifecycle.adapters.quoting import quotes
from nhi_components.lifecycle.credentials.ports import Claim

CLAIM = Claim("run-1", "dana@laptop", datetime(2027, 1, 31, 10, tzinfo=UTC))


def test_what_is_written_is_read_back() -> None:
    assert claim_in(claim_text(CLAIM), "here") == CLAIM
    assert notes_in(notes_text({"key": "one", "at-a": "two"}), "here") == {"key": "one", "at-a": "two"}


@pytest.mark.parametrize("text", [None, ""])
def test_no_text_is_none(text: str | None) -> None:
    assert (claim_in(text, "here"), notes_in(text, "here")) == (None, {})


@pytest.mark.parametrize(
    "text", ["somebody", "[]", "null", "{}", '{"run": "a", "who": "b"}', '{"run": "a", "who": "b", "until": "soon"}']
)
def test_no_claim_is_told(text: str) -> None:
    with pytest.raises(NhiError, match=r"^here: found a claim without .*, expected one; fix: "):
        claim_in(text, "here")


@pytest.mark.parametrize("text", ["somebody", "[]", "3", '"key"'])
def test_no_notes_are_told(text: str) -> None:
    with pytest.raises(NhiError, match=r"^here: found notes .*, expected its own; fix: "):
        notes_in(text, "here")


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("denied: a-secret-value!", True),
        ("denied: first-line-of-it\\nsecond-line-of-it", True),
        ("denied: pin", True),
        ("denied: the quota is used up", False),
        ("", False),
    ],
)
def test_a_text_that_quotes_a_value_or_a_line_of_one_is_known(text: str, quoted: bool) -> None:
    values = ["a-secret-value", "first-line-of-it\nsecond-line-of-it\n", "pin", "", "of it"]
    assert quotes(text, values) is quoted
