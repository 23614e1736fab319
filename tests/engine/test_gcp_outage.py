"""A person's mistakes and Google's bad days, by the double: a clear error, a way out, nothing half-made."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.engine.gcp import GoogleCloud, gcp_bundle, gcp_program
from tests.engine.gcp_access import GKE, ask, assert_gone, everything, workload
from tests.engine.programs import assert_told, with_identity
from tests.engine.test_shells import bare
from tools.doubles.gcp.double import PROJECT
from tools.doubles.gcp.names import number_of
from tools.lab.engine import Engine
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

TOPIC = f"projects/{PROJECT}/topics/orders"
PUBLISH = f"[nhi.Grant(actions=['pubsub.topics.publish'], targets=[{TOPIC!r}])]"


@pytest.fixture
def stack(project: Callable[..., Project], gcp: GoogleCloud) -> Project:
    """A bundle that is not made yet, on a topic that is there."""
    ask(gcp, "PUT", f"/v1/{TOPIC}", {})
    bundle = gcp_bundle(gcp, grants=PUBLISH, secret="nhi.SecretSpec()", trusted_by=GKE)
    return gcp.reached_by(project(gcp_program(bundle)))


def no_api(gcp: GoogleCloud) -> tuple[str, ...]:
    gcp.double.disable_api(PROJECT, "iam.googleapis.com")
    return ("iam.googleapis.com enabled", "gcloud services enable iam.googleapis.com --project=")


def no_secrets_api(gcp: GoogleCloud) -> tuple[str, ...]:
    gcp.double.disable_api(PROJECT, "secretmanager.googleapis.com")
    return ("secretmanager.googleapis.com enabled", "gcloud services enable secretmanager.googleapis.com --project=")


def no_right(gcp: GoogleCloud) -> tuple[str, ...]:
    gcp.double.deny(gcp.operator, "iam.serviceAccounts.list")
    return ("the permission iam.serviceAccounts.list", "grant the connection's principal a role")


def no_project(gcp: GoogleCloud) -> tuple[str, ...]:
    gcp.double.only_projects(["another-project"])
    fix = f"let the connection's principal see {PROJECT}"
    return (f"Permission denied on resource project {PROJECT}", "a project that is there", fix)


def no_room(gcp: GoogleCloud) -> tuple[str, ...]:
    for number in range(99):
        gcp.double.accounts.make(PROJECT, f"robot-{number}")
    return ("100 of 100, and 1 to be made", "at most 100", "ask Google for a higher quota")


def down(gcp: GoogleCloud) -> tuple[str, ...]:
    gcp.double.stop()
    return ("gcp.default", "no answer", "check network and proxy")


MISTAKES = (no_api, no_secrets_api, no_right, no_project, no_room, down)


def test_each_mistake_is_told_by_a_preview_or_before_anything_is_made(stack: Project, gcp: GoogleCloud) -> None:
    for mistake in MISTAKES:
        told = mistake(gcp)
        assert_told(stack.pulumi("up", "--yes", check=False), *told)
        mend(gcp)
        assert everything(gcp) == {}, mistake.__name__
        assert not {"Account", "Secret", "Lease"} & {each["type"].split(":")[-1] for each in stack.resources()}


def mend(gcp: GoogleCloud) -> None:
    """Put right whatever a mistake has broken."""
    double = gcp.double
    for service in ("iam.googleapis.com", "secretmanager.googleapis.com"):
        double.enable_api(PROJECT, service)
    double.allow(gcp.operator, "iam.serviceAccounts.list")
    double.projects.only = None
    for email in [each for each in double.accounts.by_email if each.startswith("robot-")]:
        ask(gcp, "DELETE", f"/v1/projects/{PROJECT}/serviceAccounts/{email}")
    double.stop()
    double.start()


def test_a_right_that_the_engine_lacks_a_busy_google_and_one_that_is_down_lose_nothing(
    stack: Project, gcp: GoogleCloud, sandbox: Sandbox, engine: Engine
) -> None:
    gcp.double.deny(gcp.operator, "iam.roles.create")
    failed = stack.up(check=False)
    assert_told(failed, "iam.roles.create", "Error creating the custom project role")
    assert "bindings" not in everything(gcp)
    gcp.double.allow(gcp.operator, "iam.roles.create")

    # Asked to wait, both the plugin and our own provider do.
    gcp.double.fail(429, retry_after=0, times=6)
    stack.up()
    outputs = stack.outputs()["orders-gcp"]
    session = workload(gcp, outputs)
    assert (session.publishes(), session.reads(outputs["secret"])) == (True, True)

    for break_, told in (
        (gcp.double.stop, ("gcp.default", "no answer")),
        (lambda: gcp.double.fail(429, retry_after=30, target=":disable"), ("429", "try again in 30 seconds")),
        (lambda: gcp.double.disable_api(PROJECT, "iam.googleapis.com"), ("gcloud services enable iam.googleapis.com",)),
    ):
        break_()
        failed = stack.destroy(check=False)
        mend(gcp)
        gcp.double.recover()
        assert_told(failed, *told)
        assert everything(gcp).keys() == {"accounts", "roles", "secrets", "bindings"}

    full, stack.environment = stack.environment, bare(stack, sandbox, engine) | dict(gcp.environment)
    destroyed = stack.destroy()
    assert "$PATH" not in destroyed.text
    stack.environment = full
    assert everything(gcp) == {}
    assert not session.knows()
    assert_gone(gcp, stack, outputs["lease"])


def test_an_id_that_is_still_reserved_is_told_with_its_date_before_anything_is_made(
    project: Callable[..., Project], gcp: GoogleCloud
) -> None:
    stack = gcp.reached_by(project(pipeline(gcp, "deploy")))
    stack.up()
    first = stack.outputs()["deploy-gcp"]
    stack.write({"__main__.py": pipeline(gcp, "release")})
    stack.up()
    second = stack.outputs()["deploy-gcp"]
    assert second["lease"] == first["lease"]
    there = everything(gcp)
    (pool,) = there["pools"]

    stack.write({"__main__.py": pipeline(gcp, "deploy")})
    failed = stack.pulumi("up", "--yes", check=False)
    assert_told(failed, "its id is reserved until", "give the identity another name")
    assert everything(gcp) == there

    stack.destroy()
    assert everything(gcp) == {}
    assert pool not in json.dumps(everything(gcp))
    # A destroyed bundle's ids stay reserved, and are not asked for again: a new one has a new lease.
    stack.up()
    again = stack.outputs()["deploy-gcp"]
    assert again["lease"] != first["lease"]
    assert_gone(gcp, stack, first["lease"]) if not stack.resources() else None


def pipeline(gcp: GoogleCloud, name: str) -> str:
    bundle = gcp_bundle(
        gcp,
        "deploy-gcp",
        kind="PipelineIdentity",
        identity=with_identity(name=name, kind="pipeline"),
        outputs={"email": "email", "provider": "provider_name"},
        source="gcp.GitHub(repository='shop/orders', ref='refs/heads/main')",
        project_number=repr(number_of(PROJECT)),
    )
    return gcp_program(bundle)
