"""Whatever happens to an identity, in whichever order and killed in between: it has exactly the access declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import hvac.exceptions
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.engine.access import OTHER_QUEUE, RoleSession, granting, log_in, make_queues, reads
from tests.engine.inventory import everything
from tests.engine.killing import kill, repair
from tests.engine.programs import aws_bundle, evidence, program, vault_bundle, with_identity
from tools.lab.errors import LabError
from tools.lab.gate import Gate, Request, When
from tools.lab.project import Project, Run
from tools.lab.sandbox import Sandbox

LIFETIME, GRACE = timedelta(days=30), timedelta(days=7)
IDENTITY = with_identity(expires={"after_days": LIFETIME.days}, grace_days=GRACE.days)
SECRET = "nhi.SecretSpec()"
PROGRAM = program(
    aws_bundle(identity=IDENTITY, grants=granting("sqs:SendMessage"), secret=SECRET),
    vault_bundle(identity=IDENTITY, secret=SECRET),
)
KEY = 'nhi:life["orders.test"]'
STATES = ("active", "suspended", "retired")
STEPS = ("up", "suspend", "expire", "pass the grace", "renew", "restore", "retire", "destroy", "kill")


@dataclass
class Expected:
    """What the program, the decision and the days say, worked out apart from the project's own code.

    Attributes:
        day: the day that is pretended.
        decided: the decided state; None when nothing is.
        decided_end: the decided end date.
        issued: when the last lease was issued; None when the state knows of none.
        leased: whether that lease lives.
    """

    day: date = field(default_factory=lambda: datetime.now(UTC).date())
    decided: str | None = None
    decided_end: date | None = None
    issued: date | None = None
    leased: bool = False

    @property
    def ends(self) -> date:
        return self.decided_end or (self.issued or self.day) + LIFETIME

    @property
    def state(self) -> str:
        reached = "active"
        if self.day >= self.ends:
            reached = "retired" if self.day >= self.ends + GRACE else "suspended"
        return max(reached, self.decided or "active", key=STATES.index)

    @property
    def refused(self) -> bool:
        """Whether an `up` is told to make an identity anew that has ended already."""
        return not self.leased and self.state != "retired" and self.day >= self.ends


class Life:
    """One identity on AWS and Vault, led through its life on the real engine."""

    def __init__(self, stack: Project, sandbox: Sandbox, gates: Sequence[Gate]) -> None:
        self.stack, self.sandbox, self.gates = stack, sandbox, gates
        self.expected = Expected()
        self.sessions: list[RoleSession] = []
        self.tokens: list[tuple[Any, str]] = []

    def take(self, step: str, request: int) -> None:
        expected = self.expected
        match step:
            case "suspend" | "retire":
                self.decide(state=f"{step.removesuffix('e')}ed")
            case "expire":
                expected.day = max(expected.day, expected.ends)
            case "pass the grace":
                expected.day = max(expected.day, expected.ends + GRACE)
            case "renew":
                self.decide(expires=(expected.day + LIFETIME).isoformat())
            case "restore":
                self.decide(state=None, expires=(expected.day + LIFETIME).isoformat())
            case "kill":
                self.up_killed_at(request)
            case "destroy":
                self.run("destroy")
                expected.issued, expected.leased = None, False
                self.check("retired")
                return
        self.up()

    def decide(self, **changes: str | None) -> None:
        values = {"approver": "Ada Example", "reason": "trial", "on": self.expected.day.isoformat(), **changes}
        given_ = [f"{KEY}.{name}={value}" for name, value in values.items() if value is not None]
        arguments = [part for value in given_ for part in ("--plaintext", value)]
        self.stack.pulumi("config", "set-all", "--path", *arguments)
        if "state" in changes:
            self.expected.decided = changes["state"]
            if changes["state"] is None:
                self.stack.pulumi("config", "rm", "--path", f"{KEY}.state", check=False)
        if changes.get("expires"):
            self.expected.decided_end = date.fromisoformat(str(changes["expires"]))

    def run(self, command: str, *, check: bool = True) -> Run:
        return getattr(self.stack, command)(check=check, NHI_AS_OF=self.expected.day.isoformat())  # type: ignore[no-any-return] # by name

    def up(self) -> None:
        done = self.run("up", check=False)
        if self.expected.refused:
            assert done.code != 0
            assert "give a later end date" in done.text
            self.check("retired")
            return
        assert done.code == 0, done.text
        state = self.expected.state
        if state != "retired" and not self.expected.leased:
            self.expected.issued = self.expected.day
        self.expected.leased = state != "retired"
        self.check(state)

    def up_killed_at(self, request: int) -> None:
        """Kill an `up` at that one of its writes, on either system; one with fewer writes just ends."""
        gate = self.gates[request % 2]
        write = Write(request // 2)
        held = gate.hold(write, When.AFTER)
        running = self.stack.begin("up", "--yes", "--skip-preview", NHI_AS_OF=self.expected.day.isoformat())
        try:
            held.wait(alive=lambda: running.process.poll() is None)
            family = running.tree()
            held.drop()
            kill(*family)
        except LabError:
            assert running.process.poll() is not None, running.log.read_text()
        finally:
            write.close()
            held.drop()
            running.process.kill()
            running.wait()
        repair(self.stack)

    def check(self, state: str) -> None:
        """Use what was opened before and what can be opened now."""
        if state == "retired":
            found = everything(self.sandbox)
            assert set(found) <= {"queues"}, found
        else:
            outputs = self.stack.outputs()
            assert {outputs[bundle]["ends"] for bundle in outputs} == {self.expected.ends.isoformat()}
            assert self.opens(outputs) == (state == "active")
        allowed = state == "active"
        assert [session.sends() for session in self.sessions] == [allowed] * len(self.sessions)
        assert [reads(token, place) for token, place in self.tokens] == [allowed] * len(self.tokens)
        if not allowed:
            self.sessions, self.tokens = [], []

    def opens(self, outputs: dict[str, Any]) -> bool:
        """Open a session and a token; whether that is possible is the same on both systems."""
        try:
            session = RoleSession(self.sandbox.aws.client, outputs["orders-aws"]["arn"])
        except ClientError:
            with pytest.raises(hvac.exceptions.VaultError):
                log_in(self.sandbox.vault.client, outputs["orders-vault"])
            return False
        token = log_in(self.sandbox.vault.client, outputs["orders-vault"])
        assert (session.sends(), session.receives(), session.sends(OTHER_QUEUE)) == (True, False, False)
        self.sessions.append(session)
        self.tokens.append((token, outputs["orders-vault"]["secret"]))
        return True


class Write:
    """Chooses one of the requests that write, counted from 0, until it is closed."""

    def __init__(self, number: int) -> None:
        self._left = number

    def __call__(self, request: Request) -> bool:
        if request.method in ("POST", "PUT") and not request.operation.startswith(("Get", "List", "Describe")):
            self._left -= 1
            return self._left == -1
        return False

    def close(self) -> None:
        """Choose nothing any more."""
        self._left = -2


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Room for the projects of every example."""
    while True:
        yield tmp_path_factory.mktemp("life")
        return


