"""What a removal on Google Cloud copes with, by the double: targeted destroys, extras made by hand, namesakes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.engine.gcp import GoogleCloud, gcp_bundle, gcp_program
from tests.engine.gcp_access import (
    GKE,
    ask,
    assert_gone,
    become,
    bind,
    bindings,
    deleted_roles,
    everything,
    kept_for,
    pod,
    workload,
)
from tests.engine.programs import evidence, nhi, resource
from tools.doubles.gcp.double import PROJECT
from tools.lab.project import Project

SECRET = "nhi.SecretSpec()"
STRANGER = "user:mallory@example.com"
TOPIC, OTHER = f"projects/{PROJECT}/topics/orders", f"projects/{PROJECT}/topics/other"


@pytest.fixture
def stack(project: Callable[..., Project], gcp: GoogleCloud) -> Project:
    """A bundle with a secret that is in use, and topics that somebody else has made."""
    for name in (TOPIC, OTHER):
        ask(gcp, "PUT", f"/v1/{name}", {})
    grants = f"[nhi.Grant(actions=['pubsub.topics.publish'], targets=[{TOPIC!r}])]"
    made = gcp.reached_by(project(gcp_program(gcp_bundle(gcp, grants=grants, secret=SECRET, trusted_by=GKE))))
    made.up()
    return made


def test_what_was_added_by_hand_goes_with_the_bundle_and_the_evidence_tells_each_fact(
    stack: Project, gcp: GoogleCloud
) -> None:
    outputs = stack.outputs()["orders-gcp"]
    account, member = f"projects/{PROJECT}/serviceAccounts/{outputs['email']}", outputs["member"]
    by_hand = [
        (TOPIC, "roles/pubsub.editor", member),
        (OTHER, "roles/pubsub.subscriber", member),
        (f"projects/{PROJECT}", "roles/viewer", member),
        (account, "roles/iam.serviceAccountTokenCreator", STRANGER),
    ]
    bind(gcp, OTHER, "roles/pubsub.viewer", STRANGER)
    for binding in by_hand:
        bind(gcp, *binding)
    key = ask(gcp, "POST", f"/v1/{account}/keys", {})["name"].rpartition("/")[2]
    for _ in range(2):
        ask(gcp, "POST", f"/v1/{outputs['secret']}:addVersion", {"payload": {"data": "YnkgaGFuZA=="}})
    session = workload(gcp, outputs)
    assert (session.publishes(), session.reads(outputs["secret"])) == (True, True)

    stack.destroy()
    assert everything(gcp) == {"bindings": [f"//pubsub.googleapis.com/{OTHER} roles/pubsub.viewer {STRANGER}"]}
    assert not session.knows()
    assert become(gcp, outputs["email"], pod(gcp)) is None
    assert_gone(gcp, stack, outputs["lease"])
    told = {(row["link"]["kind"], row["link"]["name"]): row for row in evidence(stack, outputs["lease"])["removals"]}
    assert {("gcp-binding", " ".join(binding)) for binding in by_hand} <= told.keys()
    assert ("gcp-service-account-key", f"{outputs['email']}/{key}") in told
    # Google shows what is bound for an account that is deleted under another name, until it purges that.
    gone = f"deleted:{member}?uid={outputs['unique_id']}"
    swept = {row["link"]["name"] for row in evidence(stack, outputs["lease"])["swept"]}
    assert swept == {f"{where} {role} {gone}" for where, role, whom in by_hand if whom == member}
    assert_facts(told, outputs)


def test_a_bundle_that_is_destroyed_in_part_works_again_after_the_next_up(stack: Project, gcp: GoogleCloud) -> None:
    outputs = stack.outputs()["orders-gcp"]
    session = workload(gcp, outputs)
    assert session.publishes()

    stack.destroy("--target", resource(stack, "Seal")["urn"])
    assert not session.knows()
    assert become(gcp, outputs["email"], pod(gcp)) is None
    stack.up()
    assert session.publishes()

    doomed = [resource(stack, kind)["urn"] for kind in ("Account", "IAMCustomRole")]
    stack.destroy(*(part for urn in doomed for part in ("--target", urn)), "--target-dependents")
    assert everything(gcp).keys() == {"secrets"}
    (role,) = deleted_roles(gcp)
    stack.up()
    again = stack.outputs()["orders-gcp"]
    assert (again["lease"], again["email"]) == (outputs["lease"], outputs["email"])
    assert again["unique_id"] != outputs["unique_id"]
    # The id of a deleted role can't be used anew for weeks: the role is brought back.
    assert (everything(gcp)["roles"], deleted_roles(gcp)) == ([role], set())
    assert not session.knows()
    session = workload(gcp, again)
    assert (session.publishes(), session.reads(again["secret"])) == (True, True)
    stack.up("--expect-no-changes")

    stack.destroy()
    assert everything(gcp) == {}
    assert not session.knows()
    assert_gone(gcp, stack, outputs["lease"])


def test_retain_on_delete_is_refused(project: Callable[..., Project], gcp: GoogleCloud) -> None:
    options = "pulumi.ResourceOptions(providers=[ours], retain_on_delete=True)"
    stack = gcp.reached_by(project(gcp_program(gcp_bundle(gcp, opts=options))))
    refused = stack.up(check=False)
    assert refused.code != 0
    assert all(part in refused.text for part in ("retainOnDelete", "no retention inside a bundle", "fix:"))
    assert everything(gcp) == {}


def test_an_account_made_anew_under_the_same_address_is_left_alone(stack: Project, gcp: GoogleCloud) -> None:
    outputs = stack.outputs()["orders-gcp"]
    theirs = made_anew(gcp, outputs["email"])
    standing = everything(gcp)

    refused = stack.destroy(check=False)
    assert refused.code != 0
    for part in ("not ours, but of the same name", outputs["email"], theirs, "nhi repair"):
        assert part in refused.text
    assert everything(gcp) == standing

    repaired = nhi(stack, "repair", "--yes")
    assert repaired.code == 0, repaired.text
    stack.destroy()
    assert ask(gcp, "GET", f"/v1/projects/{PROJECT}/serviceAccounts/{outputs['email']}")["uniqueId"] == theirs
    their_own = f"//pubsub.googleapis.com/{OTHER} roles/pubsub.subscriber {outputs['member']}"
    assert everything(gcp) == {"accounts": [outputs["email"]], "bindings": [their_own]}
    assert "disabled" not in ask(gcp, "GET", f"/v1/projects/{PROJECT}/serviceAccounts/{outputs['email']}")
    assert_gone(gcp, stack, outputs["lease"])
    assert theirs in {namesake["unique_id"] for namesake in evidence(stack, outputs["lease"])["namesakes"]}


def test_an_account_made_anew_is_left_alone_after_a_refresh_and_blocks_nothing(
    stack: Project, gcp: GoogleCloud
) -> None:
    outputs = stack.outputs()["orders-gcp"]
    ask(gcp, "DELETE", f"/v1/projects/{PROJECT}/serviceAccounts/{outputs['email']}")
    stack.refresh()
    theirs = make(gcp, outputs["email"])

    stack.destroy()
    assert ask(gcp, "GET", f"/v1/projects/{PROJECT}/serviceAccounts/{outputs['email']}")["uniqueId"] == theirs
    assert everything(gcp).keys() == {"accounts", "bindings"}
    assert [member for _, _, member in bindings(gcp)] == [outputs["member"]]
    assert_gone(gcp, stack, outputs["lease"])
    (namesake,) = evidence(stack, outputs["lease"])["namesakes"]
    assert (namesake["name"], namesake["unique_id"]) == (outputs["email"], theirs)


def made_anew(gcp: GoogleCloud, email: str) -> str:
    """Delete an account by hand, and make somebody else's under its address; return that one's unique id."""
    ask(gcp, "DELETE", f"/v1/projects/{PROJECT}/serviceAccounts/{email}")
    return make(gcp, email)


def make(gcp: GoogleCloud, email: str) -> str:
    made = ask(gcp, "POST", f"/v1/projects/{PROJECT}/serviceAccounts", {"accountId": email.partition("@")[0]})
    bind(gcp, OTHER, "roles/pubsub.subscriber", f"serviceAccount:{email}")
    return str(made["uniqueId"])


def assert_facts(told: dict[tuple[str, str], Any], outputs: dict[str, Any]) -> None:
    principal = told["gcp-service-account", outputs["email"]]
    assert all(principal[fact]["state"] == "at" for fact in ("disabled_at", "absent_at", "refused_at"))
    assert kept_for(principal) == timedelta(days=30)
    (role,) = [row for (kind, _), row in told.items() if kind == "gcp-custom-role"]
    assert kept_for(role) == timedelta(days=7)
    others = [row for (kind, _), row in told.items() if kind in ("gcp-binding", "gcp-secret")]
    assert {row["recoverable_until"]["state"] for row in others} == {"not-applicable"}
    assert {row["absent_at"]["state"] for row in told.values()} == {"at"}
