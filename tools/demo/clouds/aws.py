"""AWS in the story."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from tools.demo.access import AwsSession
from tools.demo.clouds.cloud import Cloud, Ready, Session
from tools.lab.sandbox import Sandbox


@contextmanager
def _ready(sandbox: Sandbox, _: Path) -> Iterator[Ready]:
    yield Ready(partial(_use, sandbox))


def _use(sandbox: Sandbox, made: Mapping[str, Any]) -> Session:
    session = AwsSession.open(sandbox, made["role_arn"], external_id="demo")
    other = sandbox.aws.client("sqs").create_queue(QueueName="somebody-elses")["QueueUrl"]
    claims = (
        ("its role sends to its queue", session.sends_to(made["queue_url"])),
        ("its role is refused at another queue", not session.sends_to(other)),
        ("its role reads its own secret", session.reads(made["secret_arn"])),
    )
    return Session(claims, session.works)


AWS = Cloud("aws", "AWS", "an emulator that evaluates IAM (ministack)", "aws.whole-service", _ready)
