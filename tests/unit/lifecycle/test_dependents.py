"""Dependents are asked and told by real programs and web hooks; what can't be asked counts as alive."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nhi_components.core.credential.dependents import CommandHook, Dependent, DeploymentRestart, HttpHook
from nhi_components.core.errors import NhiError, Problem, SystemUnreachable
from nhi_components.core.links import NotChecked
from nhi_components.lifecycle.credentials.dependents import Facts, HookDependants, Refreshed, Standing
from nhi_components.lifecycle.credentials.hooks import Deployments, Reach
from tools.doubles.server import Answer, HttpDouble

FACTS = Facts("orders.prod", "lease-abcdefghijklmnop", "key-2", 2, "rotation")
AT = datetime(2027, 1, 31, 12, tzinfo=UTC)
TOKEN = "a-token-of-the-web-hook"
TIME_LIMIT = 20


@dataclass
class Cluster:
    """Deployments that are scripted."""

    living: set[str] = field(default_factory=set)
    restarted: list[tuple[str, str, float]] = field(default_factory=list)
    down: bool = False

    def alive(self, namespace: str, name: str) -> bool:
        if self.down:
            raise SystemUnreachable("kubernetes", Problem("kubernetes.default", "no answer", "one", "start it"))
        return f"{namespace}/{name}" in self.living

    def restart(self, namespace: str, name: str, timeout_seconds: float, sleep: Callable[[float], None]) -> None:
        if self.down:
            raise NhiError("kubernetes.default: not ready in time; fix: see its events")
        sleep(0)
        self.restarted.append((namespace, name, timeout_seconds))


def asking(cluster: Cluster | None = None) -> HookDependants:
    def opened(connection: str) -> Deployments:
        assert connection == "default"
        assert cluster is not None
        return cluster

    return HookDependants(Reach(opened, time.sleep), lambda: AT)


def ending_with(status: int) -> CommandHook:
    return CommandHook(command=(sys.executable, "-c", f"raise SystemExit({status})"))


def told_by(dependent: Dependent, dependants: HookDependants | None = None) -> Standing:
    (standing,) = (dependants or asking()).look([dependent], FACTS)
    return standing


def problem_of(dependent: Dependent, dependants: HookDependants | None = None) -> str | None:
    (refreshed,) = (dependants or asking()).refresh([dependent], FACTS)
    assert (refreshed.name, refreshed.at) == (dependent.name, AT)
    return refreshed.problem


def test_one_that_nobody_can_ask_is_taken_to_live() -> None:
    standing = told_by(Dependent(name="orders-api"))
    assert standing == Standing("orders-api", alive=True, can_refresh=False)
    assert standing.lives


@pytest.mark.parametrize(("status", "alive"), [(0, True), (3, False)])
def test_a_command_says_yes_or_no(status: int, alive: bool) -> None:
    standing = told_by(Dependent(name="orders-api", alive=ending_with(status), refresh=ending_with(0)))
    assert standing == Standing("orders-api", alive, can_refresh=True)
    assert standing.lives is alive


@pytest.mark.parametrize(
    "hook",
    [
        ending_with(1),
        ending_with(4),
        CommandHook(command=(sys.executable, "-c", "raise ValueError")),
        CommandHook(command=(sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")),
        CommandHook(command=("/nowhere/at-all",)),
        CommandHook(command=(sys.executable, "-c", "import time; time.sleep(60)"), timeout_seconds=1),
    ],
)
def test_a_command_that_gives_no_answer_leaves_it_alive(hook: CommandHook) -> None:
    standing = told_by(Dependent(name="orders-api", alive=hook))
    assert isinstance(standing.alive, NotChecked)
    assert "fix: " in standing.alive.reason.replace("fix:   ", "fix: ")
    assert standing.lives


def test_a_command_finds_the_facts_and_no_more_in_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NHI_CAUSE", "of somebody else")
    code = (
        "import json, os, sys; told = {k: v for k, v in os.environ.items() if k.startswith('NHI_')};"
        "json.dump([told, sys.argv[1:], sys.stdin.read(), os.getcwd()], open('seen.json', 'w'));"
        "print('x' * 2_000_000)"
    )
    hook = CommandHook(command=(sys.executable, "-c", code, "reload"))
    assert problem_of(Dependent(name="orders-api", refresh=hook)) is None
    told, arguments, given, folder = json.loads((tmp_path / "seen.json").read_text())
    assert told == {
        "NHI_IDENTITY": "orders.prod",
        "NHI_LEASE": "lease-abcdefghijklmnop",
        "NHI_KEY_ID": "key-2",
        "NHI_VERSION": "2",
        "NHI_CAUSE": "rotation",
    }
    assert (arguments, given, Path(folder)) == (["reload"], "", tmp_path.resolve())


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpDouble]:
    monkeypatch.setenv("DEPENDENT_TOKEN", TOKEN)
    with HttpDouble() as double:
        double.grant(TOKEN, "nhi")
        yield double


def hook_at(web: HttpDouble, status: int) -> HttpHook:
    web.route("POST", f"/{status}", lambda _: Answer(status))
    return HttpHook(url=f"{web.url}/{status}", token_variable="DEPENDENT_TOKEN", timeout_seconds=2)


@pytest.mark.parametrize(("status", "alive"), [(200, True), (204, True), (410, False)])
def test_a_web_hook_says_yes_or_no(web: HttpDouble, status: int, alive: bool) -> None:
    assert told_by(Dependent(name="orders-api", alive=hook_at(web, status))).alive is alive


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 500, 501, 503])
def test_a_web_hook_that_gives_no_answer_leaves_it_alive(web: HttpDouble, status: int) -> None:
    standing = told_by(Dependent(name="orders-api", alive=hook_at(web, status)))
    assert isinstance(standing.alive, NotChecked)
    assert str(status) in standing.alive.reason
    assert TOKEN not in standing.alive.reason
    assert standing.lives


def test_a_web_hook_is_told_the_facts(web: HttpDouble) -> None:
    seen: list[object] = []
    web.route("POST", "/hook", lambda asked: seen.append(asked.json()))
    hook = HttpHook(url=f"{web.url}/hook", token_variable="DEPENDENT_TOKEN")
    dependent = Dependent(name="orders-api", alive=hook, refresh=hook)
    assert told_by(dependent).alive is True
    assert problem_of(dependent) is None
    facts = {
        "version": 1,
        "identity": "orders.prod",
        "lease": "lease-abcdefghijklmnop",
        "key_id": "key-2",
        "credential_version": 2,
        "cause": "rotation",
    }
    assert seen == [{**facts, "action": "dependent.alive"}, {**facts, "action": "dependent.refresh"}]


def test_a_deployment_lives_while_it_wants_pods_and_is_restarted() -> None:
    cluster = Cluster({"shop/orders"})
    living, gone = (
        Dependent(name=f"shop {name}", alive=hook, refresh=hook)
        for name in ("orders", "refunds")
        for hook in [DeploymentRestart(namespace="shop", deployment=name, timeout_seconds=90)]
    )
    assert [s.alive for s in asking(cluster).look([living, gone], FACTS)] == [True, False]
    assert problem_of(living, asking(cluster)) is None
    assert cluster.restarted == [("shop", "orders", 90)]
    cluster.down = True
    standing = told_by(living, asking(cluster))
    assert standing.lives
    assert standing.alive != True  # noqa: E712 - NotChecked is neither
    assert problem_of(living, asking(cluster)) == "kubernetes.default: not ready in time; fix: see its events"


def waiting_for_each_other(number: int, folder: Path) -> CommandHook:
    """One that ends once `number` of them run."""
    program = f"""
