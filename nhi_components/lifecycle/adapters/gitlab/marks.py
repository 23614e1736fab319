"""How a lease is written on a CI/CD variable: in its description, the only text beside the value that GitLab keeps."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from nhi_components.core.credential.places import GitLabVariablePlace
from nhi_components.core.errors import NhiError
from nhi_components.core.lease_id import is_lease_id
from nhi_components.core.tags import LEASE, MANAGED_BY, MANAGER

LONGEST = 255
"""Characters of a description (GitLab, 'Project-level CI/CD variables API')."""

_KEY, _WRITE, _FIELD, _PLACE = "nhi-key", "nhi-write", "nhi-field", "nhi-place"
_READABLE = ":/@.+-_"


@dataclass(frozen=True, slots=True)
class Mark:
    """What the description of one of our variables says.

    Attributes:
        lease: whose it is.
        key_id: the key that it is a field of.
        write: the random id of the write that wrote it: another write, another id.
        field: which field of the credential it is.
        place: tells two places of a lease in one project apart.
    """

    lease: str
    key_id: str
    write: str
    field: str
    place: str

    def description(self, path: str) -> str:
        """Write it.

        Raises:
            NhiError: it is too long.
        """
        told = {LEASE: self.lease, MANAGED_BY: MANAGER, _KEY: self.key_id, _WRITE: self.write}
        told |= {_FIELD: self.field, _PLACE: self.place}
        text = " ".join(f"{name}={quote(value, safe=_READABLE)}" for name, value in told.items())
        if len(text) > LONGEST:
            raise NhiError(
                f"{path}: got a mark of {len(text)} characters, expected at most {LONGEST}, which a description takes; "
                "fix: use a source with shorter ids of keys"
            )
        return text


def mark_of(variable: Mapping[str, Any]) -> Mark | None:
    """Read the mark of a variable; None when it is none of ours."""
    parts = [part.partition("=") for part in str(variable.get("description") or "").split()]
    told = {name: unquote(value) for name, _, value in parts}
    lease = told.get(LEASE, "")
    if told.get(MANAGED_BY) != MANAGER or not is_lease_id(lease):
        return None
    return Mark(lease, *(told.get(name, "") for name in (_KEY, _WRITE, _FIELD, _PLACE)))


def place_id(spec: GitLabVariablePlace) -> str:
    """Make what tells a place from another of the same lease, from its names only."""
    return hashlib.sha256(spec.address.encode()).hexdigest()[:8]