@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 15)), min_size=2, max_size=5))
@example(steps=[(step, 5) for step in ("suspend", "kill", "restore", "expire", "renew", "pass the grace")])
@example(steps=[(step, 8) for step in ("expire", "kill", "destroy", "retire", "up", "restore")])
@settings(
    max_examples=1,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_any_sequence_ends_with_exactly_the_access_that_is_declared(
    systems: Sandbox, folders: Path, steps: list[tuple[str, int]]
) -> None:
    systems.reset()
    make_queues(systems.aws.client)
    folder = folders / str(len(list(folders.iterdir())))
    with Gate(systems.aws.endpoint) as aws_gate, Gate(systems.vault.address) as vault_gate:
        through = {"AWS_ENDPOINT_URL": aws_gate.url, "VAULT_ADDR": vault_gate.url}
        environment = {**systems.environment(), **through, "NHI_EVIDENCE_DIR": str(folder / "evidence")}
        stack = Project(folder / "project", environment)
        stack.write({"__main__.py": PROGRAM})
        life = Life(stack, systems, (aws_gate, vault_gate))
        life.up()
        leases = [outputs["lease"] for outputs in stack.outputs().values()]
        for step, request in steps:
            life.take(step, request)
        life.take("destroy", 0)
        assert all(evidence(stack, lease) for lease in leases)
