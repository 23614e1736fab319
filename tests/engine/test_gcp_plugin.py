"""The test plugin for Google Cloud, found and driven by the real engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.gcp import GoogleCloud, bucket, gcp_program, topic
from tests.engine.programs import resource, summary
from tools.doubles.gcp.double import PROJECT
from tools.lab.project import Project

ACCOUNT = f"printer-test@{PROJECT}.iam.gserviceaccount.com"
MEMBER = f"serviceAccount:{ACCOUNT}"
ROLE = f"projects/{PROJECT}/roles/printer_test"
UNTIL = {"title": "until", "expression": 'request.time < timestamp("2030-01-01T00:00:00Z")'}

WORKLOAD = """\
account = pulumi_gcp.serviceaccount.Account(
    "printer", account_id="printer-test", description={description!r}, disabled={disabled})
role = pulumi_gcp.projects.IAMCustomRole(
    "publishes", role_id="printer_test", title="Publishes", permissions=["pubsub.topics.publish"])
secret = pulumi_gcp.secretmanager.Secret("label", secret_id="label", replication={{"auto": {{}}}}, labels={labels})
pulumi_gcp.pubsub.TopicIAMMember("publish", topic=topic.id, role=role.name, member=account.member)
pulumi_gcp.projects.IAMMember(
    "logs", project={project!r}, role="roles/logging.logWriter", member=account.member, condition={condition})
pulumi_gcp.secretmanager.SecretIamMember(
    "read", secret_id=secret.id, role="roles/secretmanager.secretAccessor", member=account.member,
    condition={condition})
pulumi_gcp.storage.BucketIAMMember(
    "objects", bucket=bucket.name, role="roles/storage.objectViewer", member=account.member, condition={condition})
