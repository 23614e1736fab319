"""Credentials at the edges of their lives, on the real engine: what people decide, change, break, and kill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.credentials import COPY, HOME, forget_claim, in_file, make_queue, seen, user_program
from tests.engine.inventory import everything
from tests.engine.killing import killed, of_ours, repair
from tests.engine.programs import assert_confirmed_gone, assert_gone, evidence, nhi, resource
from tools.lab.gate import Gate, When
from tools.lab.project import Project, Run
from tools.lab.sandbox import Sandbox

BY = ("--approver", "dana@example.com", "--reason", "CHG-7")
IS_UNCHANGED = "--expect-no-changes"
KEY_LINKS = {"vault-kv-path", "secrets-manager-secret", "file"}


def file_at(path: Path) -> str:
    return f"{{'kind': 'file', 'path': {str(path)!r}}}"


def done(stack: Project, *arguments: str) -> Run:
    run = nhi(stack, *arguments)
    assert run.code == 0, run.text
    return run


def ledger(stack: Project) -> dict[str, str]:
    """What the lease's ledger says of every place, by name."""
    entries = resource(stack, "Lease")["outputs"]["ledger"]
    return {entry["name"]: entry["state"] for entry in entries if entry["kind"] in KEY_LINKS}


@pytest.fixture
def queue(aws_client: Callable[..., Any]) -> None:
    make_queue(aws_client)


