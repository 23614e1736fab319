"""Credentials through the real engine: issued, delivered, rotated with overlap, suspended, destroyed; in no state."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.engine.credentials import make_queue, seen, user_program
from tests.engine.inventory import everything
from tests.engine.programs import assert_gone, evidence, evidence_folder, nhi
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

APPROVED = ("--approver", "dana@example.com", "--reason", "CHG-7")


def test_the_whole_life_of_a_credential(
    project: Callable[..., Project], sandbox: Sandbox, aws_client: Callable[..., Any]
) -> None:
    make_queue(aws_client)
    stack = project(user_program())
    stack.up()
    user = seen(stack, sandbox)
    first = stack.outputs()["printer"]
    assert user.active() == {first["key"]}
    assert first["version"] == 1
    assert user.in_vault() == user.in_secrets_manager()
    assert user.works(user.in_vault())

    assert "unchanged" in stack.up().stdout
    assert stack.outputs()["printer"] == first
    old = user.in_vault()

    rotated = nhi(stack, "rotate", "printer", *APPROVED, "--stack", "dev", "--output", "json")
    assert rotated.code == 0, rotated.text
    (told,) = json.loads(rotated.stdout)["credentials"]
    assert (told["cause"], told["version"], told["complete"]) == ("forced", 2, True)
    new = user.in_vault()
    assert new == user.in_secrets_manager() != old
    assert user.active() == {first["key"], told["keyId"]}
    assert user.works(new)
    assert user.works(old)

    stack.up()
    second = stack.outputs()["printer"]
    assert (second["key"], second["version"]) == (told["keyId"], 2)
    assert evidence(stack, first["lease"], "rotation")["approver"]["value"] == "dana@example.com"

    stack.destroy(NHI_APPROVER="lee@example.com", NHI_REASON="CHG-8")
    assert not user.works(old)
    assert not user.works(new)
    assert user.keys() == {}
    assert user.in_vault() is user.in_secrets_manager() is None
    assert not {"users", "secrets"} & everything(sandbox).keys()
    assert_gone(stack, first["lease"])
    rows = {row["link"]["kind"]: row for row in evidence(stack, first["lease"])["removals"]}
    assert rows["iam-access-key"]["refused_at"]["state"] == "at"
    assert {"iam-user", "vault-kv-path", "secrets-manager-secret"} <= rows.keys()


def test_no_value_is_in_state_history_output_logs_or_evidence(
    project: Callable[..., Project], sandbox: Sandbox, aws_client: Callable[..., Any]
) -> None:
    make_queue(aws_client)
    stack = project(user_program())
    said = [stack.preview("--diff").text, stack.up("--logtostderr", "-v=9").text]
    user = seen(stack, sandbox)
    values = [user.in_vault()]
    said.append(nhi(stack, "rotate", "printer", *APPROVED, "--stack", "dev").text)
    values.append(user.in_vault())
    said += [stack.up("--diff", "--json").text, stack.refresh("--diff").text]

    # A failure on the way: the copy belongs to somebody else by now.
    secret = f"nhi/test/printer-{user.lease.removeprefix('lease-')[:6]}"
    tags = [{"Key": "nhi:lease", "Value": "lease-aaaaaaaaaaaaaaaa"}]
    user.secrets.tag_resource(SecretId=secret, Tags=tags)
    failed = nhi(stack, "rotate", "printer", *APPROVED, "--stack", "dev")
    assert failed.code == 1, failed.text
    said.append(failed.text)
    values.append(user.in_vault())
    user.secrets.tag_resource(SecretId=secret, Tags=[{"Key": "nhi:lease", "Value": user.lease}])
    exposed = nhi(stack, "expose", "--key-id", values[-1]["access_key_id"], *APPROVED, "--stack", "dev", "-o", "json")
    assert exposed.code == 0, exposed.text
    said.append(exposed.text)
    values.append(user.in_vault())

    said += [stack.pulumi("stack", "output", "--show-secrets").text]
    said += [stack.pulumi("stack", "export", "--show-secrets").text]
    said += [nhi(stack, "evidence", *command).text for command in (("show",), ("show", "-o", "json"), ("verify",))]
    said.append(stack.destroy("--diff").text)

    places = {f"output {number}": text for number, text in enumerate(said)}
    for folder in (sandbox.record.state, evidence_folder(stack), stack.directory):
        places |= {str(file): file.read_text(errors="replace") for file in Path(folder).rglob("*") if file.is_file()}
    secrets = {value["secret_access_key"] for value in values if value}
    assert len(secrets) >= 3
    assert len([name for name in places if "history" in name]) >= 3
    assert [(name, secret[:4]) for secret in secrets for name, text in places.items() if secret[:16] in text] == []
