"""Pub/Sub v1, `projects.snapshots`: create, get, list, delete; to seek to one is the subscription's.

Permissions: Pub/Sub, 'Access control with IAM', 'Required permissions'; figures: REST reference of `v1`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tools.doubles.gcp.access import Access
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.masks import chosen
from tools.doubles.gcp.names import Clock, page_of, stamp
from tools.doubles.gcp.pubsub import Delivery, Subscription, check_new
from tools.doubles.messages import Request
from tools.doubles.routes import route

_SNAPSHOTS = "/v1/projects/{project}/snapshots"
_SNAPSHOT = _SNAPSHOTS + "/{snapshot}"
_LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the API shows of one, and the deliveries that weren't acknowledged when it was made."""

    facts: dict[str, Any]
    open: tuple[Delivery, ...]


class Snapshots:
    """Every snapshot of every project.

    Attributes:
        by_name: each, by its resource name.
    """

    def __init__(self, subscriptions: dict[str, Subscription], now: Clock, access: Access) -> None:
        self.by_name: dict[str, Snapshot] = {}
        self._subscriptions, self._now, self._access = subscriptions, now, access

    def find(self, name: str) -> Snapshot:
        """Find one by its resource name."""
        if name not in self.by_name:
            raise refuse("NOT_FOUND", f"Resource not found (resource={name.rpartition('/')[2]}).")
        return self.by_name[name]

    @route("PUT", _SNAPSHOT, needs="pubsub.snapshots.create")
    def create(self, request: Request) -> Any:
        project, id_, asked = request.params["project"], request.params["snapshot"], request.json()
        name, of = f"projects/{project}/snapshots/{id_}", str(asked.get("subscription", ""))
        check_new(id_, name, self.by_name)
        self._access.require(request, "pubsub.subscriptions.consume", of)
        if of not in self._subscriptions:
            raise refuse("NOT_FOUND", f"Resource not found (resource={of.rpartition('/')[2]}).")
        subscription = self._subscriptions[of]
        facts = {"name": name, "topic": subscription.facts["topic"], "expireTime": stamp(self._now() + _LIFE)}
        left = tuple(each for each in subscription.backlog if not each.acknowledged)
        self.by_name[name] = Snapshot(facts | chosen(asked, ("labels",)), left)
        self._access.policies.attach(name, f"projects/{project}", conditions=False)
        return self.by_name[name].facts

    @route("GET", _SNAPSHOT, needs="pubsub.snapshots.get")
    def get(self, request: Request) -> Any:
        return self._snapshot(request).facts

    @route("GET", _SNAPSHOTS, needs="pubsub.snapshots.list")
    def list(self, request: Request) -> Any:
        start = f"projects/{request.params['project']}/snapshots/"
        found = [each.facts for name, each in sorted(self.by_name.items()) if name.startswith(start)]
        return page_of(found, "snapshots", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    @route("DELETE", _SNAPSHOT, needs="pubsub.snapshots.delete")
    def delete(self, request: Request) -> Any:
        name = self._snapshot(request).facts["name"]
        del self.by_name[name]
        self._access.policies.detach(name)
        return {}

    def _snapshot(self, request: Request) -> Snapshot:
        return self.find(f"projects/{request.params['project']}/snapshots/{request.params['snapshot']}")
