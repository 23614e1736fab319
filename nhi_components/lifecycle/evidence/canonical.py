"""The one JSON text of a value, so that equal values have equal bytes."""

from __future__ import annotations

import hashlib
import json


def canonical_json(value: object) -> bytes:
    """Write JSON with sorted keys, no spaces, UTF-8; `ValueError` for NaN and infinities."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def sha256_hex(data: bytes) -> str:
    """SHA-256 in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()
