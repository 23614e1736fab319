"""Pub/Sub v1, `projects.subscriptions`: create, get, list, patch, delete, pull, acknowledge, modifyAckDeadline, seek.

Messages are handed out by pull only; push subscriptions, filters and dead letters are refused.
Permissions: Pub/Sub, 'Access control with IAM', 'Required permissions'; figures: REST reference of `v1`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from tools.doubles.gcp.access import Access
from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.masks import change, chosen, masked
from tools.doubles.gcp.names import Clock, page_of
from tools.doubles.gcp.pubsub import Delivery, Subscription, Topics, check_new
from tools.doubles.gcp.pubsub_snapshots import Snapshots
from tools.doubles.gcp.times import moment
from tools.doubles.messages import Request
from tools.doubles.routes import route

_SUBSCRIPTIONS = "/v1/projects/{project}/subscriptions"
_SUBSCRIPTION = _SUBSCRIPTIONS + "/{subscription}"
_CHANGEABLE = (
    "ackDeadlineSeconds",
    "labels",
    "messageRetentionDuration",
    "retainAckedMessages",
    "expirationPolicy",
    "retryPolicy",
)
_FIELDS = (*_CHANGEABLE, "enableMessageOrdering", "enableExactlyOnceDelivery")
_UNKNOWN = ("filter", "deadLetterPolicy", "bigqueryConfig", "cloudStorageConfig", "detached")
_DEFAULTS = {
    "ackDeadlineSeconds": 10,
    "messageRetentionDuration": "604800s",
    "expirationPolicy": {"ttl": "2678400s"},
}
_SHORTEST, _LONGEST = 10, 600


class Subscriptions:
    """Every subscription of every project.

    Attributes:
        by_name: each, by its resource name.
        snapshots: what their backlogs once were.
    """

    def __init__(self, topics: Topics, now: Clock, access: Access) -> None:
        self.by_name: dict[str, Subscription] = {}
        self.snapshots = Snapshots(self.by_name, now, access)
        self._topics, self._now, self._access = topics, now, access
        self._taken: dict[str, Delivery] = {}
        self._numbers = count(1)

    @route("PUT", _SUBSCRIPTION, needs="pubsub.subscriptions.create")
    def create(self, request: Request) -> Any:
        project, id_, asked = request.params["project"], request.params["subscription"], request.json()
        name, topic = f"projects/{project}/subscriptions/{id_}", str(asked.get("topic", ""))
        check_new(id_, name, self.by_name)
        self._access.require(request, "pubsub.topics.attachSubscription", topic)
        if unknown := [each for each in _UNKNOWN if asked.get(each)] or asked.get("pushConfig", {}).get("pushEndpoint"):
            raise refuse("INVALID_ARGUMENT", f"the double knows no subscriptions with {unknown}")
        _check_deadline(asked.get("ackDeadlineSeconds", 0) or _SHORTEST, least=_SHORTEST)
        found = self._topics.find(topic)
        made = Subscription(
            {"name": name, "topic": topic, "pushConfig": {}} | _DEFAULTS | chosen(asked, _FIELDS) | {"state": "ACTIVE"}
        )
        self.by_name[name] = found.subscriptions[name] = made
        self._access.policies.attach(name, f"projects/{project}", conditions=False)
        return made.facts

    @route("GET", _SUBSCRIPTION, needs="pubsub.subscriptions.get")
    def get(self, request: Request) -> Any:
        return self._subscription(request).facts

    @route("GET", _SUBSCRIPTIONS, needs="pubsub.subscriptions.list")
    def list(self, request: Request) -> Any:
        start = f"projects/{request.params['project']}/subscriptions/"
        found = [each.facts for name, each in sorted(self.by_name.items()) if name.startswith(start)]
        return page_of(found, "subscriptions", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    @route("PATCH", _SUBSCRIPTION, needs="pubsub.subscriptions.update")
    def patch(self, request: Request) -> Any:
        subscription, asked = self._subscription(request), request.json()
        mask = asked.get("updateMask") or request.query.get("updateMask")
        if not mask:
            raise refuse("INVALID_ARGUMENT", "The update_mask must be set, and must not be empty.")
        change(subscription.facts, asked.get("subscription", {}), masked(mask, _CHANGEABLE))
        subscription.facts |= {key: value for key, value in _DEFAULTS.items() if key not in subscription.facts}
        return subscription.facts

    @route("DELETE", _SUBSCRIPTION, needs="pubsub.subscriptions.delete")
    def delete(self, request: Request) -> Any:
        facts = self._subscription(request).facts
        del self.by_name[facts["name"]]
        if topic := self._topics.by_name.get(facts["topic"]):
            topic.subscriptions.pop(facts["name"])
        self._access.policies.detach(facts["name"])
        return {}

    @route("POST", _SUBSCRIPTION + ":pull", needs="pubsub.subscriptions.consume")
    def pull(self, request: Request) -> Any:
        subscription, most = self._subscription(request), request.json().get("maxMessages", 0)
        if most < 1:
            raise refuse("INVALID_ARGUMENT", "The value for max_messages must be greater than zero.")
        free = [each for each in subscription.backlog if self._is_free(each)]
        handed = [self._handed(subscription, delivery) for delivery in free[:most]]
        return {"receivedMessages": handed} if handed else {}

    @route("POST", _SUBSCRIPTION + ":acknowledge", needs="pubsub.subscriptions.consume")
    def acknowledge(self, request: Request) -> Any:
        subscription = self._subscription(request)
        for delivery in self._held(request):
            delivery.acknowledged = True
        if not subscription.facts.get("retainAckedMessages"):
            subscription.backlog = [each for each in subscription.backlog if not each.acknowledged]
        return {}

    @route("POST", _SUBSCRIPTION + ":modifyAckDeadline", needs="pubsub.subscriptions.consume")
    def modify(self, request: Request) -> Any:
        self._subscription(request)
        seconds = request.json().get("ackDeadlineSeconds", 0)
        _check_deadline(seconds, least=0)
        for delivery in self._held(request):
            delivery.leased = self._now() + timedelta(seconds=seconds)
        return {}

    @route("POST", _SUBSCRIPTION + ":seek", needs="pubsub.subscriptions.consume")
    def seek(self, request: Request) -> Any:
        subscription, asked = self._subscription(request), request.json()
        if "snapshot" in asked:
            self._access.require(request, "pubsub.snapshots.seek", asked["snapshot"])
            kept = self.snapshots.find(asked["snapshot"]).open
            backlog = [each for each in subscription.backlog if all(each is not one for one in kept)]
            subscription.backlog = [*kept, *backlog]
            for delivery in kept:
                delivery.acknowledged, delivery.leased = False, None
            return {}
        since = moment(asked.get("time", ""))
        for delivery in subscription.backlog:
            delivery.acknowledged, delivery.leased = delivery.published < since, None
        return {}

    def _is_free(self, delivery: Delivery) -> bool:
        return not delivery.acknowledged and (delivery.leased is None or delivery.leased <= self._now())

    def _handed(self, subscription: Subscription, delivery: Delivery) -> dict[str, Any]:
        delivery.leased = self._now() + timedelta(seconds=subscription.facts["ackDeadlineSeconds"])
        delivery.attempts += 1
        handle = f"{subscription.facts['name']}:{next(self._numbers)}"
        self._taken[handle] = delivery
        return {"ackId": handle, "message": delivery.message}

    def _held(self, request: Request) -> Sequence[Delivery]:
        """What the request's ids stand for; one that stands for nothing, or for another's, is passed over."""
        start = f"{self._subscription(request).facts['name']}:"
        handles = [each for each in request.json().get("ackIds", []) if each.startswith(start)]
        return [self._taken[each] for each in handles if each in self._taken]

    def _subscription(self, request: Request) -> Subscription:
        id_ = request.params["subscription"]
        found = self.by_name.get(f"projects/{request.params['project']}/subscriptions/{id_}")
        if found is None:
            raise refuse("NOT_FOUND", f"Resource not found (resource={id_}).")
        return found


def _check_deadline(seconds: int, *, least: int) -> None:
    if not least <= seconds <= _LONGEST:
        message = f"Invalid ack deadline given, {seconds} is not in the range [{least}, {_LONGEST}]."
        raise refuse("INVALID_ARGUMENT", message)
