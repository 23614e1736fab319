"""Build a program from Go modules, in the user's own Go caches."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tools.lab.console import step
from tools.lab.engine.parts import SOURCES, GoPart
from tools.lab.errors import LabError

_SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"
_LOG_TAIL = 15
_GO_DIRECTIVE = re.compile(r"^go (\S+)$", re.MULTILINE)


def build(part: GoPart, target: Path, log: Path) -> None:
    """Compile and link a part into a folder.

    Args:
        part: what to build.
        target: receives the program and its scripts.
        log: receives what `go` prints.

    Raises:
        LabError: `go` is missing or too old, a module can't be had, or the build failed.
    """
    go = require_go(part)
    log.parent.mkdir(parents=True, exist_ok=True)
    with step(f"Building {part.program} {part.version} from Go modules (about {part.minutes} min on two cores)"):
        command = [go, "build", "-o", str(target / part.program), "-ldflags", part.ldflags, part.package]
        with log.open("wb") as output:
            built = subprocess.run(
                command, cwd=SOURCES / part.module, env=_environment(), stdout=output, stderr=output, check=False
            )
    if built.returncode != 0:
        tail = "\n      ".join(log.read_text(errors="replace").splitlines()[-_LOG_TAIL:])
        raise LabError(
            f"go build of {part.program}",
            got=f"exit code {built.returncode}:\n      {tail}",
            expected="a build; modules come from GOPROXY, compiled packages go to GOCACHE",
            fix=f"see {log}; check `go env GOPROXY` and the free disk space (8 GB), then run it again",
        )
    _copy_scripts(go, part, target)


def require_go(part: GoPart) -> str:
    """The `go` command, when it is there and new enough for a part.

    Raises:
        LabError: it is not.
    """
    go = shutil.which("go")
    module = SOURCES / part.module
    needed = _GO_DIRECTIVE.findall((module / "go.mod").read_text())[0]
    fix = f"install Go {needed} or newer (https://go.dev/dl) or a `pulumi` (https://pulumi.com/docs/install)"
    if go is None:
        raise LabError("go", got="no `go` on PATH", expected=f"Go {needed} or newer", fix=fix)
    asked = subprocess.run(
        [go, "version"], cwd=module, env=_environment(), capture_output=True, text=True, check=False, timeout=300
    )
    if asked.returncode != 0:
        raise LabError(go, got=asked.stderr.strip(), expected=f"Go {needed} or newer", fix=fix)
    return go


def _environment() -> dict[str, str]:
    """The user's environment, less what would change the outcome: no C compiler, no workspace, go.sum as it is."""
    return {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false",
        "GOWORK": "off",
    }


def _copy_scripts(go: str, part: GoPart, target: Path) -> None:
    if not part.scripts:
        return
    command = [go, "list", "-m", "-f", "{{.Dir}}", _SDK_MODULE]
    found = subprocess.run(
        command, cwd=SOURCES / part.module, env=_environment(), capture_output=True, text=True, check=True
    )
    for script in part.scripts:
        copy = target / Path(script).name
        shutil.copyfile(Path(found.stdout.strip()) / script, copy)
        copy.chmod(0o755)
