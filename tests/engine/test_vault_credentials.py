"""Secret ids and API keys through the real engine: issued, rotated, suspended, resumed, destroyed; nothing left."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from hvac.exceptions import InvalidRequest

from tests.engine.inventory import everything
from tests.engine.programs import IDENTITY, assert_gone, nhi, program
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

APPROVED = ("--approver", "dana@example.com", "--reason", "CHG-7")
KEY_IDENTITY: Mapping[str, Any] = {**IDENTITY, "name": "partner", "kind": "api-key"}
SUSPENDED: Mapping[str, Any] = {**KEY_IDENTITY, "state": "suspended"}


def approle_program(identity: Mapping[str, Any] = IDENTITY) -> str:
    return program(
        f"it = vault.AppRoleIdentity('orders', identity={dict(identity)!r})",
        "pulumi.export('it', {'lease': it.lease_id, 'key': it.key_id, 'version': it.credential_version, "
        "'path': it.secret_path})",
    )


def key_program(identity: Mapping[str, Any] = KEY_IDENTITY) -> str:
    return program(
        f"it = vault.ApiKeyIdentity('partner', identity={dict(identity)!r}, prefix='shop')",
        "pulumi.export('it', {'lease': it.lease_id, 'key': it.key_id, 'version': it.credential_version, "
        "'path': it.secret_path, 'registry': it.registry_path, 'rule': it.verifier_policy})",
    )


def held(vault: Any, path: str) -> dict[str, Any] | None:
    mount, _, below = path.partition("/")
    read = vault.read(f"{mount}/data/{below}")
    found: dict[str, Any] | None = read["data"]["data"] if read else None
    return found


def logs_in(sandbox: Sandbox, content: Mapping[str, str]) -> bool:
    """Log in as the workload does."""
    names = {name: content[name] for name in ("role_id", "secret_id")}
    try:
        login = sandbox.vault.client("").auth.approle.login(**names, use_token=False)["auth"]
    except InvalidRequest:
        return False
    return bool(login["client_token"])


def accepts(sandbox: Sandbox, seen: Mapping[str, Any], content: Mapping[str, str]) -> bool:
    """Verify a key as a service does whose policy has the rule that the identity tells."""
    sandbox.vault.client().sys.create_or_update_policy("verifier", seen["rule"])
    token = sandbox.vault.client().auth.token.create(policies=["verifier"])["auth"]["client_token"]
    verifier = sandbox.vault.client(token)
    registry = held(verifier, seen["registry"])
    verifier.auth.token.revoke_self()
    sandbox.vault.client().sys.delete_policy("verifier")
    digest = hashlib.sha256(content["api_key"].encode()).hexdigest()
    record = (registry or {"keys": {}})["keys"].get(content["key_id"], {})
    return bool(record.get("enabled")) and record["sha256"] == digest


def test_the_whole_life_of_a_secret_id(project: Callable[..., Project], sandbox: Sandbox) -> None:
    vault, stack = sandbox.vault.client(), project(approle_program())
    stack.up()
    first = stack.outputs()["it"]
    old = held(vault, first["path"])
    assert old
    assert (old["key_id"], first["version"]) == (first["key"], 1)
    assert logs_in(sandbox, old)
    assert "unchanged" in stack.up().stdout

    rotated = nhi(stack, "rotate", "orders", *APPROVED, "--stack", "dev", "--output", "json")
    assert rotated.code == 0, rotated.text
    new = held(vault, first["path"])
    assert new
    assert new["secret_id"] != old["secret_id"]
    assert logs_in(sandbox, old)
    assert logs_in(sandbox, new)
    said = stack.up().text + json.dumps(stack.outputs()) + rotated.text
    assert stack.outputs()["it"]["version"] == 2
    assert [value for value in (old["secret_id"], new["secret_id"]) if value in said] == []

    stack.destroy(NHI_APPROVER="lee@example.com", NHI_REASON="CHG-8")
    assert not logs_in(sandbox, old)
    assert not logs_in(sandbox, new)
    assert everything(sandbox) == {}
    assert_gone(stack, first["lease"])


def test_the_whole_life_of_an_api_key(project: Callable[..., Project], sandbox: Sandbox) -> None:
    vault, stack = sandbox.vault.client(), project(key_program())
    stack.up()
    first = stack.outputs()["it"]
    old = held(vault, first["path"])
    assert old
    assert accepts(sandbox, first, old)
    assert "unchanged" in stack.up().stdout

    rotated = nhi(stack, "rotate", "partner", *APPROVED, "--stack", "dev", "--output", "json")
    assert rotated.code == 0, rotated.text
    new = held(vault, first["path"])
    assert new
    assert accepts(sandbox, first, new)
    assert accepts(sandbox, first, old)

    stack.write({"__main__.py": key_program(SUSPENDED)})
    stack.up()
    assert not accepts(sandbox, first, new)
    assert not accepts(sandbox, first, old)
    assert "unchanged" in stack.up().stdout

    stack.write({"__main__.py": key_program()})
    stack.up()
    now = held(vault, first["path"])
    assert now
    assert accepts(sandbox, first, now)
    said = stack.refresh().text + json.dumps(stack.outputs()) + rotated.text
    assert [value for value in (old["api_key"], new["api_key"], now["api_key"]) if value in said] == []

    stack.destroy(NHI_APPROVER="lee@example.com", NHI_REASON="CHG-8")
    assert everything(sandbox) == {}
    assert_gone(stack, first["lease"])
