"""The program and the commands of docs/credentials.md, run as they are shown."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.engine.programs import evidence, evidence_folder
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

PAGE = (Path(__file__).parents[2] / "docs/credentials.md").read_text(encoding="utf-8")
PROGRAM = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
ROTATE, EXPOSE = (block.splitlines() for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL))
DRY, FORCED, DUE, SELECTED, EXPOSED = ROTATE
BY_ID, BY_VALUE = EXPOSE


def test_they_do_what_is_told(project: Callable[..., Project], sandbox: Sandbox) -> None:
    stack = project(PROGRAM + "pulumi.export('lease', scanner.lease_id)\npulumi.export('user', scanner.user_name)\n")
    stack.up()
    outputs = stack.outputs()
    first, lease, iam = outputs["key_id"], outputs["lease"], sandbox.aws.client("iam")

    def keys() -> dict[str, str]:
        listed = iam.list_access_keys(UserName=outputs["user"])["AccessKeyMetadata"]
        return {key["AccessKeyId"]: key["Status"] for key in listed}

    def run(command: str) -> tuple[int, str]:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=stack.directory,
            env=stack.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def held() -> dict[str, str]:
        found: dict[str, str] = sandbox.vault.client().read(f"secret/data/nhi/dev/scanner/{lease}")["data"]["data"]
        return found

    code, told = run(SELECTED)
    assert (run(DRY)[0], code, keys()) == (0, 0, {first: "Active"})
    (planned,) = json.loads(told)["credentials"]
    assert (planned["cause"], planned["version"]) == ("forced", 1)

    assert run(FORCED)[0] == 0
    second = held()["key_id"]
    assert keys() == {first: "Active", second: "Active"}
    code, told = run(DUE)
    assert (code, held()["key_id"]) == (0, second), told
    assert "nothing to do" in told

    code, told = run(EXPOSED)
    assert code == 0, told
    third = held()["key_id"]
    assert keys() == {third: "Active"}
    rotation = evidence(stack, lease, "rotation")
    assert {row["key"] for row in rotation["revoked"]} == {first, second}
    assert (rotation["cause"], rotation["reason"]["value"]) == ("exposed", "INC-7")

    code, told = run(BY_ID)
    assert (code, keys()) == (4, {third: "Active"}), told
    value = held()["secret_access_key"]
    (Path(stack.directory) / "leaked.txt").write_text(f"{value}\n")
    code, told = run(BY_VALUE)
    assert code == 0, told
    assert value not in told
    fourth = held()["key_id"]
    assert keys() == {fourth: "Active"}
    assert fourth not in {first, second, third}

    stack.up()
    assert (stack.outputs()["key_id"], stack.outputs()["version"]) == (fourth, 4)
    (Path(stack.directory) / "leaked.txt").unlink()
    written = [
        *Path(stack.directory).rglob("*"),
        *evidence_folder(stack).rglob("*"),
        *Path(sandbox.record.state).rglob("*"),
    ]
    assert not [file for file in written if file.is_file() and value in file.read_text(errors="replace")]
    stack.destroy()