@pytest.mark.usefixtures("queue")
def test_a_suspended_key_is_restored_rotations_wait_and_a_retired_one_is_nowhere(
    project: Callable[..., Project], sandbox: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "printer.json"
    places = f"[{HOME}, {COPY}, {file_at(file)}]"
    uses = "[{'name': 'label service'}]"
    stack = project(user_program(places=places, dependents=uses))
    stack.up()
    user = seen(stack, sandbox)
    first = user.in_vault()
    assert first == user.in_secrets_manager() == in_file(file)

    stack.write({"__main__.py": user_program(places=places, dependents=uses, generation="2")})
    stack.up()
    second, outputs = user.in_vault(), stack.outputs()["printer"]
    assert first is not None
    assert second is not None
    assert outputs["version"] == 2
    assert second == user.in_secrets_manager() == in_file(file)
    assert user.works(first)
    assert user.works(second)

    stack.write({"__main__.py": user_program(places=places, dependents=uses, generation="3")})
    waiting = stack.up()
    assert f"{first['key_id']}, the one before, works until" in waiting.text
    assert "no more than 2 may live" in waiting.text
    assert stack.outputs()["printer"] == outputs
    assert user.active() == {first["key_id"], second["key_id"]}

    done(stack, "suspend", "printer", *BY, "--up")
    assert user.keys() == dict.fromkeys((first["key_id"], second["key_id"]), "Inactive")
    assert not user.signs(first)
    assert not user.signs(second)
    assert second == user.in_vault() == user.in_secrets_manager() == in_file(file)
    assert stack.outputs()["printer"] == outputs
    stack.refresh(IS_UNCHANGED)

    done(stack, "restore", "printer", *BY, "--up")
    assert user.works(user.in_vault())
    assert second == user.in_vault() == user.in_secrets_manager() == in_file(file)
    assert stack.outputs()["printer"] == outputs
    stack.up(IS_UNCHANGED)

    # Nobody can say that the label service does not live.
    stack.environment["NHI_DESPITE_DEPENDENTS"] = "the label service prints over IPP from today on"
    done(stack, "retire", "printer", *BY, "--up")
    assert not user.signs(second)
    assert everything(sandbox).keys() <= {"queues"}
    assert not file.exists()
    assert_confirmed_gone(stack, user.lease)
    assert "despite dependents: the label service" in evidence(stack, user.lease)["reason"]["value"]


@pytest.mark.usefixtures("queue")
def test_places_come_and_go_and_the_home_moves_without_a_rotation(
    project: Callable[..., Project], sandbox: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "printer.json"
    stack = project(user_program(places=f"[{HOME}, {COPY}]"))
    stack.up()
    user, outputs = seen(stack, sandbox), stack.outputs()["printer"]
    held = user.in_vault()

    # A home that can't be written keeps the one before: with it the key and the journal would be lost.
    wrong = "{'kind': 'vault-kv', 'mount': 'nowhere', 'path': 'team/printer'}"
    stack.write({"__main__.py": user_program(places=f"[{wrong}, {file_at(file)}]")})
    for _ in range(2):
        failed = stack.up(check=False)
        assert failed.code != 0
        assert "no KV v2 engine at nowhere/" in failed.text
        assert user.in_vault() == held
        assert user.works(held)

    moved = "{'kind': 'vault-kv', 'path': 'team/printer'}"
    stack.write({"__main__.py": user_program(places=f"[{moved}, {file_at(file)}]")})
    stack.up()
    assert held == user.in_vault("team/printer") == in_file(file)
    assert user.works(held)
    assert stack.outputs()["printer"] == outputs
    stack.up()
    assert user.in_vault() is user.in_secrets_manager() is None
    assert everything(sandbox)["entries"] == ["team/printer"]
    states = {user.entry: "gone", user.secret: "gone", "team/printer": "linked", str(file): "linked"}
    assert ledger(stack) == states
    stack.up(IS_UNCHANGED)

    rotated = done(stack, "rotate", "printer", *BY)
    assert outputs["key"] in user.active()
    assert user.works(held), rotated.text
    assert held != user.in_vault("team/printer") == in_file(file)
    stack.destroy()
    assert everything(sandbox).keys() <= {"queues"}
    assert_gone(stack, user.lease)


@pytest.mark.usefixtures("queue")
def test_what_people_change_by_hand_is_shown_and_put_right_and_an_unwritable_place_costs_no_key(
    project: Callable[..., Project], sandbox: Sandbox, tmp_path: Path
) -> None:
    file = tmp_path / "mounted" / "printer.json"
    places = f"[{HOME}, {COPY}, {file_at(file)}]"
    stack = project(user_program(places=places))
    failed = stack.up(check=False)
    assert failed.code != 0
    assert str(file) in failed.text
    assert "make the folder" in failed.text
    assert "run the same command again" in failed.text
    file.parent.mkdir()
    stack.up()
    user, outputs = seen(stack, sandbox), stack.outputs()["printer"]
    first = user.in_vault()
    assert first is not None
    assert first == user.in_secrets_manager() == in_file(file)
    assert user.keys() == {outputs["key"]: "Active"}
    assert outputs["version"] == 1

    user.secrets.put_secret_value(SecretId=user.secret, SecretString='{"access_key_id": "by hand"}')
    file.write_text(file.read_text().replace(first["secret_access_key"], "by hand"))
    for told in (stack.refresh(), stack.preview()):
        assert f"aws secrets-manager {user.secret} holds another version than was delivered" in told.text
        assert f"host file {file} holds another version than was delivered" in told.text
        assert "by hand" not in told.text.replace("`pulumi up`", "")
    stack.up()
    assert first == user.in_vault() == user.in_secrets_manager() == in_file(file)
    assert stack.outputs()["printer"] == outputs

    stray = user.iam.create_access_key(UserName=user.user)["AccessKey"]["AccessKeyId"]
    user.iam.delete_access_key(UserName=user.user, AccessKeyId=outputs["key"])
    stack.up()
    second, renewed = user.in_vault(), stack.outputs()["printer"]
    assert second is not None
    assert second == user.in_secrets_manager() == in_file(file) != first
    assert user.keys() == {renewed["key"]: "Active"}
    assert stray != renewed["key"]
    assert renewed["version"] == 2

    file.unlink()
    file.parent.rmdir()
    stack.write({"__main__.py": user_program(places=places, generation="2")})
    failed = stack.up(check=False)
    assert failed.code != 0
    assert "is not everywhere yet; the one before it goes on working" in failed.text
    third = user.in_vault()
    assert third == user.in_secrets_manager() != second
    assert user.works(second)
    file.parent.mkdir()
    stack.up()
    assert third == user.in_vault() == user.in_secrets_manager() == in_file(file)
    assert user.works(second)
    assert user.works(third)
    assert stack.outputs()["printer"]["version"] == 3

    # With the home its journal and the value are gone, and the copies' readers have them still.
    user.vault.delete(f"secret/metadata/{user.entry}")
    stack.up()
    fourth = user.in_vault()
    assert fourth == user.in_secrets_manager() == in_file(file) != third
    assert user.works(third)
    assert not user.signs(second)
    stack.up(IS_UNCHANGED)


@pytest.mark.usefixtures("queue")
def test_dependents_are_told_of_a_rotation_and_keep_their_key_while_they_live(
    project: Callable[..., Project], sandbox: Sandbox, tmp_path: Path
) -> None:
    told, lives = tmp_path / "told", tmp_path / "lives"
    lives.touch()
    service = {
        "name": "label service",
        "alive": {"kind": "command", "command": ["sh", "-c", f"test -e {lives} || exit 3"]},
        "refresh": {"kind": "command", "command": ["sh", "-c", f"env | grep ^NHI_ | sort >> {told}"]},
    }
    stack = project(user_program(dependents=f"[{service}]"))
    stack.up()
    user = seen(stack, sandbox)
    assert not told.exists()

    done(stack, "rotate", "printer", *BY)
    held = user.in_vault()
    assert held is not None
    facts = dict(line.split("=", 1) for line in told.read_text().splitlines())
    expected = {
        "NHI_IDENTITY": "printer.test",
        "NHI_LEASE": user.lease,
        "NHI_KEY_ID": held["key_id"],
        "NHI_VERSION": "2",
        "NHI_CAUSE": "rotation",
    }
    assert facts.items() >= expected.items()
    assert told.read_text().count("NHI_KEY_ID=") == 1
    assert held["secret_access_key"] not in told.read_text()
    (row,) = evidence(stack, user.lease, "rotation")["refreshed"]
    assert (row["name"], row["problem"]) == ("label service", None)

    refused = stack.destroy(check=False)
    assert refused.code != 0
    assert "label service may live" in refused.text
    assert "nothing was changed" in refused.text
    assert user.works(held)
    assert user.active() > {held["key_id"]}

    lives.unlink()
    stack.destroy()
    assert told.read_text().count("NHI_KEY_ID=") == 1
    assert not user.signs(held)
    assert_gone(stack, user.lease)


@pytest.fixture
def gate(sandbox: Sandbox) -> Iterator[Gate]:
    with Gate(sandbox.aws.endpoint) as gate:
        yield gate


@pytest.mark.usefixtures("queue")
def test_an_engine_that_is_killed_while_a_key_is_made_or_deleted_leaves_none_too_many(
    project: Callable[..., Project], sandbox: Sandbox, gate: Gate
) -> None:
    stack = project(user_program())
    stack.environment["AWS_ENDPOINT_URL"] = gate.url
    killed(stack, "up", gate, (of_ours("CreateAccessKey"), When.AFTER))
    forget_claim(sandbox, resource(stack, "Lease")["outputs"]["leaseId"])
    repair(stack)
    stack.up()
    user, outputs = seen(stack, sandbox), stack.outputs()["printer"]
    held = user.in_vault()
    assert held == user.in_secrets_manager()
    assert user.keys() == {outputs["key"]: "Active"}
    assert outputs["version"] == 1
    assert user.works(held)
    repair(stack)
    stack.up(IS_UNCHANGED)
    assert held == user.in_vault() == user.in_secrets_manager()

    assert held is not None
    killed(stack, "destroy", gate, (of_ours("DeleteAccessKey"), When.AFTER))
    assert not user.signs(held)
    forget_claim(sandbox, user.lease)
    repair(stack)
    stack.destroy()
    assert everything(sandbox).keys() <= {"queues"}
    assert_gone(stack, user.lease)
