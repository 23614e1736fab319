"""`nhi kill` on the real engine's state: everything is refused everywhere at once, and stays so through the next up."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import hvac.exceptions
from botocore.exceptions import ClientError

from tests.engine.access import RoleSession, granting, log_in, make_queues, reads
from tests.engine.programs import aws_bundle, evidence, nhi, program, resources, vault_bundle
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

SECRET = "nhi.SecretSpec()"
BY = ("--approver", "Ada Example", "--reason", "INC-7")
BOTH = program(aws_bundle(grants=granting("sqs:SendMessage"), secret=SECRET), vault_bundle(secret=SECRET))


class Intruder:
    """Tries, over and over, to open a session of the role and to log in; notes what it could do with them."""

    def __init__(self, sandbox: Sandbox, outputs: dict[str, Any]) -> None:
        self._sandbox, self._outputs = sandbox, outputs
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._try)
        self.tries = 0
        self.got_in: list[str] = []

    def __enter__(self) -> Intruder:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _try(self) -> None:
        while not self._ended.is_set():
            self.tries += 1
            self.got_in += [what for what, way in (("aws", self._sends), ("vault", self._reads)) if way()]
            time.sleep(0.02)

    def _sends(self) -> bool:
        try:
            return RoleSession(self._sandbox.aws.client, self._outputs["orders-aws"]["arn"]).sends()
        except ClientError:
            return False

    def _reads(self) -> bool:
        in_vault = self._outputs["orders-vault"]
        try:
            return reads(log_in(self._sandbox.vault.client, in_vault), in_vault["secret"])
        except (hvac.exceptions.Forbidden, hvac.exceptions.InvalidRequest, hvac.exceptions.InvalidPath):
            return False


def killed(stack: Project, *arguments: str, code: int = 0) -> dict[str, Any]:
    run = nhi(stack, "kill", *arguments, "--output", "json")
    assert run.code == code, run.text
    told: dict[str, Any] = json.loads(run.stdout)
    return told


def test_everything_is_refused_at_once_and_stays_so_until_it_is_restored(
    project: Callable[..., Project], sandbox: Sandbox
) -> None:
    make_queues(sandbox.aws.client)
    stack = project(BOTH)
    stack.up()
    outputs = stack.outputs()
    on_aws, in_vault = outputs["orders-aws"], outputs["orders-vault"]
    session, token = RoleSession(sandbox.aws.client, on_aws["arn"]), log_in(sandbox.vault.client, in_vault)
    assert "iam-role" in nhi(stack, "kill", "orders", *BY, "--dry-run", "--output", "json").stdout
    assert session.sends()

    told = killed(stack, "orders", *BY)
    assert not session.sends()
    assert not reads(token, in_vault["secret"])
    principals = [row for lease in told["leases"] for row in lease["principals"]]
    assert {row["system"] for row in principals} == {"aws", "vault"}
    assert all(row["refused"] and 0 < row["refusedAfterMs"] < 60_000 for row in principals)
    verdicts = {row["system"]: row["verdict"] for lease in told["leases"] for row in lease["revocations"]}
    assert verdicts == {"aws": "met", "vault": "met"}
    for lease in (on_aws["lease"], in_vault["lease"]):
        recorded = evidence(stack, lease, "cut-off")
        assert (recorded["approver"]["value"], recorded["reason"]["value"]) == ("Ada Example", "INC-7")
    decision = json.loads(stack.pulumi("config", "--json").stdout)["nhi:life"]["objectValue"]["orders.test"]
    assert (decision["state"], decision["reason"]) == ("suspended", "INC-7")

    again = killed(stack, "orders.test", *BY)
    assert all(lease["complete"] for lease in again["leases"])

    with Intruder(sandbox, outputs) as intruder:
        stack.up()
    assert intruder.tries > 10
    assert intruder.got_in == []
    assert stack.outputs() == outputs
    assert {lease["outputs"]["state"] for lease in resources(stack, "Lease")} == {"suspended"}
    assert not session.sends()

    restored = nhi(stack, "restore", "orders", *BY, "--up")
    assert restored.code == 0, restored.text
    assert RoleSession(sandbox.aws.client, on_aws["arn"]).sends()
    assert reads(log_in(sandbox.vault.client, in_vault), in_vault["secret"])


def test_restored_before_any_up_it_works_again_too(project: Callable[..., Project], sandbox: Sandbox) -> None:
    stack = project(program(vault_bundle(secret=SECRET)))
    stack.up()
    in_vault = stack.outputs()["orders-vault"]
    killed(stack, "orders", *BY)
    restored = nhi(stack, "restore", "orders", *BY, "--up")
    assert restored.code == 0, restored.text
    assert reads(log_in(sandbox.vault.client, in_vault), in_vault["secret"])


def test_a_system_that_is_down_does_not_save_the_others(project: Callable[..., Project], sandbox: Sandbox) -> None:
    make_queues(sandbox.aws.client)
    stack = project(BOTH)
    stack.up()
    outputs = stack.outputs()
    session = RoleSession(sandbox.aws.client, outputs["orders-aws"]["arn"])
    sandbox.vault.stop()
    told = killed(stack, "orders", *BY, code=1)
    sandbox.vault.start()
    assert not session.sends()
    by_lease = {lease["lease"]: lease for lease in told["leases"]}
    assert by_lease[outputs["orders-aws"]["lease"]]["complete"]
    assert "vault.default" in " ".join(by_lease[outputs["orders-vault"]["lease"]]["failures"])


def test_a_lease_is_killed_without_any_state(project: Callable[..., Project], sandbox: Sandbox) -> None:
    make_queues(sandbox.aws.client)
    stack = project(BOTH)
    stack.up()
    on_aws = stack.outputs()["orders-aws"]
    session = RoleSession(sandbox.aws.client, on_aws["arn"])
    told = killed(stack, "--lease", on_aws["lease"], *BY)
    assert not session.sends()
    assert [lease["recorded"] for lease in told["leases"]] == [False]


def test_wrong_input_touches_nothing(project: Callable[..., Project], sandbox: Sandbox) -> None:
    stack = project(program(vault_bundle()))
    stack.up()
    for arguments, said in (
        (("orders",), "--reason"),
        (("billing", *BY), "orders.test"),
        (BY, "--lease"),
        (("--lease", "nonsense", *BY), "lease"),
    ):
        run = nhi(stack, "kill", *arguments)
        assert run.code == 2, run.text
        assert said in run.stderr
        assert "Traceback" not in run.text
    assert log_in(sandbox.vault.client, stack.outputs()["orders-vault"]).is_authenticated()
