"""What identities on Google Cloud can do and can't, by the double: by each way in, after the end, suspended, killed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

from tests.engine.gcp import PUBLISH, TOKEN, GoogleCloud, bucket, gcp_bundle, gcp_program, topic
from tests.engine.gcp_access import (
    GKE,
    OTHER_POD,
    Session,
    become,
    everything,
    exchanged,
    issued,
    kept_for,
    pod,
)
from tests.engine.programs import evidence, nhi, with_identity
from tools.doubles.gcp.double import PROJECT
from tools.doubles.gcp.names import number_of
from tools.doubles.gcp.oidc import jwks_of
from tools.lab.project import Project, Run
from tools.lab.sandbox.issuer import Issuer

BY = ("--approver", "Ada Example", "--reason", "INC-7")
NUMBER = number_of(PROJECT)
VENDOR = "collector@vendor-prod.iam.gserviceaccount.com"
RUNTIME = f"runtime@{PROJECT}.iam.gserviceaccount.com"
GITHUB = "https://token.actions.githubusercontent.com"
JOB = {"sub": "repo:shop/orders:ref:refs/heads/main", "repository": "shop/orders", "ref": "refs/heads/main"}
READ = "[nhi.Grant(actions=['storage.objects.get'], targets=['projects/_/buckets/nhi-orders/objects/orders/*'])]"
WRITE = READ.replace("objects.get", "objects.create")
READ_INVOICES = READ.replace("objects/orders", "objects/invoices")
PUBLISH_OTHER = f"[nhi.Grant(actions=['pubsub.topics.publish'], targets=['projects/{PROJECT}/topics/other'])]"
BUNDLES = ("orders-gcp", "deploy", "vendor", "agent")
KEPT = {
    "gcp-service-account": timedelta(days=30),
    "gcp-custom-role": timedelta(days=7),
    "gcp-workload-identity-pool": timedelta(days=30),
    "gcp-workload-identity-provider": timedelta(days=30),
}
"""For how long Google lets each be brought back."""

ORDERS, INVOICES = "orders/1", "invoices/1"
_numbers = count(2)


def program(gcp: GoogleCloud) -> str:
    """A workload on GKE, a pipeline with a pool of its own, a vendor and an agent with two tools."""
    email = {"email": "email"}
    return gcp_program(
        topic("other"),
        topic(),
        bucket(),
        gcp_bundle(gcp, grants=f"[*{PUBLISH}, *{READ}]", secret="nhi.SecretSpec()", trusted_by=GKE),
        gcp_bundle(
            gcp,
            "deploy",
            kind="PipelineIdentity",
            identity=with_identity(name="deploy", kind="pipeline"),
            outputs={**email, "provider": "provider_name", "audience": "audience"},
            source="gcp.GitHub(repository='shop/orders', ref='refs/heads/main')",
            project_number=repr(NUMBER),
            grants=WRITE,
        ),
        gcp_bundle(
            gcp,
            "vendor",
            kind="ThirdPartyIdentity",
            identity=with_identity(name="vendor", kind="third-party"),
            outputs=email,
            vendor=f"gcp.VendorAccount(email={VENDOR!r})",
            grants=READ_INVOICES,
        ),
        gcp_bundle(
            gcp,
            "agent",
            kind="AgentIdentity",
            identity=with_identity(name="agent", kind="ai-agent"),
            outputs={"tools": "tool_emails"},
            sponsor="'ada@example.com'",
            trusted_by=f"['serviceAccount:{RUNTIME}']",
            tools=f"{{'look': {READ}, 'tell': {PUBLISH_OTHER}}}",
        ),
    )


class Cast:
    """Everybody who may become one of the accounts, with what the accounts may do."""

    def __init__(self, gcp: GoogleCloud, outputs: dict[str, Any], issuer: Issuer) -> None:
        self.gcp, self.outputs, self.issuer = gcp, outputs, issuer

    def job(self, **claims: str) -> Session | None:
        """A session of the pipeline's account, as a job of GitHub's with these claims makes it."""
        told, audience = self.outputs["deploy"], self.outputs["deploy"]["audience"]
        token = self.issuer.token(iss=GITHUB, aud=audience, **{**JOB, **claims})
        federated = exchanged(self.gcp, told["provider"], token)
        return federated and become(self.gcp, told["email"], federated)

    def sessions(self) -> dict[str, Session | None]:
        """A session of each account, by the way that it is meant to be made; None where that is refused."""
        vendor, runtime = issued(self.gcp, VENDOR), issued(self.gcp, RUNTIME)
        tools = self.outputs["agent"]["tools"]
        return {
            "pod": become(self.gcp, self.outputs["orders-gcp"]["email"], pod(self.gcp)),
            "job": self.job(),
            "vendor": become(self.gcp, self.outputs["vendor"]["email"], vendor),
            **{tool: become(self.gcp, email, runtime) for tool, email in tools.items()},
        }

    def attached(self) -> dict[str, Session]:
        """A session of each account that nobody had to be let in for."""
        outputs = self.outputs
        emails = {"pod": outputs["orders-gcp"]["email"], "job": outputs["deploy"]["email"]}
        emails |= {"vendor": outputs["vendor"]["email"], **outputs["agent"]["tools"]}
        return {who: issued(self.gcp, email) for who, email in emails.items()}

    def uses(self, sessions: dict[str, Session | None] | dict[str, Session]) -> dict[str, list[str]]:
        """What each session is let do, of all that there is to do."""
        secret = self.outputs["orders-gcp"]["secret"]
        return {who: _uses(session, secret) for who, session in sessions.items() if session}


def _uses(session: Session, secret: str) -> list[str]:
    ways: dict[str, Callable[[], bool]] = {
        "publishes orders": lambda: session.publishes(),
        "publishes other": lambda: session.publishes("other"),
        "reads orders": lambda: session.gets(ORDERS),
        "reads invoices": lambda: session.gets(INVOICES),
        # What is there already may not be overwritten.
        "writes orders": lambda: session.puts(f"orders/{next(_numbers)}"),
        "reads the secret": lambda: session.reads(secret),
        "deletes the topic": lambda: session.deletes(),
        "lists accounts": lambda: session.may("GET", f"/v1/projects/{PROJECT}/serviceAccounts"),
    }
    return [what for what, way in ways.items() if way()]


MEANT = {
    "pod": ["publishes orders", "reads orders", "reads the secret"],
    "job": ["writes orders"],
    "vendor": ["reads invoices"],
    "look": ["reads orders"],
    "tell": ["publishes other"],
}
NOT_DATED = {"pod": ["publishes orders"], "job": [], "vendor": [], "look": [], "tell": ["publishes other"]}
"""What the policy of a topic takes no condition for: the end is recorded, and enforced by the next `up`."""


def test_each_way_in_leads_to_what_was_granted_and_ends_by_date_by_suspension_and_by_a_kill(
    project: Callable[..., Project], gcp: GoogleCloud
) -> None:
    issuer = Issuer()
    gcp.double.sts.issuers[GITHUB] = jwks_of(issuer.public_key)
    gcp.double.accounts.make("vendor-prod", "collector")
    gcp.double.accounts.make(PROJECT, "runtime")
    stack = gcp.reached_by(project(program(gcp)))
    stack.up()
    assert all(Session(gcp, TOKEN).puts(name) for name in (ORDERS, INVOICES))
    cast = Cast(gcp, stack.outputs(), issuer)
    sessions = cast.sessions()
    assert cast.uses(sessions) == MEANT
    assert_nobody_else(cast)

    gcp.double.ahead = timedelta(days=31)
    assert set(cast.sessions().values()) == {None}
    assert cast.uses(cast.attached()) == NOT_DATED
    gcp.double.ahead = timedelta()
    assert cast.uses(cast.sessions()) == MEANT

    job, others = cast.job(), {**cast.sessions(), "job": None}
    assert_killed_at_once(nhi(stack, "kill", "deploy", *BY, "--output", "json"))
    assert job is not None
    assert (job.knows(), cast.job()) == (False, None)
    stack.up()
    assert cast.job() is None
    assert cast.uses(others) == {who: uses for who, uses in MEANT.items() if who != "job"}

    leases = [cast.outputs[each]["lease"] for each in BUNDLES]
    stack.up(NHI_AS_OF=cast.outputs["deploy"]["ends"])
    assert set(cast.sessions().values()) == {None}
    assert not any(session.knows() for session in sessions.values() if session)
    told = [evidence(stack, lease, "suspension") for lease in leases]
    assert [each["cause"]["cause"] for each in told] == ["end-reached", "decided", "end-reached", "end-reached"]
    assert {row["verdict"] for each in told for row in each["revocations"]} == {"not shown"}

    restored = nhi(stack, "restore", "deploy", *BY, "--up")
    assert restored.code == 0, restored.text
    assert cast.uses(cast.sessions()) == MEANT

    sessions = cast.sessions()
    stack.destroy()
    assert everything(gcp) == {"accounts": [RUNTIME]}
    assert not any(session.knows() for session in sessions.values() if session)
    assert set(cast.sessions().values()) == {None}
    for lease in leases:
        assert [each["verdict"] for each in evidence(stack, lease)["revocations"]] == ["met"]
        assert_facts(evidence(stack, lease)["removals"])


def assert_killed_at_once(killed: Run) -> None:
    """Assert that a kill is complete, and tells how fast access ended."""
    assert killed.code == 0, killed.text
    (lease,) = json.loads(killed.stdout)["leases"]
    (principal,) = lease["principals"]
    assert 0 <= principal["disabledAfterMs"] <= principal["refusedAfterMs"]
    (latency,) = lease["revocations"]
    assert (latency["verdict"], latency["seconds"] < latency["limitSeconds"]) == ("met", True)


def assert_facts(removals: list[dict[str, Any]]) -> None:
    """Assert that all is gone, each account disabled and refused before, and for how long each can be brought back."""
    assert {row["absent_at"]["state"] for row in removals} == {"at"}
    for row in removals:
        kept = KEPT.get(row["link"]["kind"])
        assert (row["recoverable_until"]["state"] == "at") is (kept is not None), row
        if kept:
            assert kept_for(row) == kept
    accounts = [row for row in removals if row["link"]["kind"] == "gcp-service-account"]
    assert accounts
    assert all(row[fact]["state"] == "at" for row in accounts for fact in ("disabled_at", "refused_at"))


def assert_nobody_else(cast: Cast) -> None:
    """Assert that who resembles those who are let in is not."""
    gcp, outputs = cast.gcp, cast.outputs
    for claims in (
        {"ref": "refs/heads/other"},
        {"sub": "repo:shop/orders:ref:refs/heads/other"},
        {"repository": "x/y"},
    ):
        assert cast.job(**claims) is None
    assert exchanged(gcp, outputs["deploy"]["provider"], Issuer().token(iss=GITHUB, **JOB)) is None
    assert become(gcp, outputs["orders-gcp"]["email"], pod(gcp, OTHER_POD)) is None
    assert become(gcp, outputs["vendor"]["email"], issued(gcp, RUNTIME)) is None
    for email in outputs["agent"]["tools"].values():
        assert become(gcp, email, issued(gcp, VENDOR)) is None
