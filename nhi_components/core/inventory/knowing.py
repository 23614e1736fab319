"""What the marks on an identity say of it: who owns it, what it is for, where it runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from nhi_components.core.inventory.records import FoundIdentity, Knowledge, Subject
from nhi_components.core.tags import ENDS, ENVIRONMENT, OWNER, PURPOSE, STACK, lease_of, lease_of_metadata

_OURS: Final = {OWNER: Subject.OWNER, PURPOSE: Subject.PURPOSE, ENVIRONMENT: Subject.ENVIRONMENT}
_USUAL: Final[Mapping[str, Subject]] = MappingProxyType(
    {
        "owner": Subject.OWNER,
        "team": Subject.OWNER,
        "contact": Subject.OWNER,
        "maintainer": Subject.OWNER,
        "purpose": Subject.PURPOSE,
        "description": Subject.PURPOSE,
        "env": Subject.ENVIRONMENT,
        "environment": Subject.ENVIRONMENT,
        "stage": Subject.ENVIRONMENT,
        "tier": Subject.TIER,
        "criticality": Subject.TIER,
    }
)
"""Names that people give such marks, in lower case; a prefix such as `example.com/` or `corp:` does not matter."""


def told_by_marks(identity: FoundIdentity) -> Iterator[Knowledge]:
    """Yield what the tags, labels, annotations or metadata of an identity say of it, each with the mark as source."""
    for mark, value in sorted(identity.marks.items()):
        subject = _subject(mark)
        if subject is not None and value.strip():
            yield Knowledge(identity.key, subject, value.strip(), f"mark {mark}")


def lease_of_marks(marks: Mapping[str, str]) -> str | None:
    """Tell which lease the bearer of marks belongs to, however its system has us write it; None when to none."""
    return lease_of(marks) or lease_of_metadata(marks)


def ends_of_marks(marks: Mapping[str, str]) -> date | None:
    """Tell the UTC day at whose start the bearer of marks ends, by our own mark; None when none tells a day."""
    try:
        return date.fromisoformat(_own(marks, ENDS))
    except ValueError:
        return None


def stack_of_marks(marks: Mapping[str, str]) -> str:
    """Tell which stack, as `project/stack`, has made the bearer of marks; empty when none tells."""
    return _own(marks, STACK)


def _own(marks: Mapping[str, str], name: str) -> str:
    return marks.get(name) or marks.get(name.replace(":", "_", 1)) or ""


def _subject(mark: str) -> Subject | None:
    plain = mark.replace("_", ":", 1) if mark.startswith("nhi_") else mark
    if plain in _OURS:
        return _OURS[plain]
    return _USUAL.get(plain.rpartition("/")[2].rpartition(":")[2].lower())