import os, pathlib, sys, time
folder = pathlib.Path({str(folder)!r})
(folder / str(os.getpid())).touch()
end = time.monotonic() + {TIME_LIMIT}
while len(list(folder.iterdir())) < {number}:
    if time.monotonic() > end:
        sys.exit(1)
    time.sleep(0.05)
"""
    return CommandHook(command=(sys.executable, "-c", program))


def test_one_that_fails_does_not_keep_the_others_from_it_and_all_go_side_by_side(
    web: HttpDouble, tmp_path: Path
) -> None:
    waiting = waiting_for_each_other(5, tmp_path)
    dependents = [
        Dependent(name="waits 1", refresh=waiting),
        Dependent(name="fails", refresh=ending_with(3)),
        Dependent(name="by itself"),
        Dependent(name="is refused", refresh=hook_at(web, 410)),
        *(Dependent(name=f"waits {number}", refresh=waiting) for number in range(2, 6)),
    ]
    done = asking().refresh(dependents, FACTS)
    assert [each.name for each in done] == [each.name for each in dependents if each.refresh]
    failed = {each.name: each.problem for each in done if each.problem}
    fix = "fix: run it by hand to see why; what it wrote is not kept"
    assert failed == {
        "fails": f"refresh: its command ended with status 3; expected 0, it was done; {fix}",
        "is refused": f"refresh: its web hook answered 410; expected 200 to 299, it was done; {fix}",
    }
    assert isinstance(done[0], Refreshed)


def test_no_dependents_are_no_work() -> None:
    assert asking().look([], FACTS) == []
    assert asking().refresh([Dependent(name="by itself")], FACTS) == []
