"""Trials on queues, topics, event buses and streams."""

from __future__ import annotations

from collections.abc import Iterator

from tests.engine.intents.trial import Case, Trial, case
from tests.engine.intents.world import OTHERS, OURS, World, arn
from tools.lab.sandbox.aws import ACCOUNT, REGION

Cases = tuple[Case, ...]


def trials(_: World) -> Iterator[Trial]:
    yield from _on_queues()
    yield from _on_topics()
    yield from _on_buses()
    yield from _on_streams()


def _on_queues() -> Iterator[Trial]:
    ours = _queue(OURS)
    others = {**_sending(OTHERS), **_consuming(OTHERS)}
    ruling = _ruling_queue()
    yield Trial(
        "sqs.send",
        ours,
        may=tuple(_sending(OURS).values()),
        may_not=(*_sending(OTHERS).values(), _consuming(OURS)["receive"], _consuming(OURS)["delete"], *ruling),
    )
    yield Trial(
        "sqs.consume",
        ours,
        may=tuple(_consuming(OURS).values()),
        may_not=(*_consuming(OTHERS).values(), _sending(OURS)["send"], *ruling),
    )
    measuring = ("state", "url")
    yield Trial(
        "sqs.measure",
        ours,
        may=tuple(_consuming(OURS)[name] for name in measuring),
        may_not=(
            *(others[name] for name in measuring),
            _sending(OURS)["send"],
            _consuming(OURS)["receive"],
            _consuming(OURS)["delete"],
            *ruling,
        ),
    )


def _queue(name: str) -> str:
    return arn("sqs", name)


def _queue_url(name: str) -> str:
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"


def _sending(name: str) -> dict[str, Case]:
    queue, url = _queue(name), _queue_url(name)
    return {
        "send": case("sqs:SendMessage", queue, QueueUrl=url, MessageBody="x"),
        "url": case("sqs:GetQueueUrl", queue, QueueName=name),
    }


def _consuming(name: str) -> dict[str, Case]:
    queue, url = _queue(name), _queue_url(name)
    received = {"QueueUrl": url, "ReceiptHandle": "x"}
    return {
        "receive": case("sqs:ReceiveMessage", queue, QueueUrl=url),
        "delete": case("sqs:DeleteMessage", queue, **received),
        "delay": case("sqs:ChangeMessageVisibility", queue, **received, VisibilityTimeout=1),
        "state": case("sqs:GetQueueAttributes", queue, QueueUrl=url, AttributeNames=["All"]),
        "url": case("sqs:GetQueueUrl", queue, QueueName=name),
    }


def _ruling_queue() -> Cases:
    queue, url = _queue(OURS), _queue_url(OURS)
    return (
        case("sqs:PurgeQueue", queue, QueueUrl=url),
        case("sqs:DeleteQueue", queue, QueueUrl=url),
        case("sqs:SetQueueAttributes", queue, QueueUrl=url, Attributes={"VisibilityTimeout": "1"}),
        case("sqs:AddPermission", queue, QueueUrl=url, Label="x", AWSAccountIds=[ACCOUNT], Actions=["SendMessage"]),
        case("sqs:RemovePermission", queue, QueueUrl=url, Label="x"),
        case("sqs:TagQueue", queue, QueueUrl=url, Tags={"a": "b"}),
        case("sqs:StartMessageMoveTask", queue, SourceArn=queue),
        case("sqs:ListQueues", "*"),
    )


def _on_topics() -> Iterator[Trial]:
    topic, other = arn("sns", OURS), arn("sns", OTHERS)
    yield Trial(
        "sns.publish",
        topic,
        may=(case("sns:Publish", topic, TopicArn=topic, Message="x"),),
        may_not=(
            case("sns:Publish", other, TopicArn=other, Message="x"),
            case("sns:Publish", "*", PhoneNumber="+15555550100", Message="x"),
            case("sns:Subscribe", topic, TopicArn=topic, Protocol="sqs", Endpoint=_queue(OURS)),
            case("sns:SetTopicAttributes", topic, TopicArn=topic, AttributeName="DisplayName", AttributeValue="x"),
            case("sns:AddPermission", topic, TopicArn=topic, Label="x", AWSAccountId=[ACCOUNT], ActionName=["Publish"]),
            case("sns:RemovePermission", topic, TopicArn=topic, Label="x"),
            case("sns:ListSubscriptionsByTopic", topic, TopicArn=topic),
            case("sns:DeleteTopic", topic, TopicArn=topic),
            case("sns:ListTopics", "*"),
        ),
    )


