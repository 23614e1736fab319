"""Runs that are killed by SIGKILL after every request that changes something, and finished on an empty machine.

AWS is the emulator, Vault the real OpenBao; both are reached through gates, which hold the request at which a run dies:
it has been served, and its sender never learns of that. What a run that dies before a request leaves is what one leaves
that dies after the request before it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping

import pytest
from botocore.exceptions import ClientError

from nhi_components.core.lease_id import kv_path, name_of
from nhi_components.core.links import LinkKind
from tests.conformance.conftest import Servers
from tests.conformance.credentials.run import Run
from tests.conformance.world import new_tags
from tools.lab.gate import Gate, Request, When

READS = ("Get", "List", "Describe")
MOST_STEPS = 60
CLAIM_SECONDS = (2, 8, 30)
"""Short, so that the next run need not wait; on a busy machine the claim may lapse before the step, then longer."""


def changes(request: Request) -> bool:
    """Tell whether a request changes something: all of Vault's but reads, AWS's by the operation's name."""
    if request.operation:
        return not request.operation.startswith(READS)
    return request.method not in ("GET", "LIST", "HEAD")


class Scene:
    """One user with its credential, behind two gates, and the runs that work on it."""

    def __init__(self, servers: Servers, gates: tuple[Gate, Gate], overlap: str) -> None:
        self.servers, self.gates = servers, gates
        self.tags = new_tags(os.urandom(16), "printer")
        self.iam, self.secrets = servers.aws.client("iam"), servers.aws.client("secretsmanager")
        self.root = servers.vault.client()
        parts = (self.tags.identity, self.tags.environment, self.tags.lease)
        self.user = name_of(LinkKind.IAM_USER, *parts)
        self.secret = name_of(LinkKind.SECRETS_MANAGER_SECRET, *parts)
        self.entry = f"secret/data/{kv_path(*parts)}"
        tags = [{"Key": key, "Value": value} for key, value in self.tags.to_tags().items()]
        self.iam.create_user(UserName=self.user, Path="/nhi/", Tags=tags)
        self.spec = {
            "source": {"kind": "aws-access-key"},
            "places": [{"kind": "vault-kv"}, {"kind": "secrets-manager"}],
            "rotation": {"every": "7d", "overlap": overlap},
        }

    def begin(self, action: str, *exposed: str, claim_seconds: float = 0) -> Run:
        aws, vault = self.gates
        environment = {
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ACCESS_KEY_ID": "111111111111",
            "AWS_SECRET_ACCESS_KEY": self.servers.aws.secret_key,
            "AWS_REGION": "eu-central-1",
            "VAULT_ADDR": vault.url,
            "VAULT_TOKEN": self.servers.vault.token,
        }
        return Run(action, self.tags, self.spec, environment, frozenset(exposed), claim_seconds=claim_seconds)

    def finish(self, action: str, *exposed: str) -> str:
        told: str = self.begin(action, *exposed).result()
        return told

    def kill_after(self, number: int, action: str, *exposed: str) -> bool:
        """Kill a run after its step of that number; tell whether it has so many."""
        for seconds in CLAIM_SECONDS:
            reached, failed = self._kill_after(number, action, seconds, *exposed)
            if not failed:
                return reached
        raise AssertionError(f"{action} failed before its step {number}, also with a claim of {seconds} s")

    def _kill_after(self, number: int, action: str, seconds: float, *exposed: str) -> tuple[bool, bool]:
        left = [number]

        def nth(request: Request) -> bool:
            left[0] -= changes(request)
            return left[0] == 0 and changes(request)

        holds = [gate.hold(nth, When.AFTER) for gate in self.gates]
        run = self.begin(action, *exposed, claim_seconds=seconds)
        while not (reached := any(hold.reached(0.01) for hold in holds)) and not run.has_ended:
            pass
        failed = not reached and run.has_failed
        run.end()
        for hold in holds:
            hold.drop()
        left[0] = 0
        return reached, failed

    def keys(self) -> dict[str, str]:
        found = self.iam.list_access_keys(UserName=self.user)["AccessKeyMetadata"]
        return {key["AccessKeyId"]: key["Status"] for key in found}

    def held(self) -> list[Mapping[str, str] | None]:
        read = self.root.read(self.entry)
        try:
            told = json.loads(self.secrets.get_secret_value(SecretId=self.secret)["SecretString"])
        except ClientError:
            told = None
        return [read["data"]["data"] if read else None, told]

    def works(self, held: Mapping[str, str] | None) -> bool:
        if held is None:
            return False
        credentials = {"aws_access_key_id": held["access_key_id"], "aws_secret_access_key": held["secret_access_key"]}
        try:
            self.servers.aws.client("sts", **credentials).get_caller_identity()
        except ClientError:
            return False
        return True

    def assert_everywhere(self, key: str) -> None:
        home, copy = self.held()
        assert home == copy
        assert home is not None
        assert home["key_id"] == key
        assert self.works(home)


@pytest.fixture
def gates(servers: Servers) -> Iterator[tuple[Gate, Gate]]:
    with Gate(servers.aws.endpoint) as aws, Gate(servers.vault.address) as vault:
        yield aws, vault


@pytest.mark.parametrize("overlap", ["0m", "1d"])
def test_a_rotation_killed_after_every_step_is_finished_elsewhere(
    servers: Servers, gates: tuple[Gate, Gate], overlap: str
) -> None:
    scene = Scene(servers, gates, overlap)
    scene.finish("reconcile")
    for number in range(1, MOST_STEPS):
        reached = scene.kill_after(number, "rotate")
        assert len(scene.keys()) <= 2
        assert all(scene.works(held) for held in scene.held()), number
        scene.assert_everywhere(scene.finish("reconcile"))
        assert len(scene.keys()) <= (1 if overlap == "0m" else 2)
        if not reached:
            break
    assert 8 < number < MOST_STEPS - 1


def test_an_issue_a_suspension_and_an_end_killed_after_every_step_are_finished_elsewhere(
    servers: Servers, gates: tuple[Gate, Gate]
) -> None:
    for number in range(1, MOST_STEPS):
        scene = Scene(servers, gates, "1d")
        reached = [scene.kill_after(number, "reconcile")]
        key = scene.finish("reconcile")
        scene.assert_everywhere(key)
        assert list(scene.keys()) == [key]
        reached += [scene.kill_after(number, action) for action in ("suspend", "withdraw")]
        scene.finish("withdraw")
        assert scene.keys() == {}
        assert scene.held() == [None, None]
        if not any(reached):
            break
    assert 8 < number < MOST_STEPS - 1


def test_an_exposure_killed_after_every_step_leaves_the_leaked_key_useless(
    servers: Servers, gates: tuple[Gate, Gate]
) -> None:
    scene = Scene(servers, gates, "1d")
    leaked = scene.finish("reconcile")
    for number in range(1, MOST_STEPS):
        reached = scene.kill_after(number, "expose", leaked)
        assert scene.keys().get(leaked) != "Active"
        key = scene.finish("expose", leaked)
        assert list(scene.keys()) == [key]
        scene.assert_everywhere(key)
        leaked = key
        if not reached:
            break
    assert 8 < number < MOST_STEPS - 1


def test_three_operators_at_once_rotate_one_after_another(servers: Servers, gates: tuple[Gate, Gate]) -> None:
    scene = Scene(servers, gates, "0m")
    scene.finish("reconcile")
    made = [run.result() for run in [scene.begin("rotate") for _ in range(3)]]
    assert len(set(made)) == 3
    (left,) = scene.keys()
    assert left in made
    scene.assert_everywhere(left)
