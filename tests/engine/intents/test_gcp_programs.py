"""Intents on Google Cloud in a program on the real engine: on resources that it makes itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from tests.engine.gcp import GoogleCloud, bucket, gcp_bundle, gcp_program, topic
from tools.doubles.gcp.double import PROJECT
from tools.lab.project import Project

BUCKET = "nhi-orders"
TOPIC = f"projects/{PROJECT}/topics/orders"
OTHER_TOPIC = f"projects/{PROJECT}/topics/invoices"
OTHER = "other = pulumi_gcp.pubsub.Topic('invoices', name='invoices')"
GRANTS = """(
    gcp.intents.pubsub.publish(topic.id)
    + gcp.intents.storage.read_objects(bucket.name, prefix="in/")
    + gcp.intents.storage.list_objects(bucket.name)
)"""


class Holder:
    """Calls as the account that a program has made."""

    def __init__(self, cloud: GoogleCloud, email: str) -> None:
        self._url, self._token = cloud.double.url, cloud.double.tokens.issue(email)

    def may(self, method: str, path: str, body: Any = None) -> bool:
        """Tell whether a call is authorized; one that fails for another reason is."""
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = requests.request(method, f"{self._url}{path}", json=body, headers=headers, timeout=30)
        assert answer.status_code != 401, answer.text
        return answer.status_code != 403


def test_intents_on_resources_of_the_same_program(project: Callable[..., Project], gcp: GoogleCloud) -> None:
    stack = gcp.reached_by(project(gcp_program(topic(), OTHER, bucket(), gcp_bundle(gcp, grants=GRANTS))))
    stack.preview()
    stack.up()
    holder, message = Holder(gcp, stack.outputs()["orders-gcp"]["email"]), {"messages": [{"data": "eA=="}]}

    assert holder.may("POST", f"/v1/{TOPIC}:publish", message)
    assert not holder.may("POST", f"/v1/{OTHER_TOPIC}:publish", message)
    assert not holder.may("DELETE", f"/v1/{TOPIC}")
    assert holder.may("GET", f"/storage/v1/b/{BUCKET}/o/in%2F1")
    assert not holder.may("GET", f"/storage/v1/b/{BUCKET}/o/out%2F1")
    assert holder.may("GET", f"/storage/v1/b/{BUCKET}/o")
    assert not holder.may("DELETE", f"/storage/v1/b/{BUCKET}/o/in%2F1")
    stack.up("--expect-no-changes")


def test_a_target_that_turns_out_to_be_something_else_ends_the_deployment_before_anything_is_bound(
    project: Callable[..., Project], gcp: GoogleCloud
) -> None:
    grants = "gcp.intents.pubsub.publish(bucket.id)"
    stack = gcp.reached_by(project(gcp_program(bucket(), gcp_bundle(gcp, grants=grants))))
    stack.preview()
    told = stack.up(check=False)
    assert told.code != 0
    assert "intent 'pubsub.publish', known at deployment: 1 problem" in told.text
    assert f"got:      {BUCKET}" in told.text
    assert "Traceback" not in told.text
    accounts = gcp.double.accounts.by_email
    bound = [m for each in gcp.bindings(f"projects/_/buckets/{BUCKET}") for m in each["members"]]
    assert not {f"serviceAccount:{email}" for email in accounts} & set(bound)
