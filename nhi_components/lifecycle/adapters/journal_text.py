"""Notes and a claim as one text each, for systems that keep them beside a credential in a single value."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.credentials.ports import Claim


def notes_text(notes: Mapping[str, str]) -> str:
    """Write notes as JSON."""
    return json.dumps(dict(notes), sort_keys=True)


def notes_in(text: str | None, place: str) -> dict[str, str]:
    """Read them back; none when there is no text.

    Args:
        text: what is kept.
        place: where, for the error.

    Raises:
        NhiError: they are not such notes; people have changed them.
    """
    told = _object(text) if text else {}
    if told is None:
        fix = "restore them as they were, or remove them all: the next run then issues a new key"
        raise NhiError(f"{place}: found notes that this release can't read, expected its own; fix: {fix}")
    return {key: str(value) for key, value in told.items()}


def claim_text(claim: Claim) -> str:
    """Write a claim as JSON."""
    return json.dumps({"run": claim.run, "who": claim.who, "until": claim.until.isoformat()})


def claim_in(text: str | None, place: str) -> Claim | None:
    """Read it back; None when there is no text; arguments as for `notes_in`.

    Raises:
        NhiError: it is no claim that this release can read, so that it may be another run's.
    """
    return claim_of(_object(text) or {}, place) if text else None


def claim_of(told: Mapping[str, Any], place: str) -> Claim:
    """Make a claim of its three parts; see `claim_in`."""
    try:
        return Claim(str(told["run"]), str(told["who"]), datetime.fromisoformat(str(told["until"])))
    except (KeyError, ValueError):
        raise NhiError(
            f"{place}: found a claim without run, who and until, expected one; fix: see that no run is under way, then "
            "remove it"
        ) from None


def _object(text: str) -> dict[str, Any] | None:
    try:
        told = json.loads(text)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
