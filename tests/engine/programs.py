"""Programs for the engine as text, and what the tests ask about what came of them.

A program is made of statements: `program(queue(), aws_bundle(grants=SEND), vault_bundle())`.
Each bundle exports its outputs under its own component name.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nhi_components.lifecycle.evidence.reader import in_order
from nhi_components.lifecycle.evidence.settings import EvidenceSettings, open_store
from nhi_components.lifecycle.evidence.verify import verify
from tools.lab.project import Project, Run
from tools.lab.sandbox.aws import ACCOUNT

EXTERNAL_ID = "trial"
IDENTITY: Mapping[str, Any] = {
    "name": "orders",
    "environment": "test",
    "owner": {"team": "payments", "email": "payments@example.com"},
    "purpose": "sends order events to the queue",
    "expires": {"after_days": 30},
}

ACCOUNT_TRUST = f"aws.AccountTrust(account={ACCOUNT!r}, external_id={EXTERNAL_ID!r})"
SEND = "[nhi.Grant(actions=['sqs:SendMessage'], targets=[queue.arn])]"
"""Source of grants on the queue that `queue()` makes."""

_IMPORTS = """\
import pulumi
import pulumi_aws
import nhi_components as nhi
from nhi_components import aws, vault
"""
_AWS_OUTPUTS = {"role": "role_name", "arn": "role_arn", "secret": "secret_arn", "profile": "instance_profile_arn"}
_VAULT_OUTPUTS = {
    "role": "role_name",
    "role_id": "role_id",
    "entity": "entity_id",
    "policy": "policy_name",
    "secret": "secret_path",
}


def program(*statements: str) -> str:
    """A program of these statements, with `nhi`, `aws`, `vault`, `pulumi` and `pulumi_aws` at hand."""
    return "\n".join([_IMPORTS, *statements, ""])


def queue(name: str = "orders") -> str:
    """The variable `queue`: an SQS queue, exported with its URL as `queue`."""
    return f"queue = pulumi_aws.sqs.Queue({name!r}, name={name!r})\npulumi.export('queue', queue.id)"


def aws_bundle(
    component: str = "orders-aws",
    *,
    identity: Mapping[str, Any] = IDENTITY,
    trusted_by: str = ACCOUNT_TRUST,
    **arguments: str,
) -> str:
    """An `aws.WorkloadIdentity` that exports lease, ends, role, arn, secret and profile under its own name.

    Args:
        component: its name.
        identity: as data.
        trusted_by: source text.
        arguments: source texts of further arguments, such as `grants=SEND` or `secret="nhi.SecretSpec()"`.
    """
    return _bundle("aws", component, identity, {"trusted_by": trusted_by, **arguments}, _AWS_OUTPUTS)


def vault_bundle(component: str = "orders-vault", *, identity: Mapping[str, Any] = IDENTITY, **arguments: str) -> str:
    """A `vault.WorkloadIdentity` that exports lease, ends, role, role_id, entity, policy and secret."""
    return _bundle("vault", component, identity, arguments, _VAULT_OUTPUTS)


def _bundle(
    system: str, component: str, identity: Mapping[str, Any], arguments: Mapping[str, str], outputs: Mapping[str, str]
) -> str:
    variable = component.replace("-", "_")
    given = "".join(f", {name}={source}" for name, source in arguments.items())
    shown = {"lease": "lease_id", "ends": "ends"} | dict(outputs)
    exported = ", ".join(f"{key!r}: {variable}.{attribute}" for key, attribute in shown.items())
    return (
        f"{variable} = {system}.WorkloadIdentity({component!r}, identity={dict(identity)!r}{given})\n"
        f"pulumi.export({component!r}, {{{exported}}})"
    )


def with_identity(**changes: Any) -> dict[str, Any]:
    """The usual identity with other fields; None removes one."""
    return {name: value for name, value in {**IDENTITY, **changes}.items() if value is not None}


def nhi(stack: Project, *arguments: str, stdin: str = "") -> Run:
    """Run the `nhi` command in a project's folder and environment; whatever its exit status."""
    command = ("nhi", *arguments)
    done = subprocess.run(
        command,
        cwd=stack.directory,
        env=stack.environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Run(command, done.returncode, done.stdout, done.stderr, 0)


def at_once(*commands: tuple[Project, str]) -> None:
    """Run commands of several stacks at the same time."""
    running = [stack.begin(command, "--yes", "--skip-preview") for stack, command in commands]
    assert [each.wait() for each in running] == [0] * len(running), [each.log.read_text() for each in running]


def evidence_folder(stack: Project) -> Path:
    """Where the project's evidence is."""
    return Path(stack.environment["NHI_EVIDENCE_DIR"])


def evidence(stack: Project, lease: str, kind: str = "teardown") -> dict[str, Any]:
    """What the newest statement of that kind says of a lease: `cut-off`, `teardown` or `teardown-incomplete`.

    All evidence of the project has to be sound: signatures, chain and completeness.
    """
    report = verify(open_store(EvidenceSettings(directory=evidence_folder(stack))), None, None)
    assert report.ok, report.flaws
    statements = in_order(reading.predicate for reading in report.readings if reading.predicate)
    contents = [s.content for s in statements if (s.lease_id, s.kind) == (lease, kind)]
    return contents[-1].model_dump(mode="json")


def assert_told(failed: Run, *parts: str) -> None:
    """Assert that a command failed and told all this, without a traceback."""
    assert failed.code != 0
    assert "Traceback" not in failed.text
    # The engine breaks long lines.
    flat = " ".join(failed.text.split())
    for part in parts:
        assert part in flat, f"{part!r} not in\n{failed.text}"


def assert_gone(stack: Project, *leases: str) -> None:
    """Assert that the state is empty and that the leases are confirmed gone."""
    assert stack.resources() == []
    assert_confirmed_gone(stack, *leases)


def assert_confirmed_gone(stack: Project, *leases: str) -> None:
    """Assert that `nhi verify` finds nothing of the leases, and that sound evidence says that they are gone."""
    for lease in leases:
        looked = nhi(stack, "verify", "--lease", lease)
        assert looked.code == 0, looked.text
        assert all(row["absent_at"]["state"] in ("at", "never-created") for row in evidence(stack, lease)["removals"])


def summary(run: Run) -> dict[str, int]:
    """How many resources a command created, updated, replaced, deleted, left unchanged, as it says in the end."""
    told = run.stdout.rpartition("\nResources:\n")[2].partition("\n\n")[0]
    return {what: int(count) for count, what in re.findall(r"(\d+) (\w+)", told)}


def resources(stack: Project, kind: str, component: str = "") -> list[dict[str, Any]]:
    """The resources in the state whose types end so, such as `Lease`, and whose names begin with `component`."""
    return [
        resource
        for resource in stack.resources()
        if resource["type"].endswith(f":{kind}") and resource["urn"].rsplit("::", 1)[1].startswith(component)
    ]


def resource(stack: Project, kind: str, component: str = "") -> dict[str, Any]:
    """The only one of `resources`."""
    (found,) = resources(stack, kind, component)
    return found
