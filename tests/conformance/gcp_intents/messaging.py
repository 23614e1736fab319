"""Trials on topics and subscriptions."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conformance.gcp_intents.trial import Call, Trial, policy_calls
from tests.conformance.gcp_intents.world import ELSEWHERE, OTHERS, OURS, PLACES, PROJECT

Calls = tuple[Call, ...]
_NEIGHBOURS = PLACES[1:]


def trials() -> Iterator[Trial]:
    publishing = tuple(call for place in _NEIGHBOURS for call in _publishing(*place))
    consuming = tuple(call for place in _NEIGHBOURS for call in _consuming(*place))
    attaching = Call(
        "pubsub.subscriptions.create",
        f"projects/{PROJECT}",
        "PUT",
        f"/v1/projects/{PROJECT}/subscriptions/new-one",
        {"topic": _topic(PROJECT, OURS)},
    )
    yield Trial(
        "pubsub.publish",
        _topic(PROJECT, OURS),
        may=_publishing(PROJECT, OURS),
        may_not=(*publishing, *_consuming(PROJECT, OURS), *_ruling("topic"), attaching),
    )
    yield Trial(
        "pubsub.consume",
        _subscription(PROJECT, OURS),
        may=_consuming(PROJECT, OURS),
        may_not=(*consuming, *_publishing(PROJECT, OURS), *_ruling("subscription"), attaching, *_snapshots()),
    )


def _topic(project: str, name: str) -> str:
    return f"projects/{project}/topics/{name}"


def _subscription(project: str, name: str) -> str:
    return f"projects/{project}/subscriptions/{name}"


def _publishing(project: str, name: str) -> Calls:
    topic = _topic(project, name)
    return (Call("pubsub.topics.publish", topic, "POST", f"/v1/{topic}:publish", {"messages": [{"data": "eA=="}]}),)


def _consuming(project: str, name: str) -> Calls:
    subscription = _subscription(project, name)
    bodies = {
        "pull": {"maxMessages": 1},
        "acknowledge": {"ackIds": []},
        "modifyAckDeadline": {"ackIds": [], "ackDeadlineSeconds": 10},
        "seek": {"time": "2026-01-15T00:00:00Z"},
    }
    return tuple(
        Call("pubsub.subscriptions.consume", subscription, "POST", f"/v1/{subscription}:{verb}", body)
        for verb, body in bodies.items()
    )


def _ruling(kind: str) -> Calls:
    plural = f"{kind}s"
    resource, all_of = f"projects/{PROJECT}/{plural}/{OURS}", f"/v1/projects/{PROJECT}/{plural}"
    path, permissions = f"/v1/{resource}", f"pubsub.{plural}"
    return (
        Call(f"{permissions}.get", resource, "GET", path),
        Call(f"{permissions}.update", resource, "PATCH", path, {kind: {"labels": {}}, "updateMask": "labels"}),
        Call(f"{permissions}.delete", resource, "DELETE", path),
        Call(f"{permissions}.list", f"projects/{PROJECT}", "GET", all_of),
        *policy_calls(resource, permissions),
        Call("pubsub.topics.create", f"projects/{PROJECT}", "PUT", f"/v1/projects/{PROJECT}/topics/new-one", {}),
        Call("pubsub.topics.get", _topic(ELSEWHERE, OURS), "GET", f"/v1/{_topic(ELSEWHERE, OURS)}"),
        Call("pubsub.topics.get", _topic(PROJECT, OTHERS), "GET", f"/v1/{_topic(PROJECT, OTHERS)}/subscriptions"),
    )


def _snapshots() -> Calls:
    body = {"subscription": _subscription(PROJECT, OURS)}
    path = f"/v1/projects/{PROJECT}/snapshots/new-one"
    made = Call("pubsub.snapshots.create", f"projects/{PROJECT}", "PUT", path, body)
    return (made.judged("it knows no snapshots"),)
