"""What identities on Azure can do and can't, by the double: by each way in, after the end, suspended, killed, gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from tests.engine.azure import AzureCloud
from tests.engine.azure_access import (
    GITHUB,
    Session,
    assert_gone,
    assert_not_seen,
    attached,
    credentials,
    everything,
    why_refused,
)
from tests.engine.azure_cast import JOB, RUNTIME, VENDOR, VENDOR_ISSUER, Cast, furnished, program
from tests.engine.kubernetes import OneCluster
from tests.engine.programs import evidence, nhi
from tools.lab.project import Project
from tools.lab.sandbox.issuer import Issuer

BY = ("--approver", "Ada Example", "--reason", "INC-7")
BUNDLES = ("orders-azure", "pod", "deploy", "vendor", "agent")
ATTACH: Final = "Microsoft.ManagedIdentity/userAssignedIdentities/any/assign/action"
"""What Managed Identity Operator lets do, whose pattern for it is `userAssignedIdentities/*/assign/action`."""

MEANT = {
    "app": ["sends orders", "reads the secret"],
    "pod": ["takes orders"],
    "job": ["writes orders"],
    "vendor": ["reads invoices"],
    "look": ["reads orders"],
    "tell": ["sends other"],
}


def test_each_way_in_leads_to_what_was_granted_and_ends_by_a_kill_by_its_end_date_and_by_a_destroy(
    project: Callable[..., Project], azure: AzureCloud, cluster: OneCluster
) -> None:
    issuer = Issuer()
    deployer = furnished(azure, cluster, issuer)
    stack = azure.reached_by(project(program(azure, deployer)))
    stack.up()
    cast = Cast(azure, cluster, stack.outputs(), issuer)
    sessions = cast.sessions()
    assert cast.uses(sessions) == MEANT
    assert_nobody_else(cast, deployer)

    # Azure knows no assignment that ends: the end is recorded, and the next run enforces it.
    azure.double.ahead = timedelta(days=31)
    assert cast.uses(cast.sessions()) == MEANT
    azure.double.ahead = timedelta()

    assert_killed(stack, cast)
    assert_only_known(cast, {"job": sessions["job"]})
    assert cast.job() is None
    stack.up()
    assert cast.job() is None
    assert cast.uses(cast.sessions()) == {who: uses for who, uses in MEANT.items() if who != "job"}

    assert_settled(stack, cast.outputs["deploy"]["ends"])
    assert_suspended(cast, sessions, deployer)
    assert_suspensions(stack, [cast.outputs[each]["lease"] for each in BUNDLES])

    restored = nhi(stack, "restore", "deploy", *BY, "--up")
    assert restored.code == 0, restored.text
    assert cast.uses(cast.sessions()) == MEANT

    sessions = cast.sessions()
    stack.destroy()
    assert everything(azure) == {}
    assert_only_known(cast, sessions)
    assert set(cast.sessions().values()) == {None}
    for bundle in BUNDLES:
        assert_ended(evidence(stack, cast.outputs[bundle]["lease"]))
    assert_gone(azure, stack, *(cast.outputs[each]["lease"] for each in ("orders-azure", "agent")))

    # What was issued ends by itself, and nothing but time ends it.
    azure.double.ahead = timedelta(hours=25)
    assert not any(session.knows() for session in sessions.values() if session)


def assert_nobody_else(cast: Cast, deployer: str) -> None:
    """Assert that who resembles those who are let in is not, for the reason that Entra has for each."""
    azure, outputs, issuer = cast.azure, cast.outputs, cast.issuer
    pipeline, pod, vendor = (outputs[each]["client"] for each in ("deploy", "pod", "vendor"))
    for claims, reason in (
        ({"sub": "repo:shop/invoices:environment:prod", "repository": "shop/invoices"}, "AADSTS700213"),
        ({"sub": "repo:shop/orders:environment:dev"}, "AADSTS700213"),
        ({"sub": "repo:shop/orders:ref:refs/heads/main"}, "AADSTS700213"),
        ({"sub": "repo:Shop/orders:environment:prod"}, "AADSTS7002138"),
        ({"iss": VENDOR_ISSUER}, "AADSTS700211"),
        ({"aud": "https://github.com/shop"}, "AADSTS700212"),
    ):
        assert why_refused(azure, pipeline, issuer.token(**{**JOB, **claims})) == reason, claims
        assert cast.job(**claims) is None
    assert why_refused(azure, pipeline, Issuer().token(**JOB)) == "AADSTS50013"
    assert why_refused(azure, pod, cast.pod("other")) == "AADSTS700213"
    assert why_refused(azure, pod, cast.pod(audience="vault")) == "AADSTS700212"
    assert why_refused(azure, vendor, issuer.token(**RUNTIME)) == "AADSTS700213"
    for client in outputs["agent"]["tools"].values():
        assert why_refused(azure, client, issuer.token(**VENDOR)) == "AADSTS700213"
    # What is attached is let in by nobody's token.
    assert why_refused(azure, outputs["orders-azure"]["client"], issuer.token(**JOB)) == "AADSTS70025"
    with azure.double.lock:
        permits, own = azure.double.rbac.permits, outputs["orders-azure"]
        assert permits(deployer, ATTACH, own["identity"])
        assert not permits(own["principal"], ATTACH, own["identity"])


def assert_only_known(cast: Cast, sessions: dict[str, Session | None]) -> None:
    """Assert that tokens which were issued before are taken for somebody's still, and permit nothing at all."""
    held = {who: session for who, session in sessions.items() if session}
    assert held
    assert all(session.knows() for session in held.values())
    assert cast.uses(sessions) == {who: [] for who in held}


