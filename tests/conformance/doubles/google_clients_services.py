"""The double's Pub/Sub and Secret Manager speak the language of Google's own clients."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import secretmanager_v1 as sm
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceRestTransport
from google.iam.v1 import iam_policy_pb2, options_pb2, policy_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.json_format import ParseDict
from google.protobuf.timestamp_pb2 import Timestamp
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherRestTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberRestTransport

from tests.conformance.doubles.gcp_cast import DAY, PARENT, Cast
from tools.doubles.gcp import GcpDouble

TOPIC, SUBSCRIPTION = f"{PARENT}/topics/orders", f"{PARENT}/subscriptions/orders"


@pytest.fixture
def cast(tmp_path: Path) -> Iterator[Cast]:
    with GcpDouble() as double:
        yield Cast(double, tmp_path)


def publisher_of(cast: Cast, name: str = "operator") -> PublisherClient:
    return PublisherClient(transport=PublisherRestTransport(host=cast.url, credentials=cast.credentials(name)))


def subscriber_of(cast: Cast, name: str = "operator") -> SubscriberClient:
    return SubscriberClient(transport=SubscriberRestTransport(host=cast.url, credentials=cast.credentials(name)))


def secrets_of(cast: Cast, name: str = "operator") -> sm.SecretManagerServiceClient:
    transport = SecretManagerServiceRestTransport(host=cast.url, credentials=cast.credentials(name))
    return sm.SecretManagerServiceClient(transport=transport)


@pytest.fixture
def topic(cast: Cast) -> str:
    return str(publisher_of(cast).create_topic(name=TOPIC).name)


@pytest.fixture
def subscription(cast: Cast, topic: str) -> str:
    return str(subscriber_of(cast).create_subscription(name=SUBSCRIPTION, topic=topic).name)


@pytest.fixture
def secret(cast: Cast) -> sm.Secret:
    asked = sm.Secret(replication={"automatic": {}})
    made = secrets_of(cast).create_secret(parent=PARENT, secret_id="orders", secret=asked)
    secrets_of(cast).add_secret_version(parent=made.name, payload={"data": b"one"})
    return made


def as_policy(policy: dict[str, Any]) -> policy_pb2.Policy:
    return ParseDict(policy, policy_pb2.Policy())


def test_messages_are_pulled_until_they_are_acknowledged(cast: Cast, topic: str, subscription: str) -> None:
    publisher_of(cast).publish(topic=topic, messages=[{"data": b"one", "attributes": {"a": "b"}}, {"data": b"two"}])
    client = subscriber_of(cast)
    first = client.pull(subscription=subscription, max_messages=1).received_messages[0]
    assert (first.message.data, dict(first.message.attributes)) == (b"one", {"a": "b"})
    (second,) = client.pull(subscription=subscription, max_messages=10).received_messages
    client.acknowledge(subscription=subscription, ack_ids=[second.ack_id])
    client.modify_ack_deadline(subscription=subscription, ack_ids=[first.ack_id], ack_deadline_seconds=0)
    assert client.pull(subscription=subscription, max_messages=10).received_messages[0].message.data == b"one"
    assert not client.pull(subscription=subscription, max_messages=10).received_messages
    cast.double.ahead += timedelta(seconds=11)
    assert len(client.pull(subscription=subscription, max_messages=10).received_messages) == 1


def test_a_subscription_goes_back_to_a_time_and_forward_to_one(cast: Cast, topic: str) -> None:
    client, start = subscriber_of(cast), Timestamp()
    start.FromDatetime(cast.double.now() - DAY)
    asked = {"name": SUBSCRIPTION, "topic": topic, "retain_acked_messages": True}
    client.create_subscription(request=asked)
    publisher_of(cast).publish(topic=topic, messages=[{"data": b"one"}])
    (first,) = client.pull(subscription=SUBSCRIPTION, max_messages=1).received_messages
    client.acknowledge(subscription=SUBSCRIPTION, ack_ids=[first.ack_id])
    client.seek(request={"subscription": SUBSCRIPTION, "time": start})
    assert len(client.pull(subscription=SUBSCRIPTION, max_messages=1).received_messages) == 1
    start.FromDatetime(cast.double.now() + DAY)
    client.seek(request={"subscription": SUBSCRIPTION, "time": start})
    assert not client.pull(subscription=SUBSCRIPTION, max_messages=1).received_messages


def test_a_subscription_goes_back_to_a_snapshot(cast: Cast, topic: str, subscription: str) -> None:
    client, name = subscriber_of(cast), f"{PARENT}/snapshots/before"
    publisher_of(cast).publish(topic=topic, messages=[{"data": b"one"}])
    client.create_snapshot(name=name, subscription=subscription)
    (first,) = client.pull(subscription=subscription, max_messages=5).received_messages
    client.acknowledge(subscription=subscription, ack_ids=[first.ack_id])
    with pytest.raises(exceptions.Forbidden, match=r"pubsub\.subscriptions\.consume"):
        subscriber_of(cast, "worker").seek(request={"subscription": subscription, "snapshot": name})
    cast.bind("roles/pubsub.subscriber", subscription, ends=False)
    with pytest.raises(exceptions.Forbidden, match=r"pubsub\.snapshots\.seek"):
        subscriber_of(cast, "worker").seek(request={"subscription": subscription, "snapshot": name})
    cast.bind("roles/pubsub.subscriber", name, ends=False)
    subscriber_of(cast, "worker").seek(request={"subscription": subscription, "snapshot": name})
    assert client.pull(subscription=subscription, max_messages=5).received_messages[0].message.data == b"one"
    assert [each.name for each in client.list_snapshots(project=PARENT)] == [name]
    client.delete_snapshot(snapshot=name)
    with pytest.raises(exceptions.NotFound):
        client.seek(request={"subscription": subscription, "snapshot": name})


def test_topics_and_subscriptions_live_and_die(cast: Cast, topic: str, subscription: str) -> None:
    publisher, subscriber = publisher_of(cast), subscriber_of(cast)
    with pytest.raises(exceptions.Conflict, match="already exists"):
        publisher.create_topic(name=topic)
    changed = {"topic": {"name": topic, "labels": {"team": "orders"}}, "update_mask": FieldMask(paths=["labels"])}
    assert dict(publisher.update_topic(request=changed).labels) == {"team": "orders"}
    assert [each.name for each in publisher.list_topics(project=PARENT)] == [topic]
    assert list(publisher.list_topic_subscriptions(topic=topic)) == [subscription]
    publisher.delete_topic(topic=topic)
    assert subscriber.get_subscription(subscription=subscription).topic == "_deleted-topic_"
    subscriber.delete_subscription(subscription=subscription)
    assert list(subscriber.list_subscriptions(project=PARENT)) == []
    with pytest.raises(exceptions.NotFound, match="resource=orders"):
        publisher.get_topic(topic=topic)


def test_topics_take_no_conditions(cast: Cast, topic: str, subscription: str) -> None:
    policy = as_policy({"version": 3, "bindings": [cast.binding("roles/pubsub.publisher")]})
    with pytest.raises(exceptions.BadRequest, match="onditions are not supported"):
        publisher_of(cast).set_iam_policy(iam_policy_pb2.SetIamPolicyRequest(resource=topic, policy=policy))
    with pytest.raises(exceptions.BadRequest, match="onditions are not supported"):
        subscriber_of(cast).set_iam_policy(iam_policy_pb2.SetIamPolicyRequest(resource=subscription, policy=policy))


def test_a_publisher_may_publish_to_its_topic_and_nothing_else(cast: Cast, topic: str, subscription: str) -> None:
    def publish(name: str) -> None:
        publisher_of(cast, "worker").publish(topic=name, messages=[{"data": b"one"}])

    other = publisher_of(cast).create_topic(name=f"{topic}-other").name
    with pytest.raises(exceptions.Forbidden, match=rf"pubsub\.topics\.publish.*{topic}"):
        publish(topic)
    policy = as_policy({"bindings": [cast.binding("roles/pubsub.publisher", ends=False)]})
    publisher_of(cast).set_iam_policy(iam_policy_pb2.SetIamPolicyRequest(resource=topic, policy=policy))
    publish(topic)
    with pytest.raises(exceptions.Forbidden):
        publish(other)
    with pytest.raises(exceptions.Forbidden, match=r"pubsub\.subscriptions\.consume"):
        subscriber_of(cast, "worker").pull(subscription=subscription, max_messages=1)
    with pytest.raises(exceptions.Forbidden, match=r"pubsub\.topics\.getIamPolicy"):
        publisher_of(cast, "worker").get_iam_policy(iam_policy_pb2.GetIamPolicyRequest(resource=topic))
    asked = iam_policy_pb2.TestIamPermissionsRequest(
        resource=topic, permissions=["pubsub.topics.publish", "pubsub.topics.delete"]
    )
    held = publisher_of(cast, "worker").test_iam_permissions(asked)
    assert list(held.permissions) == ["pubsub.topics.publish"]
    publisher_of(cast).delete_topic(topic=topic)
    publisher_of(cast).create_topic(name=topic)
    with pytest.raises(exceptions.Forbidden):
        publish(topic)


def test_a_subscription_needs_the_right_to_attach_to_its_topic(cast: Cast, topic: str) -> None:
    cast.bind("roles/pubsub.editor", PARENT, ends=True)
    foreign = publisher_of(cast).create_topic(name="projects/others-project/topics/theirs").name
    subscriber = subscriber_of(cast, "worker")
    with pytest.raises(exceptions.Forbidden, match=r"pubsub\.topics\.attachSubscription.*others-project"):
        subscriber.create_subscription(name=SUBSCRIPTION, topic=foreign)
    assert subscriber.create_subscription(name=SUBSCRIPTION, topic=topic).topic == topic
    cast.double.ahead += 2 * DAY
    with pytest.raises(exceptions.Forbidden, match=r"pubsub\.subscriptions\.create"):
        subscriber_of(cast, "worker").create_subscription(name=f"{SUBSCRIPTION}-2", topic=topic)


def test_a_secret_opens_by_a_binding_until_it_ends(cast: Cast, secret: sm.Secret) -> None:
    def opened() -> bytes:
        found = secrets_of(cast, "worker").access_secret_version(name=f"{PARENT}/secrets/orders/versions/latest")
        return bytes(found.payload.data)

    with pytest.raises(exceptions.Forbidden, match=r"secretmanager\.versions\.access"):
        opened()
    policy = as_policy({"version": 3, "bindings": [cast.binding("roles/secretmanager.secretAccessor")]})
    operator = secrets_of(cast)
    operator.set_iam_policy(iam_policy_pb2.SetIamPolicyRequest(resource=secret.name, policy=policy))
    assert opened() == b"one"
    with pytest.raises(exceptions.Forbidden, match=r"secretmanager\.versions\.add"):
        secrets_of(cast, "worker").add_secret_version(parent=secret.name, payload={"data": b"two"})
    options = options_pb2.GetPolicyOptions(requested_policy_version=3)
    asked = iam_policy_pb2.GetIamPolicyRequest(resource=secret.name, options=options)
    assert operator.get_iam_policy(asked).bindings[0].condition.title == "nhi"
    cast.double.ahead += 2 * DAY
    with pytest.raises(exceptions.Forbidden, match=r"secretmanager\.versions\.access"):
        opened()


def test_a_secret_is_gone_when_its_time_has_come(cast: Cast) -> None:
    asked = sm.Secret(replication={"automatic": {}}, ttl=Duration(seconds=3600), labels={"team": "orders"})
    made = secrets_of(cast).create_secret(parent=PARENT, secret_id="short", secret=asked)
    assert timedelta(minutes=59) < made.expire_time - cast.double.now() <= timedelta(hours=1)
    cast.double.ahead += timedelta(minutes=61)
    with pytest.raises(exceptions.NotFound):
        secrets_of(cast).get_secret(name=made.name)
    assert list(secrets_of(cast).list_secrets(parent=PARENT)) == []
    assert not cast.double.policies.exists(f"{PARENT}/secrets/short")


def test_a_secret_s_end_can_be_moved_and_taken_away(cast: Cast, secret: sm.Secret) -> None:
    changed = sm.Secret(name=secret.name, ttl=Duration(seconds=3600))
    ending = secrets_of(cast).update_secret(secret=changed, update_mask=FieldMask(paths=["ttl"]))
    assert ending.expire_time
    endless = sm.Secret(name=secret.name)
    after = secrets_of(cast).update_secret(secret=endless, update_mask=FieldMask(paths=["expire_time"]))
    assert not after.expire_time
    past = Timestamp()
    past.FromDatetime(cast.double.now() - DAY)
    wrong = sm.Secret(name=secret.name, expire_time=past)
    with pytest.raises(exceptions.BadRequest, match="future"):
        secrets_of(cast).update_secret(secret=wrong, update_mask=FieldMask(paths=["expire_time"]))


def test_a_version_is_destroyed_after_its_secret_s_delay_unless_it_is_enabled_again(cast: Cast) -> None:
    asked = sm.Secret(replication={"automatic": {}}, version_destroy_ttl=Duration(seconds=2 * 86400))
    made = secrets_of(cast).create_secret(parent=PARENT, secret_id="kept", secret=asked)
    one, two = (secrets_of(cast).add_secret_version(parent=made.name, payload={"data": b"x"}).name for _ in "12")
    for name in (one, two):
        destroyed = secrets_of(cast).destroy_secret_version(name=name)
        assert destroyed.state == sm.SecretVersion.State.DISABLED
        assert destroyed.scheduled_destroy_time
    secrets_of(cast).enable_secret_version(name=two)
    cast.double.ahead += 3 * DAY
    found = {each.name: each.state.name for each in secrets_of(cast).list_secret_versions(parent=made.name)}
    assert found == {one: "DESTROYED", two: "ENABLED"}
    short = sm.Secret(replication={"automatic": {}}, version_destroy_ttl=Duration(seconds=60))
    with pytest.raises(exceptions.BadRequest, match="between 24 hours"):
        secrets_of(cast).create_secret(parent=PARENT, secret_id="short", secret=short)