pulumi.export("account", {{"email": account.email, "member": account.member, "unique_id": account.unique_id}})
"""


def workload(description: str = "prints labels", *, disabled: bool = False, **labels: str) -> str:
    """A service account with a role of its own, and what it is bound on."""
    told = {"description": description, "disabled": disabled, "labels": labels or {"team": "print"}}
    return gcp_program(topic(), bucket(), WORKLOAD.format(**told, project=PROJECT, condition=UNTIL))


def test_the_engine_previews_makes_keeps_refreshes_changes_and_removes_what_the_plugin_serves(
    project: Callable[..., Project], gcp: GoogleCloud
) -> None:
    stack = gcp.reached_by(project(workload()))
    asked_before = len(gcp.double.log)
    previewed = stack.preview()
    assert "10 to create" in previewed.stdout
    assert len(gcp.double.log) == asked_before
    assert ACCOUNT in previewed.stdout

    stack.up()
    shown = stack.outputs()["account"]
    assert shown == {
        "email": ACCOUNT,
        "member": MEMBER,
        "unique_id": gcp.double.accounts.by_email[ACCOUNT]["uniqueId"],
    }
    assert gcp.members(f"projects/{PROJECT}/topics/orders", ROLE) == [MEMBER]
    assert {"role": "roles/logging.logWriter", "members": [MEMBER], "condition": UNTIL} in gcp.bindings(
        f"projects/{PROJECT}"
    )
    assert gcp.members("projects/_/buckets/nhi-orders", "roles/storage.objectViewer") == [MEMBER]
    stack.up("--expect-no-changes")
    stack.refresh("--expect-no-changes")

    gcp.double.accounts.by_email[ACCOUNT]["description"] = "by hand"
    project_policy = gcp.double.policies.get(f"projects/{PROJECT}", 3)
    gcp.double.policies.set(f"projects/{PROJECT}", project_policy | {"bindings": []})
    refreshed = stack.refresh()
    assert summary(refreshed) == {"updated": 1, "deleted": 1, "unchanged": 8, "changes": 2}
    assert resource(stack, "Account")["outputs"]["description"] == "by hand"
    mended = stack.up()
    assert summary(mended) == {"created": 1, "updated": 1, "unchanged": 8, "changes": 2}
    assert gcp.double.accounts.by_email[ACCOUNT]["description"] == "prints labels"
    assert gcp.members(f"projects/{PROJECT}", "roles/logging.logWriter") == [MEMBER]

    stack.write({"__main__.py": workload("prints them no more", disabled=True, team="paper")})
    assert summary(stack.up()) == {"updated": 2, "unchanged": 8}
    assert gcp.double.accounts.by_email[ACCOUNT]["disabled"] is True
    stack.up("--expect-no-changes")

    stack.destroy()
    assert stack.resources() == []
    assert ACCOUNT not in gcp.double.accounts.by_email
    assert gcp.bindings(f"projects/{PROJECT}") == []
    assert gcp.double.secrets.by_name == {}


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("account_id='printer-test', colour='red'", "unexpected keyword argument 'colour'"),
        ("account_id=7", "accountId got: a whole number expected: a text"),
        ("account_id='printer-test', disabled='yes'", "disabled got: a text expected: true or false"),
        ("account_id='p'", "a text of another form"),
    ],
)
def test_a_preview_refuses_what_the_sdk_does_not_have(
    project: Callable[..., Project], gcp: GoogleCloud, statement: str, told: str
) -> None:
    stack = gcp.reached_by(project(gcp_program(f"pulumi_gcp.serviceaccount.Account('printer', {statement})")))
    failed = stack.preview(check=False)
    assert failed.code != 0
    assert told in " ".join(failed.text.split())
    assert gcp.double.asked("POST", "serviceAccounts") == []


def refuse(gcp: GoogleCloud) -> str:
    gcp.double.deny(gcp.operator, "iam.serviceAccounts.create")
    return "iam.serviceAccounts.create"


def occupy(gcp: GoogleCloud) -> str:
    gcp.double.accounts.make(PROJECT, "printer-test")
    return "already exists"


@pytest.mark.parametrize("mistake", [refuse, occupy])
def test_what_google_refuses_is_told_in_its_words_and_nothing_is_half_made(
    project: Callable[..., Project], gcp: GoogleCloud, mistake: Callable[[GoogleCloud], str]
) -> None:
    told = mistake(gcp)
    stack = gcp.reached_by(project(gcp_program("pulumi_gcp.serviceaccount.Account('a', account_id='printer-test')")))
    failed = stack.up(check=False)
    assert failed.code != 0
    assert "Error creating service account: googleapi: Error 4" in failed.text
    assert told in failed.text
    assert "Traceback" not in failed.text
    assert [each for each in stack.resources() if each["type"].startswith("gcp:")] == []


def test_the_plugin_speaks_to_nobody_but_a_double(project: Callable[..., Project], gcp: GoogleCloud) -> None:
    stack = gcp.reached_by(project(gcp_program("pulumi_gcp.serviceaccount.Account('a', account_id='printer-test')")))
    stack.environment["GOOGLE_IAM_BETA_CUSTOM_ENDPOINT"] = "https://iam.googleapis.com/v1/"
    failed = stack.up(check=False)
    assert failed.code != 0
    assert "this is a stand-in for tests" in failed.text
    del stack.environment["GOOGLE_IAM_BETA_CUSTOM_ENDPOINT"]
    failed = stack.up(check=False)
    assert failed.code != 0
    assert "nothing, so https://iam.googleapis.com/v1/" in failed.text
    assert gcp.double.asked("POST", "serviceAccounts") == []


def test_two_stacks_at_once_lose_no_binding_of_a_project(project: Callable[..., Project], gcp: GoogleCloud) -> None:
    members = [f"serviceAccount:robot-{number}@{PROJECT}.iam.gserviceaccount.com" for number in range(8)]
    for member in members:
        gcp.double.accounts.make(PROJECT, member.partition(":")[2].partition("@")[0])

    def of(chosen: list[str]) -> str:
        made: list[Any] = [
            f"pulumi_gcp.projects.IAMMember({m!r}, project={PROJECT!r}, role='roles/viewer', member={m!r})"
            for m in chosen
        ]
        return gcp_program(*made)

    stacks = [
        gcp.reached_by(project(of(members[:4]), folder="one", name="one")),
        gcp.reached_by(project(of(members[4:]), folder="two", name="two")),
    ]
    running = [stack.begin("up", "--yes", "--skip-preview") for stack in stacks]
    assert [each.wait() for each in running] == [0, 0], [each.log.read_text() for each in running]
    assert gcp.members(f"projects/{PROJECT}", "roles/viewer") == members
    running = [stack.begin("destroy", "--yes", "--skip-preview") for stack in stacks]
    assert [each.wait() for each in running] == [0, 0], [each.log.read_text() for each in running]
    assert gcp.members(f"projects/{PROJECT}", "roles/viewer") == []