def assert_killed(stack: Project, cast: Cast) -> None:
    """Assert that a kill tells what it did, and that nobody could see whether sessions are refused, as docs/kill.md."""
    killed = nhi(stack, "kill", "deploy", *BY, "--output", "json")
    assert killed.code == 1, killed.text
    (lease,) = json.loads(killed.stdout)["leases"]
    (principal,) = lease["principals"]
    assert principal["disabledAfterMs"] >= 0
    assert (principal["refusedAfterMs"], principal["refused"]) == (None, False)
    assert "given only to what it is attached to or trusts, so none was tried" in principal["known"]
    assert [each["verdict"] for each in lease["revocations"]] == ["not shown"]
    (row,) = evidence(stack, lease["lease"], "cut-off")["rows"]
    assert row["disabled_at"]["state"] == "at"
    assert_not_seen(row["sessions_refused_at"])
    parked = [each.subject for each in credentials(cast.azure) if each.issuer == GITHUB]
    assert parked == [f"nhi:cut-off:{JOB['sub']}"]


def assert_settled(stack: Project, ends: str) -> None:
    """Assert that `nhi reap` on the day of the end suspends everything that is not suspended yet."""
    stack.environment["NHI_AS_OF"] = ends
    reaped = nhi(stack, "reap", str(stack.directory), "--yes", "--output", "json")
    del stack.environment["NHI_AS_OF"]
    assert reaped.code == 0, reaped.text
    due = {row["identity"]: (row["due"], row["outcome"], row["after"]) for row in json.loads(reaped.stdout)["due"]}
    settled = ("suspension", "settled", "suspended")
    assert due == {f"{name}.test": settled for name in ("orders", "pod", "vendor", "agent")}


def assert_suspended(cast: Cast, sessions: dict[str, Session | None], deployer: str) -> None:
    """Assert that nobody is let in, that nothing is assigned, and that tokens issued before permit nothing."""
    azure, own = cast.azure, cast.outputs["orders-azure"]
    assert "assignments" not in everything(azure)
    assert {each.subject for each in credentials(azure)} == {"nhi:suspended"}
    assert set(cast.federated().values()) == {None}
    assert_only_known(cast, sessions)
    # Azure gives a machine tokens of what is attached to it, whatever they permit.
    assert_only_known(cast, {"app": attached(azure, own["client"])})
    with azure.double.lock:
        assert not azure.double.rbac.permits(deployer, ATTACH, own["identity"])


def assert_suspensions(stack: Project, leases: list[str]) -> None:
    """Assert what evidence says of why each was suspended, and that nobody saw access end."""
    told = [evidence(stack, lease, "suspension") for lease in leases]
    causes = dict(zip(BUNDLES, (each["cause"]["cause"] for each in told), strict=True))
    assert causes == dict.fromkeys(BUNDLES, "end-reached") | {"deploy": "decided"}
    assert {row["verdict"] for each in told for row in each["revocations"]} == {"not shown"}


def assert_ended(teardown: dict[str, Any]) -> None:
    """Assert that all is gone, and that evidence claims nothing of issued tokens but what Azure documents."""
    rows = teardown["removals"]
    assert {row["absent_at"]["state"] for row in rows} == {"at"}
    identities = [row for row in rows if row["link"]["kind"] == "azure-managed-identity"]
    assert identities
    for row in identities:
        assert row["disabled_at"]["state"] == "at"
        assert row["refused_at"]["state"] == "not-checked"
        assert row["refused_at"]["reason"].endswith("so none was tried")
        assert row["recoverable_until"]["state"] == "not-applicable"
        assert_not_seen(row["sessions_possible_until"])
    (latency,) = teardown["revocations"]
    assert latency["verdict"] == "not shown"
    assert_not_seen(latency["completed"])
