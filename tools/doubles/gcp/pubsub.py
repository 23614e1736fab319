"""Pub/Sub v1, `projects.topics`: create, get, list, patch, delete, publish.

Permissions: Pub/Sub, 'Access control with IAM', 'Required permissions'; fields and limits: REST reference of `v1`.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from tools.doubles.gcp.errors import refuse
from tools.doubles.gcp.masks import change, chosen, masked
from tools.doubles.gcp.names import Clock, page_of, stamp
from tools.doubles.gcp.policies import Policies
from tools.doubles.messages import Request
from tools.doubles.routes import route

ID = re.compile(r"(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}")
"""Of a topic, a subscription or a snapshot."""

_TOPICS = "/v1/projects/{project}/topics"
_TOPIC = _TOPICS + "/{topic}"
_FIELDS = ("labels", "messageStoragePolicy", "kmsKeyName", "schemaSettings", "messageRetentionDuration")
_MOST_MESSAGES = 1000
_LARGEST = 10_000_000


@dataclass(slots=True)
class Delivery:
    """One message on its way to one subscription.

    Attributes:
        message: as the API shows it.
        published: when.
        leased: until when whoever pulled it has time to acknowledge it; None while nobody has it.
        attempts: how often it was pulled.
        acknowledged: whether it is done with.
    """

    message: dict[str, Any]
    published: datetime
    leased: datetime | None = None
    attempts: int = 0
    acknowledged: bool = False


@dataclass(slots=True)
class Subscription:
    """One subscription: what the API shows of it, and its backlog, oldest first."""

    facts: dict[str, Any]
    backlog: list[Delivery] = field(default_factory=list)


@dataclass(slots=True)
class Topic:
    """One topic: what the API shows of it, and its subscriptions by name."""

    facts: dict[str, Any]
    subscriptions: dict[str, Subscription] = field(default_factory=dict)


class Topics:
    """Every topic of every project.

    Attributes:
        by_name: each, by its resource name.
    """

    def __init__(self, now: Clock, policies: Policies) -> None:
        self.by_name: dict[str, Topic] = {}
        self._now, self._policies = now, policies
        self._numbers = count(8_000_000_000_000_000)

    def find(self, name: str) -> Topic:
        """Find one by its resource name."""
        topic = self.by_name.get(name)
        if topic is None:
            raise refuse("NOT_FOUND", f"Resource not found (resource={name.rpartition('/')[2]}).")
        return topic

    @route("PUT", _TOPIC, needs="pubsub.topics.create")
    def create(self, request: Request) -> Any:
        project, id_, asked = request.params["project"], request.params["topic"], request.json()
        name = f"projects/{project}/topics/{id_}"
        check_new(id_, name, self.by_name)
        facts = {"name": name} | chosen(asked, _FIELDS)
        self.by_name[name] = Topic(facts)
        self._policies.attach(name, f"projects/{project}", conditions=False)
        return facts

    @route("GET", _TOPIC, needs="pubsub.topics.get")
    def get(self, request: Request) -> Any:
        return self._topic(request).facts

    @route("GET", _TOPICS, needs="pubsub.topics.list")
    def list(self, request: Request) -> Any:
        start = f"projects/{request.params['project']}/topics/"
        found = [topic.facts for name, topic in sorted(self.by_name.items()) if name.startswith(start)]
        return page_of(found, "topics", request.query.get("pageSize", ""), request.query.get("pageToken", ""))

    @route("PATCH", _TOPIC, needs="pubsub.topics.update")
    def patch(self, request: Request) -> Any:
        topic, asked = self._topic(request), request.json()
        mask = asked.get("updateMask") or request.query.get("updateMask")
        if not mask:
            raise refuse(
                "INVALID_ARGUMENT", "The update_mask in the UpdateTopicRequest must be set, and must not be empty."
            )
        change(topic.facts, asked.get("topic", {}), masked(mask, _FIELDS))
        return topic.facts

    @route("DELETE", _TOPIC, needs="pubsub.topics.delete")
    def delete(self, request: Request) -> Any:
        topic = self._topic(request)
        for subscription in topic.subscriptions.values():
            subscription.facts["topic"] = "_deleted-topic_"
        del self.by_name[topic.facts["name"]]
        self._policies.detach(topic.facts["name"])
        return {}

    @route("GET", _TOPIC + "/subscriptions", needs="pubsub.topics.get")
    def subscriptions(self, request: Request) -> Any:
        return {"subscriptions": sorted(self._topic(request).subscriptions)}

    @route("POST", _TOPIC + ":publish", needs="pubsub.topics.publish")
    def publish(self, request: Request) -> Any:
        topic, messages = self._topic(request), request.json().get("messages", [])
        if not 0 < len(messages) <= _MOST_MESSAGES or len(request.body) > _LARGEST:
            raise refuse("INVALID_ARGUMENT", "The value for message_count is invalid, or the request is too large.")
        if not all(message.get("data") or message.get("attributes") for message in messages):
            raise refuse("INVALID_ARGUMENT", "One or more messages in the publish request is empty.")
        return {"messageIds": [self._published(topic, message) for message in messages]}

    def _published(self, topic: Topic, asked: dict[str, Any]) -> str:
        moment = self._now()
        told = chosen(asked, ("data", "attributes", "orderingKey"))
        told |= {"messageId": str(next(self._numbers)), "publishTime": stamp(moment)}
        for subscription in topic.subscriptions.values():
            subscription.backlog.append(Delivery(told, moment))
        return str(told["messageId"])

    def _topic(self, request: Request) -> Topic:
        return self.find(f"projects/{request.params['project']}/topics/{request.params['topic']}")


def check_new(id_: str, name: str, known: Container[str]) -> None:
    """Refuse an id that is none, or is there already; `known` holds resource names."""
    if not ID.fullmatch(id_):
        raise refuse("INVALID_ARGUMENT", f"Invalid resource name given (name={name}).")
    if name in known:
        raise refuse("ALREADY_EXISTS", f"Resource already exists in the project (resource={id_}).")