def _on_buses() -> Iterator[Trial]:
    bus, rule = arn("events", f"event-bus/{OURS}"), arn("events", f"rule/{OURS}/x")
    of_rule = {"Name": "x", "EventBusName": OURS}
    yield Trial(
        "events.put_events",
        bus,
        may=(_putting_event(OURS),),
        may_not=(
            _putting_event(OTHERS),
            _putting_event("default"),
            case("events:PutRule", rule, **of_rule, EventPattern='{"source": ["x"]}'),
            case("events:DeleteRule", rule, **of_rule),
            case("events:DisableRule", rule, **of_rule),
            case("events:PutTargets", rule, Rule="x", EventBusName=OURS, Targets=[{"Id": "x", "Arn": _queue(OURS)}]),
            case("events:RemoveTargets", rule, Rule="x", EventBusName=OURS, Ids=["x"]),
            case("events:UpdateEventBus", bus, Name=OURS),
            case("events:DeleteEventBus", bus, Name=OURS),
            case(
                "events:PutPermission",
                "*",
                EventBusName=OURS,
                StatementId="x",
                Action="events:PutEvents",
                Principal="*",
            ),
        ),
    )


def _putting_event(bus: str) -> Case:
    entry = {"Source": "orders", "DetailType": "placed", "Detail": "{}", "EventBusName": bus}
    return case("events:PutEvents", arn("events", f"event-bus/{bus}"), Entries=[entry])


def _on_streams() -> Iterator[Trial]:
    stream = arn("kinesis", f"stream/{OURS}")
    ruling = _ruling_stream()
    yield Trial(
        "kinesis.produce", stream, may=_producing(OURS), may_not=(*_producing(OTHERS), *_reading(OURS), *ruling)
    )
    yield Trial("kinesis.consume", stream, may=_reading(OURS), may_not=(*_reading(OTHERS), *_producing(OURS), *ruling))


def _producing(name: str) -> Cases:
    stream, record = arn("kinesis", f"stream/{name}"), {"Data": b"x", "PartitionKey": "x"}
    return (
        case("kinesis:PutRecord", stream, StreamName=name, **record),
        case("kinesis:PutRecords", stream, StreamName=name, Records=[record]),
    )


def _reading(name: str) -> Cases:
    stream = arn("kinesis", f"stream/{name}")
    first = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    return (
        case("kinesis:DescribeStreamSummary", stream, StreamName=name),
        case("kinesis:ListShards", stream, StreamName=name),
        case("kinesis:GetShardIterator", stream, StreamName=name, **first),
        case("kinesis:GetRecords", stream, StreamARN=stream, ShardIterator="x"),
    )


def _ruling_stream() -> Cases:
    stream, shard = arn("kinesis", f"stream/{OURS}"), "shardId-000000000000"
    consumer, policy = f"{stream}/consumer/x:1", '{"Version": "2012-10-17", "Statement": []}'
    return (
        case("kinesis:DeleteStream", stream, StreamName=OURS),
        case("kinesis:MergeShards", stream, StreamName=OURS, ShardToMerge=shard, AdjacentShardToMerge=shard),
        case("kinesis:SplitShard", stream, StreamName=OURS, ShardToSplit=shard, NewStartingHashKey="1"),
        case("kinesis:DecreaseStreamRetentionPeriod", stream, StreamName=OURS, RetentionPeriodHours=24),
        case("kinesis:StopStreamEncryption", stream, StreamName=OURS, EncryptionType="KMS", KeyId="x"),
        case("kinesis:RegisterStreamConsumer", stream, StreamARN=stream, ConsumerName="x"),
        case("kinesis:PutResourcePolicy", stream, ResourceARN=stream, Policy=policy),
        case("kinesis:ListStreams", "*"),
        case(
            "kinesis:SubscribeToShard",
            consumer,
            ConsumerARN=consumer,
            ShardId=shard,
            StartingPosition={"Type": "LATEST"},
        ),
    )
