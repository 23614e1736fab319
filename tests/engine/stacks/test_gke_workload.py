"""A workload on GKE becomes its account without a key, does its job and nothing else, and is gone with all it had."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.engine.gcp import GoogleCloud
from tests.engine.gcp_access import assert_gone, become, everything, issued, pod
from tests.engine.programs import evidence, nhi
from tests.engine.stacks.conftest import PACK, Stack
from tests.engine.stacks.google import bucket_with, connected, topics
from tools.doubles.gcp.double import PROJECT

BUCKET = "shop-invoices"
WORKLOAD = f"{PROJECT}.svc.id.goog[payments/invoices]"
OTHERS = (
    f"{PROJECT}.svc.id.goog[payments/default]",
    f"{PROJECT}.svc.id.goog[staging/invoices]",
    "another-project.svc.id.goog[payments/invoices]",
)
BY = {"NHI_APPROVER": "Ada Example", "NHI_REASON": "CHG-12: billing reads them itself"}

IN_A_HURRY = """
pulumi_gcp.projects.IAMMember("anything", project=project, role="roles/editor", member=invoices.member)
"""


@pytest.fixture
def service(stack: Callable[[str], Stack], gcp: GoogleCloud) -> Stack:
    bucket_with(gcp, BUCKET, "in/1", "out/1")
    made = connected(stack, gcp, "gke_workload")
    made.configure(invoices__project=PROJECT, invoices__bucket=BUCKET)
    return made


def test_it_is_used_and_removed_with_everything_that_it_had(service: Stack, gcp: GoogleCloud) -> None:
    topics(gcp, "others")
    service.preview("--policy-pack", PACK)
    service.up()
    outputs = service.outputs()
    topic, secret = outputs["topic"], outputs["secret"]
    assert outputs["annotations"] == {"iam.gke.io/gcp-service-account": outputs["email"]}
    linted = nhi(service, "lint", "--stack", "dev", "--strict")
    assert linted.code == 0, linted.text

    account = become(gcp, outputs["email"], pod(gcp, WORKLOAD))
    assert account is not None
    assert [become(gcp, outputs["email"], pod(gcp, other)) for other in OTHERS] == [None] * len(OTHERS)
    assert account.publishes(topic)
    assert not account.publishes("others")
    assert not account.deletes(topic)
    assert account.gets("in/1", BUCKET)
    assert not account.gets("out/1", BUCKET)
    assert not account.may("DELETE", f"/storage/v1/b/{BUCKET}/o/in%2F1")
    assert account.reads(secret)
    assert not account.may("DELETE", f"/v1/{secret}")

    service.up("--expect-no-changes")
    service.destroy(**BY)
    assert not account.publishes(topic)
    assert not account.gets("in/1", BUCKET)
    assert not account.reads(secret)
    assert become(gcp, outputs["email"], pod(gcp, WORKLOAD)) is None
    assert everything(gcp) == {}
    assert_gone(gcp, service, outputs["lease"])
    said = evidence(service, outputs["lease"])
    assert (said["approver"]["value"], said["reason"]["value"]) == tuple(BY.values())
    assert [revoked["verdict"] for revoked in said["revocations"]] == ["met"]
    (removed,) = [row for row in said["removals"] if row["link"]["kind"] == "gcp-service-account"]
    facts = ("disabled_at", "absent_at", "refused_at", "recoverable_until")
    assert {removed[fact]["state"] for fact in facts} == {"at"}


def test_its_end_holds_by_itself_where_google_knows_one(service: Stack, gcp: GoogleCloud) -> None:
    service.configure(invoices__days="30")
    service.up()
    outputs = service.outputs()
    topic, secret = outputs["topic"], outputs["secret"]

    gcp.double.ahead = timedelta(days=31)
    assert become(gcp, outputs["email"], pod(gcp, WORKLOAD)) is None
    # A token that somebody got in another way still shows where the end is in the policy, and where it is not.
    account = issued(gcp, outputs["email"])
    assert not account.gets("in/1", BUCKET)
    assert not account.reads(secret)
    assert account.publishes(topic)

    service.up(NHI_AS_OF=outputs["ends"])
    assert not account.publishes(topic)
    assert gcp.double.accounts.by_email[outputs["email"]]["disabled"] is True


def test_more_than_it_needs_is_stopped_before_anything_is_made(service: Stack, gcp: GoogleCloud) -> None:
    before = everything(gcp)
    program = (service.directory / "__main__.py").read_text()
    service.write({"__main__.py": program + IN_A_HURRY})
    blocked = service.preview("--policy-pack", PACK, check=False)
    assert blocked.code != 0
    assert "[gcp.admin-role]" in blocked.text

    service.write({"__main__.py": program})
    service.configure(invoices__namespace="*")
    refused = service.preview(check=False)
    assert refused.code != 0
    assert "namespace" in refused.text
    assert everything(gcp) == before == {}
