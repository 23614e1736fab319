"""docs/credentials-systems.md names what a connection may do: with just that all goes, without any of it it fails.

AWS's emulator evaluates IAM and OpenBao is the real one; the doubles ask for the permissions that vendors document.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.errors import NhiError
from nhi_components.core.tags import LeaseTags
from nhi_components.lifecycle.adapters.aws import secret_place
from nhi_components.lifecycle.credentials.ports import Claim, Home, Source
from tests.conformance.conftest import Servers
from tests.conformance.credentials.aws_world import SOURCES as AWS_SOURCES
from tests.conformance.credentials.aws_world import SecretWorld
from tests.conformance.credentials.azure_world import EntraWorld, KeyVaultWorld
from tests.conformance.credentials.conftest import Setting
from tests.conformance.credentials.gcp_world import GcpKeyWorld, GcpSecretWorld
from tests.conformance.credentials.vault_world import (
    ApiKeyWorld,
    VaultCertificateWorld,
    VaultKvWorld,
    VaultSecretIdWorld,
)
from tests.conformance.world import new_tags, now
from tools.lab.sandbox.aws import ACCOUNT

PAGE = (Path(__file__).parents[3] / "docs/credentials-systems.md").read_text(encoding="utf-8")
(AWS_POLICY,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
(VAULT_POLICY,) = re.findall(r"```hcl\n(.*?)```", PAGE, re.DOTALL)
RULE = re.compile(r'path "(\S+)" +\{ capabilities = (\[.*?\]) \}')

RARE = {
    "iam:GetAccessKeyLastUsed": "no overlap ends early without it",
    "secretsmanager:RestoreSecret": "only for a secret that awaits its deletion",
    "recover": "only for a secret that is deleted and not purged",
}
"""What a whole life without such events does not use."""

ACTIONS: list[str] = json.loads(AWS_POLICY)["Statement"][0]["Action"]
IAM_ACTIONS = [action for action in ACTIONS if action.startswith("iam:")]
SECRET_ACTIONS = [action for action in ACTIONS if action.startswith("secretsmanager:")]
RULES = [(path, capability) for path, listed in RULE.findall(VAULT_POLICY) for capability in json.loads(listed)]
ENTRY, SECRET_ID, PKI = (
    [rule for rule in RULES if rule[0].startswith(beginnings)]
    for beginnings in (("secret/",), ("auth/", "sys/"), ("pki/",))
)


def cells(row: str) -> list[str]:
    (line,) = [line for line in PAGE.splitlines() if line.startswith(f"| {row} |")]
    return re.findall(r"`([\w.]+)`", line.split("|")[2])


def use_source(source: Source, tags: LeaseTags) -> None:
    """Everything that the service asks of a source."""
    made = source.create(tags)
    assert source.works(made)
    assert [key.id for key in source.keys(tags)] == [made.key_id]
    source.last_used(made.key_id)
    if source.can_disable:
        source.disable(made.key_id)
        source.enable(made.key_id)
    source.delete(made.key_id)
    assert source.keys(tags) == []


def use_home(home: Home, tags: LeaseTags, world: Any) -> None:
    """Everything that the service asks of a home, through one whole life."""
    claim = Claim("run-aaaa", "dana@host", now().replace(year=now().year + 1))
    assert home.find() is None
    assert home.claim(tags, claim, now()) == claim
    first = home.write(tags, world.material("key-1"))
    home.write(tags, world.material("key-2"), first.version)
    home.note(tags, {"key": "key-1", "version": "1"})
    home.note(tags, {"key": "key-2"})
    assert dict(home.notes()) == {"key": "key-2"}
    home.prune()
    read = home.read()
    assert read is not None
    assert read.key_id == "key-2"
    home.release(claim.run)
    home.time()
    home.remove(tags.lease)
    assert home.find() is None


def run(world: Any, as_connection: Callable[[], None]) -> None:
    """Prepare as somebody who may do everything, then do all of it through a connection that may do little."""
    tags = new_tags(os.urandom(16))
    is_source = hasattr(world, "source")
    spec = world.source(tags) if is_source else world.place(tags)
    as_connection()
    system = world.open()
    if is_source:
        use_source(system.source(spec), tags)
    else:
        use_home(system.place(spec), tags, world)


def assert_just_enough(attempt: Callable[[Sequence[Any]], None], permissions: Sequence[Any]) -> None:
    assert permissions
    attempt(permissions)
    unneeded = []
    for left_out in permissions:
        try:
            attempt([each for each in permissions if each != left_out])
        except NhiError:
            continue
        unneeded.append(left_out)
    assert unneeded == [each for each in permissions if each in RARE]


@pytest.mark.parametrize(("kind", "actions"), [("source", IAM_ACTIONS), ("place", SECRET_ACTIONS)])
def test_the_policy_for_aws_is_just_enough(
    setting: Setting, servers: Servers, monkeypatch: pytest.MonkeyPatch, kind: str, actions: list[str]
) -> None:
    monkeypatch.setattr(secret_place, "SETTLE_SECONDS", 0)
    iam = servers.aws.client("iam")

    def attempt(allowed: Sequence[str]) -> None:
        root = (ACCOUNT, servers.aws.secret_key)
        world = (
            AWS_SOURCES["aws_access_key"](setting) if kind == "source" else SecretWorld(servers.aws, monkeypatch, root)
        )
        user = f"rotator-{os.urandom(4).hex()}"
        statement = {"Effect": "Allow", "Action": allowed, "Resource": "*"}
        iam.create_user(UserName=user)
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=user, PolicyName="rotator", PolicyDocument=policy)
        key = iam.create_access_key(UserName=user)["AccessKey"]

        def as_connection() -> None:
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])

        run(world, as_connection)

    assert_just_enough(attempt, actions)


@pytest.mark.parametrize(
    ("world_type", "rules"),
    [(VaultKvWorld, ENTRY), (ApiKeyWorld, []), (VaultSecretIdWorld, SECRET_ID), (VaultCertificateWorld, PKI)],
)
def test_the_policy_for_vault_is_just_enough(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, world_type: type, rules: list[tuple[str, str]]
) -> None:
    def attempt(allowed: Sequence[tuple[str, str]]) -> None:
        world = world_type(setting)
        mount = world.pki.mount if hasattr(world, "pki") else "pki"
        paths: dict[str, list[str]] = {}
        for path, capability in allowed:
            paths.setdefault(re.sub("^pki/", f"{mount}/", path), []).append(capability)
        written = [f'path "{path}" {{ capabilities = {json.dumps(each)} }}' for path, each in paths.items()]
        name = f"rotator-{os.urandom(4).hex()}"
        world.root.sys.create_or_update_policy(name, "\n".join(written))
        token = world.root.auth.token.create(policies=[name])["auth"]["client_token"]
        run(world, lambda: monkeypatch.setenv("VAULT_TOKEN", token))

    if rules:
        assert_just_enough(attempt, rules)
    else:
        attempt(ENTRY)


@pytest.mark.parametrize(
    ("world_type", "row"),
    [
        (GcpKeyWorld, "GCP, `gcp-service-account-key`"),
        (GcpSecretWorld, "GCP, `gcp-secret`"),
        (EntraWorld, "Entra"),
        (KeyVaultWorld, "Key Vault"),
    ],
)
def test_the_permissions_at_the_doubles_are_just_enough(setting: Setting, world_type: type, row: str) -> None:
    permissions = cells(row)

    def attempt(allowed: Sequence[str]) -> None:
        world = world_type(setting)
        caller = world.open().caller().principal
        known = {route.needs for route in world.double._routes if route.needs}

        def as_connection() -> None:
            for permission in known - set(allowed):
                world.double.deny(caller, permission)

        run(world, as_connection)

    assert_just_enough(attempt, permissions)
