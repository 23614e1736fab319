"""A `pulumi` that keeps configuration and state in files, and does at `up` what the test has prepared."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_SCRIPT = """#!{python} -IS
import json, pathlib, sys
arguments, cwd = sys.argv[1:], pathlib.Path.cwd()
with (cwd / "asked").open("a") as log:
    log.write(" ".join(arguments) + "\\n")
def kept(name, otherwise):
    file = cwd / name
    return json.loads(file.read_text()) if file.exists() else otherwise
def named():
    return arguments[arguments.index("--stack") + 1] if "--stack" in arguments else "dev"
words = [word for word in arguments if not word.startswith("-")]
failure = kept("failures", {{}}).get(" ".join(words[:1]))
if failure:
    sys.stderr.write(failure)
    sys.exit(255)
config, state = f"config.{{named()}}.json", f"state.{{named()}}.json"
if arguments[:2] == ["stack", "ls"]:
    print(json.dumps([{{"name": name}} for name in kept("stacks.json", ["dev"])]))
elif arguments[:2] == ["stack", "export"]:
    print(json.dumps(kept(state, {{"deployment": {{}}}})))
elif arguments[:2] == ["config", "set-all"]:
    told = json.loads(arguments[arguments.index("--json") + 1])
    (cwd / config).write_text(json.dumps({{**kept(config, {{}}), **told}}))
elif arguments[0] == "config":
    print(json.dumps(kept(config, {{}})))
elif arguments[0] == "preview":
    print(json.dumps({{"steps": kept("steps.json", [])}}))
elif arguments[0] == "up":
    print("Updating")
    after = kept("after.json", None)
    if after is not None:
        (cwd / state).write_text(json.dumps(after))
"""


def install(folder: Path) -> None:
    """Put it into a folder that is on PATH."""
    script = folder / "pulumi"
    script.write_text(_SCRIPT.format(python=sys.executable))
    script.chmod(0o755)


class FakeProject:
    """A project's folder as that `pulumi` keeps it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "Pulumi.yaml").write_text('{"name": "shop", "runtime": "python"}')

    def keep(self, name: str, content: Any) -> None:
        (self.folder / name).write_text(json.dumps(content))

    def configuration(self, stack: str = "dev") -> Any:
        file = self.folder / f"config.{stack}.json"
        return json.loads(file.read_text()) if file.exists() else {}

    @property
    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().splitlines()
