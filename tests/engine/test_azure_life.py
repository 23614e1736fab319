"""The life of a bundle on Azure, by the double: judged, planned, made, used, changed, renewed, destroyed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nhi_components.core.azure_federation import AUDIENCE
from tests.engine.azure import QUEUE, AzureCloud, another_queue, azure_bundle, azure_program, bus_queue
from tests.engine.azure_access import Session, assert_gone, everything, exchanged, why_refused
from tests.engine.azure_by_hand import VAULT, VAULT_ID, make_queues, make_vault
from tests.engine.programs import evidence, evidence_folder, nhi, resource, summary, with_identity
from tests.engine.using import Using
from tools.doubles.azure.subscriptions import SUBSCRIPTION
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.issuer import Issuer

PACKS = Path(__file__).parents[2] / "policies"
PACK = ("--policy-pack", str(PACKS / "strict"), "--policy-pack", str(PACKS / "azure"))
LOUD = ("--logtostderr", "-v=9")
BROAD = f"[nhi.Grant(actions=['Azure Service Bus Data Sender'], targets=['/subscriptions/{SUBSCRIPTION}'])]"
SEND, RECEIVE = (f"Microsoft.ServiceBus/namespaces/messages/{verb}/action" for verb in ("send", "receive"))
LOOK = "Microsoft.ServiceBus/namespaces/queues/read"
ISSUER, SUBJECT = "https://issuer.example.com", "shop/orders"
TRUST = f"azure.FederatedTrust(issuer={ISSUER!r}, subject_claim={SUBJECT!r})"
READABLE = 16
"""A value is also looked for by a part of this length: a cut one would give most of it away."""


def granted(azure: AzureCloud, *operations: str, broad: bool = False, **identity: Any) -> str:
    """The usual bundle, which may do these things with one of two queues, in one grant."""
    one = f"nhi.Grant(actions={list(operations)!r}, targets=[azure.LaterTarget(kind=KIND, name=queue.id)])"
    arguments: dict[str, Any] = {
        "grants": BROAD if broad else f"[{one}]",
        "secret": "nhi.SecretSpec()",
        "vault": repr(VAULT_ID),
    }
    bundle = azure_bundle(azure, identity=with_identity(**identity), trusted_by=TRUST, **arguments)
    return azure_program("KIND = azure.ResourceKind.SERVICE_BUS_QUEUE", bus_queue(), another_queue("other"), bundle)


def test_a_bundle_is_judged_planned_made_changed_renewed_and_destroyed_and_tells_no_secret(
    project: Callable[..., Project], azure: AzureCloud, sandbox: Sandbox
) -> None:
    issuer = Issuer()
    azure.double.entra.issuers.put(ISSUER, issuer.public_key)
    make_vault(azure)
    stack = azure.reached_by(project(granted(azure, SEND, LOOK, broad=True)))
    blocked = stack.preview(*PACK, check=False)
    assert blocked.code != 0
    assert blocked.text.count("[azure.resource-wildcard]") == len(("strict", "azure"))
    stack.write({"__main__.py": granted(azure, SEND, LOOK)})
    passed = stack.preview(*PACK, "--save-plan", "plan.json")
    assert "[mandatory]" not in passed.text
    assert everything(azure) == {}

    said = [stack.up("--plan", "plan.json", *LOUD).text]
    outputs = stack.outputs()["orders-azure"]
    assert_as_promised(stack, outputs["lease"])
    stack.up("--expect-no-changes")
    secret = f"{VAULT}/{outputs['secret']}"
    session = become(azure, outputs, issuer)
    assert (session.sends(), session.sends("other"), session.takes()) == (True, False, False)
    assert (session.may("GET", QUEUE), session.may("DELETE", QUEUE)) == (True, False)
    assert session.reads(secret)
    stranger = issuer.token(iss=ISSUER, sub="shop/other", aud=AUDIENCE)
    assert why_refused(azure, outputs["client"], stranger) == "AADSTS700213"

    (before,) = everything(azure)["roles"]
    with Using(session.sends) as using:
        stack.write({"__main__.py": granted(azure, SEND, RECEIVE)})
        changed = stack.up()
    assert (using.tries > 5, using.refused) == (True, 0)
    (after,) = everything(azure)["roles"]
    assert after != before
    assert (session.sends(), session.takes(), session.may("GET", QUEUE)) == (True, True, False)
    assert summary(changed) == {"created": 2, "deleted": 2, "updated": 3, "unchanged": 8, "changes": 7}

    ends = (datetime.now(UTC).date() + timedelta(days=77)).isoformat()
    stack.write({"__main__.py": granted(azure, SEND, RECEIVE, expires=ends)})
    with Using(lambda: become(azure, outputs, issuer).reads(secret)) as using:
        said.append(stack.up(*LOUD).text)
    assert (using.tries > 5, using.refused) == (True, 0)
    assert stack.outputs()["orders-azure"] == {**outputs, "ends": ends}
    assert_ends(azure, outputs, ends)

    values = values_of(azure)
    said += [stack.pulumi("stack", command, "--show-secrets").text for command in ("output", "export")]
    said += [nhi(stack, "verify", "--lease", outputs["lease"], "--output", "json").text]
    said += [stack.destroy(*LOUD, NHI_APPROVER="Ada Example", NHI_REASON="CHG-2").text]
    assert everything(azure) == {}
    # Azure takes the tokens until they end, and lets them do nothing.
    make_queues(azure)
    assert session.knows()
    assert (session.sends(), session.takes(), session.reads(secret)) == (False, False, False)
    assert exchanged(azure, outputs["client"], issuer.token(iss=ISSUER, sub=SUBJECT, aud=AUDIENCE)) is None
    assert_gone(azure, stack, outputs["lease"])
    told = evidence(stack, outputs["lease"])
    assert (told["approver"]["value"], told["reason"]["value"]) == ("Ada Example", "CHG-2")
    assert_told_nowhere({**values, **values_of(azure)}, said, sandbox, stack)


def become(azure: AzureCloud, outputs: dict[str, Any], issuer: Issuer) -> Session:
    session = exchanged(azure, outputs["client"], issuer.token(iss=ISSUER, sub=SUBJECT, aud=AUDIENCE))
    assert session is not None
    return session


def assert_as_promised(stack: Project, lease: str) -> None:
    """Assert that what was made has the names that the saved plan promised, all of them of the lease."""
    plans = json.loads((stack.directory / "plan.json").read_text())["resourcePlans"]
    promised = {
        urn.rsplit("::", 1)[1]: plan["goal"]["inputDiff"].get("adds") for urn, plan in plans.items() if "goal" in plan
    }
    suffix = lease.removeprefix("lease-")[:6]
    for kind, field, told in (
        ("UserAssignedIdentity", "resourceName", "resourceName"),
        ("FederatedIdentityCredential", "federatedIdentityCredentialResourceName", "resourceName"),
        ("RoleDefinition", "roleDefinitionId", "roleName"),
    ):
        found = resource(stack, kind)
        made = found["inputs"][field]
        assert made == promised[found["urn"].rsplit("::", 1)[1]][field]
        assert suffix in found["inputs"][told]


def assert_ends(azure: AzureCloud, outputs: dict[str, Any], ends: str) -> None:
    """Assert that identity and secret tell the end: Azure itself ends neither."""
    with azure.double.lock:
        assert azure.double.identities.by_id[outputs["identity"].lower()]["tags"]["nhi:ends"] == ends
        (version,) = azure.double.vaults.by_name[VAULT, outputs["secret"]].versions
        assert datetime.fromtimestamp(version.times["exp"], UTC) == datetime.fromisoformat(f"{ends}T00:00:00+00:00")


def values_of(azure: AzureCloud) -> dict[str, str]:
    """Every secret value that there is by now, out of the double itself, by what it is."""
    with azure.double.lock:
        found = {
            f"secret {vault}/{name}": version.value
            for (vault, name), secret in azure.double.vaults.by_name.items()
            for version in secret.versions
        }
        # All tokens begin alike.
        tokens = [token[-READABLE:] for token in azure.double.entra.tokens.issued]
    found |= {f"token {number}": token for number, token in enumerate(tokens)}
    return {**found, "the operator's secret": azure.environment["AZURE_CLIENT_SECRET"]}


def assert_told_nowhere(values: dict[str, str], said: list[str], sandbox: Sandbox, stack: Project) -> None:
    """Assert that no value is in what commands said, nor in the state with its history, the project or the evidence."""
    assert len(values) > 5
    places = {f"output {number}": text for number, text in enumerate(said)}
    for folder in (sandbox.record.state, evidence_folder(stack), stack.directory):
        places |= dict(_files(folder))
    assert len([name for name in places if "history" in name]) >= 3
    found = [
        (what, place) for what, value in values.items() for place, text in places.items() if value[:READABLE] in text
    ]
    assert found == []


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    for file in folder.rglob("*"):
        if file.is_file():
            yield str(file), file.read_text(errors="replace")
