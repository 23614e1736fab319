"""`nhi discover`, `nhi inventory` and `nhi permissions` on the emulated AWS, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from nhi_components.cli.app import app
from nhi_components.core.tags import LeaseTags
from tests.conformance.aws_world import TRUST
from tests.conformance.discovery.aws_world import AwsDiscoveryWorld
from tools.lab.sandbox import aws as lab


@pytest.fixture
def world(aws_discovery_world: AwsDiscoveryWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AwsDiscoveryWorld:
    monkeypatch.setenv("NHI_INVENTORY", str(tmp_path / "state" / "inventory.db"))
    monkeypatch.setenv("COLUMNS", "200")
    aws_discovery_world.discovery()
    return aws_discovery_world


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def connections(folder: Path) -> str:
    """A file that limits the scan to one region."""
    file = folder / "connections.json"
    file.write_text(json.dumps({"aws": {"default": {"regions": [lab.REGION]}}}))
    return str(file)


def rows(*arguments: str) -> list[dict[str, Any]]:
    told = run("inventory", *arguments, "--output", "json")
    assert told.exit_code in (0, 1), told.output
    found: list[dict[str, Any]] = json.loads(told.output)
    return found


def test_what_is_discovered_is_shown_with_its_owner_and_is_gone_once_it_is_gone(
    world: AwsDiscoveryWorld, tags: LeaseTags, tmp_path: Path
) -> None:
    (role_arn, _), (user_arn, _) = world.plant().identities.items()
    name = role_arn.rpartition("/")[2]
    marks = [{"Key": key, "Value": value} for key, value in tags.to_tags().items()]
    ours = f"{name}-ours"
    world.iam.create_role(RoleName=ours, AssumeRolePolicyDocument=TRUST, Tags=marks)

    scanned = run("discover", "--connections", connections(tmp_path), "--output", "json")
    assert scanned.exit_code == 0, scanned.output
    told = json.loads(scanned.output)
    assert (told["complete"], told["scan"], told["unreachable"]) == (True, 1, {})
    assert {each["source"] for each in told["sections"]} == {"aws/111111111111"}

    by_key = {row["key"]: row for row in rows(name)}
    assert by_key[role_arn]["said"] == {"owner": [{"value": "payments", "source": "mark team"}]}
    assert (by_key[user_arn]["usableCredentials"], by_key[role_arn]["lease"]) == (1, None)
    (managed,) = rows(ours)
    assert (managed["lease"], managed["said"]["owner"][0]["source"]) == (tags.lease, "mark nhi:owner")
    assert [row["key"] for row in rows(name, "--kind", "iam-user", "--owner", "PAY")] == [user_arn]
    shown = run("inventory", name)
    assert shown.exit_code == 0
    assert "payments" in shown.output

    world.iam.delete_role(RoleName=ours)
    assert run("discover", "--connections", connections(tmp_path)).exit_code == 0
    none = run("inventory", ours)
    assert (none.exit_code, none.output) == (1, "no identity fits\n")
    (gone,) = rows(ours, "--gone")
    assert gone["goneAt"] is not None
    whole = b"".join(file.read_bytes() for file in tmp_path.rglob("inventory.db*"))
    assert name.encode() in whole
    assert [value for value in world.secrets if value.encode() in whole] == []


def test_what_may_not_be_seen_is_told_and_the_scan_is_not_called_complete(
    world: AwsDiscoveryWorld, tmp_path: Path
) -> None:
    world.discovery_of(["iam:GetAccountAuthorizationDetails", "ec2:DescribeRegions"])
    scanned = run("discover", "--connections", connections(tmp_path))
    assert scanned.exit_code == 3
    assert "iam/access-keys: aws.default: ListUsers is denied" in scanned.output
    assert "everything was seen" not in scanned.output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["discover", "--system", "mars"], ("mars", "one of aws")),
        (["inventory"], ("no ", "run `nhi discover` first")),
        (["inventory", "--system", "mars"], ("mars", "one of aws")),
        (["discover", "--inventory", "mysql://root:hunter2@db/nhi"], ("mysql://root:***@db/nhi", "correct it")),
        (["permissions", "mars"], ("mars", "one of aws")),
    ],
)
def test_bad_input_is_told_with_the_way_out(
    world: AwsDiscoveryWorld, arguments: list[str], expected: tuple[str, ...]
) -> None:
    result = run(*arguments)
    assert result.exit_code != 0
    assert all(part in str(result.exception) for part in expected), result.exception
    assert "hunter2" not in str(result.exception)


def test_the_policy_for_a_scan_is_printed(world: AwsDiscoveryWorld) -> None:
    printed = run("permissions", "aws")
    assert printed.exit_code == 0
    assert "iam:GetAccountAuthorizationDetails" in world.permissions_in(printed.output)
