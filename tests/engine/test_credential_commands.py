"""`nhi rotate`, `nhi expose` and `nhi kill` against two access keys and an API key of one stack."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.engine.credentials import USER_IDENTITY, make_queue, seen, service_user
from tests.engine.inventory import everything
from tests.engine.programs import IDENTITY, assert_gone, evidence, nhi, program
from tests.engine.test_vault_credentials import accepts, held
from tools.lab.project import Project, Run
from tools.lab.sandbox import Sandbox

BY = ("--approver", "dana@example.com", "--reason", "CHG-7")
SCAN = "[nhi.Grant(actions=['sqs:SendMessage'], targets=['arn:aws:sqs:eu-central-1:111111111111:scans'])]"
PARTNER = {**IDENTITY, "name": "partner", "kind": "api-key"}
PROGRAM = program(
    service_user(),
    service_user("scanner", identity={**USER_IDENTITY, "name": "scanner"}, grants=SCAN),
    f"it = vault.ApiKeyIdentity('partner', identity={PARTNER!r}, prefix='shop')",
    "pulumi.export('partner', {'lease': it.lease_id, 'path': it.secret_path, 'registry': it.registry_path, "
    "'rule': it.verifier_policy})",
)
WHO_IS_TOLD = """\
import json, os, pathlib, sys
told = {name: value for name, value in os.environ.items() if name.startswith("NHI_")}
with pathlib.Path(sys.argv[1]).open("a") as file:
    file.write(json.dumps(told) + "\\n")
"""


class Stack:
    """The stack, up, with `nhi` at hand; keeps everything that it has said."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project, self.told, self.said = project, folder / "told.jsonl", list[str]()
        script = folder / "tell.py"
        script.write_text(WHO_IS_TOLD)
        hook = [{"kind": "command", "command": [sys.executable, str(script), str(self.told)]}]
        project.pulumi("config", "set", "nhi:notify", json.dumps(hook))
        project.up()

    def run(self, *command: str, stdin: str = "") -> Run:
        done = nhi(self.project, *command, stdin=stdin)
        self.said.append(done.text)
        return done

    def done(self, *command: str, stdin: str = "") -> dict[str, dict[str, Any]]:
        """Run a command that has to be complete; what it tells by identity."""
        done = self.run(*command, *BY, "--output", "json", stdin=stdin)
        assert done.code == 0, done.text
        document = json.loads(done.stdout)
        assert (document["complete"], document["notLookedAt"]) == (True, [])
        return {each["identity"].removesuffix(".test"): each for each in document["credentials"]}

    def facts(self) -> list[dict[str, str]]:
        """What people were told so far."""
        return [json.loads(line) for line in self.told.read_text().splitlines()] if self.told.exists() else []


@pytest.fixture
def stack(project: Callable[..., Project], aws_client: Callable[..., Any], tmp_path: Path) -> Stack:
    make_queue(aws_client)
    return Stack(project(PROGRAM), tmp_path)


def assert_timed(told: Mapping[str, Any], *keys: str) -> None:
    """Assert that those keys and no others were revoked, disabled and refused, and each place given another in time."""
    assert {each["keyId"] for each in told["revoked"]} == set(keys)
    for each in told["revoked"]:
        assert 0 <= each["disabledAfterMs"] <= each["deletedAfterMs"] <= told["seconds"] * 1000
    for place in told["places"]:
        assert 0 <= place["confirmedAfterMs"] <= told["seconds"] * 1000


