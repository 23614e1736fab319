"""One stack over two projects of Google Cloud through explicit providers, by the double: each bundle in its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.engine.gcp import PROJECT, GoogleCloud, gcp_program
from tests.engine.gcp_access import ask, issued
from tests.engine.programs import IDENTITY, evidence
from tools.lab.project import Project

MEDIA = "nhi-media"
PLACES = {"shop": PROJECT, "media": MEDIA}


def over_two_projects(gcp: GoogleCloud) -> str:
    connections = ", ".join(
        f"{name!r}: gcp.Connection(endpoint={gcp.url!r}, projects=({place!r},))" for name, place in PLACES.items()
    )
    statements = [f"ours = nhi.Provider('nhi', gcp={{{connections}}})"]
    for name, place in PLACES.items():
        statements += [
            f"{name} = pulumi_gcp.Provider({name!r}, project={place!r})",
            f"topic_of_{name} = pulumi_gcp.pubsub.Topic({name!r}, name='orders', "
            f"opts=pulumi.ResourceOptions(provider={name}))",
            f"of_{name} = gcp.WorkloadIdentity('orders-{name}', identity={dict(IDENTITY)!r}, project={place!r}, "
            "trusted_by=gcp.AttachedTrust(), connection="
            f"{name!r}, grants=gcp.intents.pubsub.publish(topic_of_{name}.id), "
            f"opts=pulumi.ResourceOptions(providers=[ours, {name}]))",
            f"pulumi.export({name!r}, {{'email': of_{name}.email, 'lease': of_{name}.lease_id}})",
        ]
    # The same grants in two projects: one identity on each, as its template asks to be told.
    return gcp_program(*statements).replace(
        "'expires'", "'shares_grants_because': 'the shop runs in two projects', 'expires'"
    )


def alive(gcp: GoogleCloud, place: str) -> dict[str, Any]:
    accounts = ask(gcp, "GET", f"/v1/projects/{place}/serviceAccounts").get("accounts", [])
    return {
        "accounts": [each["email"] for each in accounts if each["email"] != gcp.operator],
        "roles": [each["name"] for each in ask(gcp, "GET", f"/v1/projects/{place}/roles").get("roles", [])],
        "topics": [each["name"] for each in ask(gcp, "GET", f"/v1/projects/{place}/topics").get("topics", [])],
    }


def publishes(gcp: GoogleCloud, email: str, place: str) -> bool:
    message = {"messages": [{"data": "aGVsbG8="}]}
    return issued(gcp, email).may("POST", f"/v1/projects/{place}/topics/orders:publish", message)


def test_each_bundle_lives_in_its_own_project_and_one_destroy_empties_both(
    project: Callable[..., Project], gcp: GoogleCloud
) -> None:
    stack = gcp.reached_by(project(over_two_projects(gcp)))
    stack.up()
    outputs = stack.outputs()
    for name, place in PLACES.items():
        found = alive(gcp, place)
        assert found["accounts"] == [outputs[name]["email"]]
        assert [role.split("/")[1] for role in found["roles"]] == [place]
        others = next(other for other in PLACES.values() if other != place)
        assert publishes(gcp, outputs[name]["email"], place)
        assert not publishes(gcp, outputs[name]["email"], others)
    assert "unchanged" in stack.up("--expect-no-changes").text

    stack.destroy()
    assert stack.resources() == []
    for name, place in PLACES.items():
        assert alive(gcp, place) == {"accounts": [], "roles": [], "topics": []}
        removed = evidence(stack, outputs[name]["lease"])["removals"]
        assert {row["link"]["connection"] for row in removed} == {name}
        assert all(row["absent_at"]["state"] == "at" for row in removed)
