"""Trials on queues, topics and event hubs."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.azure_intents.trial import Call, Trial, lacking, ruling
from tests.conformance.azure_intents.world import ELSEWHERE, GROUP, LOCATION, OTHERS, OURS, VERSIONS, id_of

Calls = tuple[Call, ...]
_BUS = "Microsoft.ServiceBus/namespaces"
_HUBS = "Microsoft.EventHub/namespaces"
_OURS = ("shop-prod", OURS)
_NEIGHBOURS = (("shop-prod", OTHERS), ("shop-else", OURS))
_KEYS = "it knows no authorization rules"


def trials() -> Iterator[Trial]:
    yield from _on_queues()
    yield from _on_topics()
    yield from _on_hubs()


def _in(kind: str, place: str, below: str) -> str:
    return id_of(f"{kind}/{place}/{below}", GROUP if place == "shop-prod" else ELSEWHERE)


def _on_queues() -> Iterator[Trial]:
    queue = _in(_BUS, "shop-prod", f"queues/{OURS}")
    beside = (*_ruling(f"{_BUS}/queues", queue), *_keys(_BUS, queue, "queues"), *_publishing(*_OURS))
    for job, calls, other in (("send_to", _sending, _receiving), ("receive_from", _receiving, _sending)):
        neighbours = tuple(call for place in _NEIGHBOURS for call in _first(calls(*place)))
        yield Trial(
            f"servicebus.{job}_queue",
            queue,
            may=calls(*_OURS),
            may_not=(*neighbours, *_first(other(*_OURS)), *_first(_consuming(*_OURS)), *beside),
        )


def _on_topics() -> Iterator[Trial]:
    topic = _in(_BUS, "shop-prod", f"topics/{OURS}-news")
    subscription = f"{topic}/subscriptions/billing"
    rules = lacking(f"{_BUS}/topics/subscriptions/rules/write", subscription, "it knows no rules of subscriptions")
    yield Trial(
        "servicebus.send_to_topic",
        topic,
        may=_publishing(*_OURS),
        may_not=(
            *(call for place in _NEIGHBOURS for call in _publishing(*place)),
            *_first(_consuming(*_OURS)),
            *_sending(*_OURS),
            *_ruling(f"{_BUS}/topics", topic),
            *_ruling(f"{_BUS}/topics/subscriptions", subscription),
            *_keys(_BUS, topic, "topics"),
            rules,
        ),
    )
    yield Trial(
        "servicebus.receive_from_subscription",
        subscription,
        may=_consuming(*_OURS),
        may_not=(
            *(call for place in _NEIGHBOURS for call in _first(_consuming(*place))),
            *_first(_consuming(*_OURS, reader="audit")),
            *_publishing(*_OURS),
            *_first(_receiving(*_OURS)),
            *_ruling(f"{_BUS}/topics/subscriptions", subscription),
            *_ruling(f"{_BUS}/topics", topic),
            rules,
        ),
    )


def _on_hubs() -> Iterator[Trial]:
    hub = _in(_HUBS, "shop-prod", f"eventhubs/{OURS}")
    group = f"{hub}/consumergroups/billing"
    beside = (
        *_ruling(f"{_HUBS}/eventhubs", hub),
        *_ruling(f"{_HUBS}/eventhubs/consumergroups", group),
        *_keys(_HUBS, hub, "eventhubs"),
        lacking(f"{_HUBS}/schemas/read", _in(_HUBS, "shop-prod", "schemagroups/orders"), "it knows no schemas"),
    )
    ours, audit = _watching(*_OURS, "billing"), _watching(*_OURS, "audit")
    others = tuple(call for place in _NEIGHBOURS for call in (_emitting(*place), _watching(*place, "billing")))
    yield Trial("eventhub.send", hub, may=(_emitting(*_OURS),), may_not=(*others, ours, audit, *beside))
    yield Trial("eventhub.receive", hub, may=(ours, audit), may_not=(*others, _emitting(*_OURS), *beside))
    yield Trial("eventhub.receive_in_group", group, may=(ours,), may_not=(*others, audit, _emitting(*_OURS), *beside))


def _sending(place: str, name: str) -> Calls:
    scope = _in(_BUS, place, f"queues/{name}")
    return (Call(f"{_BUS}/messages/send/action", scope, "POST", f"/servicebus/{place}/{name}/messages", b"x"),)


def _receiving(place: str, name: str) -> Calls:
    return _taking(_in(_BUS, place, f"queues/{name}"), f"/servicebus/{place}/{name}")


def _publishing(place: str, name: str) -> Calls:
    scope, path = _in(_BUS, place, f"topics/{name}-news"), f"/servicebus/{place}/{name}-news/messages"
    return (Call(f"{_BUS}/messages/send/action", scope, "POST", path, b"x"),)


def _consuming(place: str, name: str, reader: str = "billing") -> Calls:
    below = f"topics/{name}-news/subscriptions/{reader}"
    return _taking(_in(_BUS, place, below), f"/servicebus/{place}/{below.removeprefix('topics/')}")


def _taking(scope: str, path: str) -> Calls:
    """Lock a message, give it back where the answer led, take it for good."""
    receive = f"{_BUS}/messages/receive/action"
    return (
        Call(receive, scope, "POST", f"{path}/messages/head"),
        Call(receive, scope, "PUT", LOCATION),
        Call(receive, scope, "DELETE", f"{path}/messages/head"),
    )


def _first(calls: Calls) -> Iterator[Call]:
    """Leave out what follows upon an answer, which whoever is refused does not get."""
    return (call for call in calls if call.path != LOCATION)


def _emitting(place: str, name: str) -> Call:
    scope = _in(_HUBS, place, f"eventhubs/{name}")
    return Call(f"{_HUBS}/messages/send/action", scope, "POST", f"/eventhubs/{place}/{name}/messages", b"x")


def _watching(place: str, name: str, group: str) -> Call:
    scope = _in(_HUBS, place, f"eventhubs/{name}/consumergroups/{group}")
    path = f"/eventhubs/{place}/{name}/consumergroups/{group}/messages"
    return Call(f"{_HUBS}/messages/receive/action", scope, "GET", path)


def _ruling(kind: str, id_: str) -> Iterator[Call]:
    return ruling(kind, id_, VERSIONS[kind.partition("/")[0]])


def _keys(kind: str, entity: str, type_: str) -> Calls:
    rule = "authorizationRules/root"
    namespace = "/".join(entity.split("/")[:9])
    return (
        lacking(f"{kind}/{type_}/authorizationRules/listKeys/action", f"{entity}/{rule}", _KEYS),
        lacking(f"{kind}/authorizationRules/listKeys/action", f"{namespace}/{rule}", _KEYS),
    )
