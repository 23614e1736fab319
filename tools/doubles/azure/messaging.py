"""The data planes of Service Bus, below `/servicebus/<namespace>`, and Event Hubs, below `/eventhubs/<namespace>`.

No client of either is installed here, and both speak AMQP first: the shapes are those of the REST references, `Service
Bus runtime REST` (Send Message, Peek-Lock Message, Receive and Delete Message) and `Event Hubs runtime REST` (Send
event). Event Hubs has no REST call to receive; the double's own one, below `/consumergroups/<group>/messages`, stands
for AMQP's. Who lacks a claim gets a 401, as there: 'Troubleshoot authentication and authorization issues - Azure Event
Hubs'.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from tools.doubles.azure.errors import messaging
from tools.doubles.azure.gate import Gate
from tools.doubles.messages import Answer, Request
from tools.doubles.routes import route

_BUS: Final = "Microsoft.ServiceBus/namespaces"
_HUBS: Final = "Microsoft.EventHub/namespaces"
_ENTITY = "/servicebus/{namespace}/{entity}/messages"
_SUBSCRIPTION = "/servicebus/{namespace}/{entity}/subscriptions/{subscription}/messages"
_HUB = "/eventhubs/{namespace}/{hub}"


class Messaging:
    """What was sent.

    Attributes:
        waiting: the messages of each queue, subscription or hub, by its resource id in small letters, oldest first.
    """

    def __init__(self, gate: Gate) -> None:
        self.waiting: dict[str, list[bytes]] = {}
        self._locked: dict[str, tuple[str, bytes]] = {}
        self._gate = gate

    @route("POST", _ENTITY)
    def send(self, request: Request) -> Any:
        namespace, entity = self._namespace(request, _BUS), request.params["entity"]
        queue, topic = f"{namespace}/queues/{entity}", f"{namespace}/topics/{entity}"
        is_topic = self._gate.resources.find(topic) is not None
        self._judge(request, _BUS, "send", topic if is_topic else queue)
        self._exists(topic if is_topic else queue)
        inside = f"{topic}/subscriptions/".lower()
        known = self._gate.resources.by_id
        for each in [key for key in known if key.startswith(inside)] if is_topic else [queue.lower()]:
            self.waiting.setdefault(each, []).append(request.body)
        return Answer(201)

    @route("POST", _ENTITY + "/head")
    @route("POST", _SUBSCRIPTION + "/head")
    def lock(self, request: Request) -> Any:
        found = self._source(request)
        if not self.waiting.get(found):
            return Answer(204)
        lock, content = str(uuid4()), self.waiting[found].pop(0)
        self._locked[lock] = found, content
        return Answer(201, content, {"Location": f"{self._gate.url}{request.path.removesuffix('/head')}/1/{lock}"})

    @route("DELETE", _ENTITY + "/head")
    @route("DELETE", _SUBSCRIPTION + "/head")
    def receive(self, request: Request) -> Any:
        found = self._source(request)
        return Answer(200, self.waiting[found].pop(0)) if self.waiting.get(found) else Answer(204)

    @route("DELETE", _ENTITY + "/{number}/{lock}")
    @route("DELETE", _SUBSCRIPTION + "/{number}/{lock}")
    def complete(self, request: Request) -> Any:
        self._unlocked(request)
        return Answer(200)

    @route("PUT", _ENTITY + "/{number}/{lock}")
    @route("PUT", _SUBSCRIPTION + "/{number}/{lock}")
    def abandon(self, request: Request) -> Any:
        found, content = self._unlocked(request)
        self.waiting[found].insert(0, content)
        return Answer(200)

    @route("POST", _HUB + "/messages")
    def send_event(self, request: Request) -> Any:
        hub = f"{self._namespace(request, _HUBS)}/eventhubs/{request.params['hub']}"
        self._judge(request, _HUBS, "send", hub)
        self._exists(hub)
        self.waiting.setdefault(hub.lower(), []).append(request.body)
        return Answer(201)

    @route("GET", _HUB + "/consumergroups/{group}/messages")
    def receive_events(self, request: Request) -> Any:
        hub = f"{self._namespace(request, _HUBS)}/eventhubs/{request.params['hub']}"
        group = f"{hub}/consumergroups/{request.params['group']}"
        self._judge(request, _HUBS, "receive", group)
        self._exists(hub)
        return {"events": [each.decode() for each in self.waiting.get(hub.lower(), ())]}

    def _source(self, request: Request) -> str:
        """The queue or subscription that a request takes from, in small letters."""
        namespace, entity = self._namespace(request, _BUS), request.params["entity"]
        subscription = request.params.get("subscription")
        source = (
            f"{namespace}/topics/{entity}/subscriptions/{subscription}"
            if subscription
            else f"{namespace}/queues/{entity}"
        )
        self._judge(request, _BUS, "receive", source)
        self._exists(source)
        return source.lower()

    def _unlocked(self, request: Request) -> tuple[str, bytes]:
        source = self._source(request)
        found = self._locked.pop(request.params["lock"], None)
        if found is None or found[0] != source:
            raise messaging(404, "The lock supplied is invalid. Either the lock expired, or the message was removed.")
        return found

    def _namespace(self, request: Request, type_: str) -> str:
        found = self._gate.named(type_, request.params["namespace"])
        if found is None:
            raise messaging(404, f"The namespace {request.params['namespace']} does not exist.")
        return str(found["id"])

    def _exists(self, entity: str) -> None:
        if self._gate.resources.find(entity) is None:
            name = entity.rpartition("/")[2]
            raise messaging(404, f"The messaging entity '{name}' could not be found.")

    def _judge(self, request: Request, type_: str, action: str, scope: str) -> None:
        if self._gate.holds(request, f"{type_}/messages/{action}/action", scope, data=True):
            return
        claim, where = {"send": "Send", "receive": "Listen"}[action], "/".join(request.path.split("/")[2:4])
        text = f"40100: Unauthorized access. '{claim}' claim(s) are required to perform this operation."
        raise messaging(401, f"{text} Resource: '{where}'.")