def test_keys_are_rotated_together_and_by_name_and_a_killed_identity_gets_none(stack: Stack, sandbox: Sandbox) -> None:
    printer, scanner = (seen(stack.project, sandbox, name) for name in ("printer", "scanner"))
    first = {user.name: user.in_vault() or {} for user in (printer, scanner)}
    due = stack.done("rotate", "--due")
    assert {each["cause"] for each in due.values()} == {None}
    assert set(due) == {"printer", "scanner", "partner"}

    told = stack.done("rotate", "--select", "environment=test", "--select", "source=aws-access-key")
    assert {name: each["version"] for name, each in told.items()} == {"printer": 2, "scanner": 2}
    for user in (printer, scanner):
        assert (user.in_vault() or {})["key_id"] == told[user.name]["keyId"]
        assert user.in_vault() == user.in_secrets_manager()
        assert user.active() == {first[user.name]["key_id"], told[user.name]["keyId"]}
        assert_timed(told[user.name])

    # Two at a time, each of which has to make room for a third key.
    with ThreadPoolExecutor(2) as threads:
        both = list(threads.map(lambda _: stack.done("rotate", "printer"), range(2)))
    assert sorted(each["printer"]["version"] for each in both) == [3, 4]
    current = printer.in_vault() or {}
    assert current == printer.in_secrets_manager()
    assert current["key_id"] in printer.active()
    assert len(printer.keys()) == 2
    assert printer.works(current)

    assert stack.run("verify", "--lease", printer.lease).code == 1
    killed = stack.run("kill", "printer", *BY, "--output", "json")
    assert killed.code == 0, killed.text
    (lease,) = json.loads(killed.stdout)["leases"]
    assert {row["name"]: row["refused"] for row in lease["principals"]} == {printer.user: True, current["key_id"]: True}
    assert not printer.works(current)
    assert not printer.signs(current)
    assert set(printer.keys().values()) == {"Inactive"}
    keys = set(printer.keys())
    refused = stack.run("rotate", "printer", *BY)
    assert refused.code == 2
    assert "printer.test: it is suspended by decision of dana@example.com" in refused.stderr
    assert set(stack.done("rotate", "--due")) == {"scanner", "partner"}
    assert (set(printer.keys()), printer.active()) == (keys, set())
    revoked = stack.done("expose", "--key-id", current["key_id"])["printer"]
    assert (revoked["cause"], revoked["places"]) == (None, [])
    assert set(printer.keys()) == keys - {current["key_id"]}

    assert set(stack.done("rotate", "scanner")) == {"scanner"}
    stack.project.destroy(NHI_APPROVER="lee@example.com", NHI_REASON="CHG-8")
    assert not {"users", "secrets"} & everything(sandbox).keys()
    assert_gone(stack.project, printer.lease, scanner.lease)


def test_a_leaked_key_is_found_revoked_replaced_told_and_recorded(stack: Stack, sandbox: Sandbox) -> None:
    printer, scanner = (seen(stack.project, sandbox, name) for name in ("printer", "scanner"))
    partner, vault = stack.project.outputs()["partner"], sandbox.vault.client()
    leaked = {user.name: user.in_vault() or {} for user in (printer, scanner)}
    api_key = held(vault, partner["path"]) or {}
    assert accepts(sandbox, partner, api_key)

    planned = stack.run("expose", "--value", "--dry-run", stdin=api_key["api_key"])
    assert planned.code == 0, planned.text
    assert accepts(sandbox, partner, api_key)
    told = stack.done("expose", "--value", stdin=api_key["api_key"] + "\n")
    assert set(told) == {"partner"}
    assert_timed(told["partner"], api_key["key_id"])
    assert told["partner"]["revoked"][0]["refusedAfterMs"] >= told["partner"]["revoked"][0]["deletedAfterMs"]
    replaced = held(vault, partner["path"]) or {}
    assert replaced["key_id"] == told["partner"]["keyId"]
    assert (accepts(sandbox, partner, api_key), accepts(sandbox, partner, replaced)) == (False, True)

    told = stack.done("expose", "--key-id", leaked["printer"]["access_key_id"])
    assert_timed(told["printer"], leaked["printer"]["key_id"])
    assert not printer.works(leaked["printer"])
    assert printer.works(printer.in_vault())
    assert printer.in_vault() == printer.in_secrets_manager()
    told = stack.done("expose", "--prefix", leaked["scanner"]["access_key_id"][:16])
    assert_timed(told["scanner"], leaked["scanner"]["key_id"])
    assert scanner.active() == {told["scanner"]["keyId"]}
    told = stack.done("rotate", "partner", "--exposed")
    assert_timed(told["partner"], replaced["key_id"])
    assert not accepts(sandbox, partner, replaced)
    assert stack.run("expose", "--value", *BY, stdin=api_key["api_key"]).code == 4

    names = ["partner.test", "printer.test", "scanner.test", "partner.test"]
    assert [(each["NHI_IDENTITY"], each["NHI_CAUSE"]) for each in stack.facts()] == [
        (name, "exposure") for name in names
    ]
    assert stack.facts()[1]["NHI_KEY_ID"] == (printer.in_vault() or {})["key_id"]
    record = evidence(stack.project, printer.lease, "rotation")
    assert (record["cause"], [row["problem"] for row in record["notified"]]) == ("exposed", [None])
    shown = stack.run("evidence", "show", "--lease", printer.lease)
    assert shown.code == 0, shown.text
    assert leaked["printer"]["key_id"] in shown.stdout

    everything_said = "\n".join([*stack.said, stack.told.read_text()])
    last = [printer.in_vault() or {}, scanner.in_vault() or {}, held(vault, partner["path"]) or {}]
    values = [each.get("secret_access_key") or each["api_key"] for each in [*leaked.values(), api_key, replaced, *last]]
    assert len(set(values)) == 7
    assert [value[:4] for value in values if value in everything_said] == []

    stack.project.destroy(NHI_APPROVER="lee@example.com", NHI_REASON="CHG-8")
    assert not {"users", "secrets"} & everything(sandbox).keys()
    assert_gone(stack.project, printer.lease, scanner.lease, partner["lease"])
