"""Names, numbers, times and etags as Google's APIs write them."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

from tools.doubles.gcp.errors import refuse

Clock = Callable[[], datetime]

_etags = count(0x5E0_0000_0000)


def number_of(project: str) -> str:
    """A project's number: answers name projects by it, whatever the question named."""
    return project if project.isdigit() else str(100_000_000_000 + zlib.crc32(project.encode()))


def numeric_id(text: str) -> str:
    """A number of 21 digits, as a service account's unique id is."""
    return f"1{zlib.crc32(text.encode()):010d}{zlib.adler32(text.encode()):010d}"


def new_etag() -> str:
    """An etag that never was before; the quotation marks are part of it."""
    return f'"{next(_etags):x}"'


def policy_etag() -> str:
    """An etag that never was before, as allow policies and custom roles have it: eight bytes in base64."""
    return base64.b64encode(b"\x07" + next(_etags).to_bytes(7, "big")).decode()


def stamp(moment: datetime, *, microseconds: bool = True) -> str:
    """A time in RFC 3339, in UTC."""
    form = "%Y-%m-%dT%H:%M:%S.%fZ" if microseconds else "%Y-%m-%dT%H:%M:%SZ"
    return moment.astimezone(UTC).strftime(form)


def page_of(items: list[dict[str, object]], field: str, size: str, token: str) -> dict[str, object]:
    """One page of a list: `pageSize` of them, after those that `pageToken` counts.

    Raises:
        Refusal: 400 for a token that was never given out.
    """
    if token and not token.isdigit():
        raise refuse("INVALID_ARGUMENT", "Request contains an invalid argument: page_token.")
    start, length = int(token or 0), int(size or 0) or 100
    end = start + length
    more = {"nextPageToken": str(end)} if end < len(items) else {}
    return {field: items[start:end], **more} if items[start:end] else {**more}
