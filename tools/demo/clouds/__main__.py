"""Tell the story of `make demo` on every system at once: one program, one preview, one destroy."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from tools.demo.clouds.aws import AWS
from tools.demo.clouds.azure import AZURE
from tools.demo.clouds.cloud import Cloud, Ready, Session
from tools.demo.clouds.gcp import GCP
from tools.demo.clouds.kubernetes import KUBERNETES
from tools.demo.clouds.vault import VAULT
from tools.demo.narrator import Narrator
from tools.lab.engine import ensure
from tools.lab.errors import LabError
from tools.lab.project import CommandFailedError, Project
from tools.lab.sandbox import Sandbox

CLOUDS: Final[tuple[Cloud, ...]] = (AWS, VAULT, GCP, AZURE, KUBERNETES)
"""The systems of the story, in their order."""

_STACK = Path(__file__).with_name("stack")
_PACK = Path(__file__).parents[3] / "policies/baseline"
_TITLES = (
    "A sandbox comes up",
    "A shortcut on each system is stopped on preview",
    "The corrected stack previews and deploys",
    "The identity can do what it was granted, and nothing else",
    "An ordinary `pulumi destroy`",
    "What was open before is refused now",
    "The evidence",
    "The sandbox stops",
)
_FINDING_LINES = 5


def main() -> int:
    """Run the demo; 0 when everything went as told."""
    narrator = Narrator(_TITLES)
    try:
        engine = ensure()
        with tempfile.TemporaryDirectory(prefix="nhi-demo-") as folder:
            narrator.chapter()
            with ExitStack() as systems:
                sandbox = systems.enter_context(Sandbox(engine))
                ready = {cloud: systems.enter_context(cloud.ready(sandbox, Path(folder))) for cloud in CLOUDS}
                for cloud in CLOUDS:
                    narrator.say(f"{cloud.name}: {cloud.stand_in}.")
                narrator.say("The Pulumi engine and the policy analyzer are the real ones.")
                _tell(narrator, sandbox, ready, Path(folder))
                narrator.chapter()
            narrator.check(
                "every server is stopped, and its folder is gone", not Path(sandbox.record.directory).exists()
            )
    except (LabError, CommandFailedError) as error:
        narrator.fail(str(error))
        return 1
    return narrator.conclude("The program is tools/demo/clouds/stack; docs/stacks.md has stacks to deploy.")


def _tell(narrator: Narrator, sandbox: Sandbox, ready: Mapping[Cloud, Ready], folder: Path) -> None:
    environment = {**sandbox.environment(), "NHI_EVIDENCE_DIR": str(folder / "evidence")}
    for system in ready.values():
        environment.update(system.environment)
    project = _project(folder / "orders", environment, ready)
    _judge(narrator, project)
    made = project.outputs()
    sessions = _use(narrator, ready, made)
    _destroy(narrator, project)
    narrator.chapter()
    for cloud, session in sessions.items():
        narrator.check(f"{cloud.name}: the session that was open before is refused", not session.works())
    _prove(narrator, ready, made, environment, folder)


def _project(folder: Path, environment: dict[str, str], ready: Mapping[Cloud, Ready]) -> Project:
    project = Project(folder, environment, name="orders", stack="demo")
    shutil.copytree(_STACK, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    settings = {"demo:systems": json.dumps([cloud.system for cloud in CLOUDS])}
    for cloud, system in ready.items():
        settings |= {f"demo:{key}": value for key, value in system.settings.items()}
        if system.connection:
            settings[f"nhi:{cloud.system}"] = json.dumps({"default": system.connection})
    for key, value in settings.items():
        project.pulumi("config", "set", key, value)
    return project


def _judge(narrator: Narrator, project: Project) -> None:
    narrator.chapter()
    narrator.say("Somebody in a hurry grants everything on every system.")
    project.pulumi("config", "set", "demo:shortcut", "true")
    run = project.preview("--policy-pack", str(_PACK), check=False)
    narrator.ran(run, only=())
    for cloud in CLOUDS:
        told = run.stdout.partition(f"[{cloud.rule}]")
        narrator.check(f"{cloud.name}: the pack stops it", bool(told[1]))
        finding = "".join(told[1:]).splitlines()[:_FINDING_LINES]
        narrator.say("\n".join(f"      {line.strip()}" for line in finding))
    narrator.check("the preview fails, and nothing was created", run.code != 0 and not project.resources())
    narrator.chapter()
    project.pulumi("config", "rm", "demo:shortcut")
    run = project.preview("--policy-pack", str(_PACK))
    narrator.ran(run, only=("+ ", "Policies", "nhi-baseline"))
    narrator.ran(project.up("--policy-pack", str(_PACK)), only=("Lease", "Seal", "Resources", "created,"))


def _use(narrator: Narrator, ready: Mapping[Cloud, Ready], made: Mapping[str, Any]) -> dict[Cloud, Session]:
    narrator.chapter()
    sessions = {cloud: system.use(made[cloud.system]) for cloud, system in ready.items()}
    for cloud, session in sessions.items():
        for claim, held in session.claims:
            narrator.check(f"{cloud.name}: {claim}", held)
    return sessions


def _destroy(narrator: Narrator, project: Project) -> None:
    narrator.chapter()
    narrator.say("On each system the seal goes first, which cuts the identity off, and the lease last.")
    run = project.destroy(NHI_APPROVER="dana@example.com", NHI_REASON="service retired, CHG-1042")
    narrator.ran(run, only=("Seal", "Lease", "Account", "Role", "Entity", "Secret", " deleted"))


def _prove(
    narrator: Narrator,
    ready: Mapping[Cloud, Ready],
    made: Mapping[str, Any],
    environment: Mapping[str, str],
    folder: Path,
) -> None:
    narrator.chapter()
    narrator.command(("nhi", "evidence", "show"), environment)
    narrator.command(("nhi", "evidence", "verify"), environment)
    file = folder / "connections.json"
    connections = {cloud.system: {"default": system.connection} for cloud, system in ready.items() if system.connection}
    file.write_text(json.dumps(connections))
    for cloud in ready:
        asked = ("--lease", made[cloud.system]["lease"], "--system", cloud.system, "--connections", str(file))
        narrator.command(("nhi", "verify", *asked), environment)


if __name__ == "__main__":
    sys.exit(main())
