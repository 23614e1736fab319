"""Objects of a directory as plain values: times, numbers, SIDs, and the accounts that a security descriptor lets in.

Sources: [MS-DTYP] 2.3.3 FILETIME, 2.4.2.2 SID, 2.4.4 ACE, 2.4.5 ACL, 2.4.6 SECURITY_DESCRIPTOR; RFC 4517, 3.3.13
Generalized Time; RFC 4515, 3 for what a filter writes otherwise.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)
_NEVER: Final = 0x7FFF_FFFF_FFFF_FFFF
_ALLOWED: Final = (0x00, 0x05, 0x09, 0x0B)
_DENIED: Final = (0x01, 0x06, 0x0A, 0x0C)
_OF_OBJECTS: Final = (0x05, 0x06, 0x0B, 0x0C)
"""Types of entries that may bear up to two GUIDs, of 16 bytes each, before the SID."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One object, as far as it may be read.

    Attributes:
        dn: its distinguished name, as the server writes it.
        values: the values of its attributes, by their names in lower case.
    """

    dn: str
    values: Mapping[str, Sequence[bytes]]

    def has(self, name: str) -> bool:
        """Tell whether an attribute shows any value."""
        return bool(self.values.get(name.lower()))

    def all(self, name: str) -> Sequence[bytes]:
        """All values of an attribute, as they are."""
        return self.values.get(name.lower(), ())

    def texts(self, name: str) -> list[str]:
        """All values of an attribute of text."""
        return [value.decode(errors="replace") for value in self.all(name)]

    def text(self, name: str) -> str:
        """The first value of an attribute of text; empty when there is none."""
        return next(iter(self.texts(name)), "")

    def number(self, name: str) -> int:
        """The value of a number; 0 when there is none."""
        return int(self.text(name) or 0)

    def sid(self, name: str = "objectSid") -> str:
        """The value of a SID as `S-1-…`; empty when there is none."""
        return next(iter(map(sid_text, self.all(name))), "")

    def guid(self, name: str = "objectGUID") -> str:
        """The value of a GUID in its usual form; empty when there is none."""
        return next((str(UUID(bytes_le=value)) for value in self.all(name)), "")

    def written(self, name: str) -> datetime | None:
        """The value of a Generalized Time, such as that of `whenCreated`."""
        told = self.text(name)
        with suppress(ValueError):
            return datetime.strptime(told[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        return None

    def counted(self, name: str) -> datetime | None:
        """The value of a FILETIME, such as that of `pwdLastSet`; None for `never` and for 0."""
        ticks = self.number(name)
        if ticks <= 0 or ticks == _NEVER:
            return None
        with suppress(OverflowError):
            return _EPOCH + timedelta(microseconds=ticks // 10)
        return None


def sid_text(value: bytes) -> str:
    """Write a SID as people do."""
    revision, count = value[0], value[1]
    authority = int.from_bytes(value[2:8], "big")
    return "-".join(["S", str(revision), str(authority), *map(str, struct.unpack_from(f"<{count}I", value, 8))])


def escaped(value: str) -> str:
    """Write a text as a value in a filter."""
    return "".join(f"\\{ord(each):02x}" if each in "\\*()\0" else each for each in value)


def let_in(descriptor: bytes) -> list[str]:
    """Name the SIDs that a security descriptor's discretionary list lets in and does not refuse, in its order.

    Without a list everybody is let in (`S-1-1-0`).
    """
    (offset,) = struct.unpack_from("<I", descriptor, 16)
    if not offset:
        return ["S-1-1-0"]
    (count,) = struct.unpack_from("<H", descriptor, offset + 4)
    at, allowed, denied = offset + 8, list[str](), set[str]()
    for _ in range(count):
        kind, _, size = struct.unpack_from("<BBH", descriptor, at)
        start = at + 8
        if kind in _OF_OBJECTS:
            (flags,) = struct.unpack_from("<I", descriptor, start)
            start += 4 + 16 * (flags & 1) + 16 * (flags >> 1 & 1)
        if kind in _ALLOWED:
            allowed.append(sid_text(descriptor[start : at + size]))
        elif kind in _DENIED:
            denied.add(sid_text(descriptor[start : at + size]))
        at += size
    return [sid for sid in dict.fromkeys(allowed) if sid not in denied]
