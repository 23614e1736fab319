"""What workload identity pools and their providers have in common: operations, soft delete, ids that stay blocked.

Source: IAM, REST reference `projects.locations.workloadIdentityPools` and `….providers`: deleted ones can be restored
for 30 days, and their ids are not free before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.masks import masked
from tools.doubles.gcp.names import Clock, page_of, stamp
from tools.doubles.messages import Request

RESTORABLE: Final = timedelta(days=30)

_ID = re.compile(r"(?!gcp-)[a-z0-9-]{4,32}")
_LONGEST = {"displayName": 32, "description": 256}
_operations = count(1)


@dataclass(slots=True)
class Kept:
    """One pool or provider: what the API shows of it, and when it was deleted, None while it lives."""

    facts: dict[str, Any]
    deleted: datetime | None = None

    @property
    def lets_in(self) -> bool:
        """Whether it is neither deleted nor disabled."""
        return self.deleted is None and not self.facts.get("disabled")


class SoftDeleted:
    """Those of one kind, by name; names have the project's number.

    Attributes:
        by_name: each, deleted ones among them.
    """

    def __init__(self, type_: str, fields: tuple[str, ...], now: Clock) -> None:
        self.by_name: dict[str, Kept] = {}
        self._type, self._fields, self._now = type_, fields, now

    def find(self, name: str) -> Kept:
        """Find one, perhaps a deleted one.

        Raises:
            Refusal: 404.
        """
        self._forget()
        if name not in self.by_name:
            raise refuse("NOT_FOUND", "Requested entity was not found.")
        return self.by_name[name]

    def create(self, name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Make one; the answer is an operation that is done."""
        self._forget()
        if not _ID.fullmatch(name.rpartition("/")[2]):
            raise refuse("INVALID_ARGUMENT", f"Invalid id in {name}: 4 to 32 of [a-z0-9-], not beginning with gcp-.")
        if name in self.by_name:
            raise refuse("ALREADY_EXISTS", "Requested entity already exists")
        self.by_name[name] = Kept(self._read({}, asked, self._fields))
        return self.done(name)

    def patch(self, name: str, request: Request) -> dict[str, Any]:
        """Change what the mask names; the answer is an operation that is done."""
        kept, asked = self.find(name), request.json()
        if kept.deleted:
            raise refuse("FAILED_PRECONDITION", f"{name} is deleted.")
        mask = request.query.get("updateMask", "")
        if not mask:
            raise refuse("INVALID_ARGUMENT", "The update_mask is required.")
        kept.facts = self._read(kept.facts, asked, tuple(masked(mask, self._fields)))
        return self.done(name)

    def delete(self, name: str) -> dict[str, Any]:
        """Delete one softly; the answer is an operation that is done."""
        kept = self.find(name)
        if kept.deleted:
            raise refuse("FAILED_PRECONDITION", f"{name} is deleted already.")
        kept.deleted = self._now()
        return self.done(name)

    def undelete(self, name: str) -> dict[str, Any]:
        """Restore one; the answer is an operation that is done."""
        kept = self.find(name)
        if not kept.deleted:
            raise refuse("FAILED_PRECONDITION", f"{name} is not deleted.")
        kept.deleted = None
        return self.done(name)

    def listed(self, parent: str, field: str, request: Request) -> dict[str, Any]:
        """One page of those of a parent; deleted ones are shown when they are asked for."""
        self._forget()
        with_deleted = request.query.get("showDeleted") == "true"
        found = [
            self.shown(name)
            for name, kept in self.by_name.items()
            if name.rpartition("/")[0] == parent and (with_deleted or kept.deleted is None)
        ]
        return page_of(found, field, request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    def shown(self, name: str) -> dict[str, Any]:
        """What the API shows of one."""
        kept = self.find(name)
        shown = {"name": name, "state": "DELETED" if kept.deleted else "ACTIVE"} | kept.facts
        return shown | ({"expireTime": stamp(kept.deleted + RESTORABLE)} if kept.deleted else {})

    def done(self, name: str) -> dict[str, Any]:
        """An operation on one that is done."""
        operation = f"{name}/operations/op{next(_operations):06d}"
        response = {"@type": f"type.googleapis.com/google.iam.v1.{self._type}"} | self.shown(name)
        return {"name": operation, "done": True, "response": response}

    def judge(self, facts: Mapping[str, Any]) -> None:
        """Refuse what one of this kind may not be; to be extended."""
        for key, longest in _LONGEST.items():
            if len(facts.get(key, "")) > longest:
                raise refuse("INVALID_ARGUMENT", f"{key} cannot exceed {longest} characters.")

    def _read(self, stands: Mapping[str, Any], asked: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
        facts = {key: value for key, value in stands.items() if key not in fields}
        facts |= {key: asked[key] for key in fields if asked.get(key)}
        self.judge(facts)
        return facts

    def _forget(self) -> None:
        for name, kept in [*self.by_name.items()]:
            if kept.deleted and self._now() >= kept.deleted + RESTORABLE:
                del self.by_name[name]
