"""A role that was made by hand is discovered, adopted, given its lease by the real engine, and in the end removed.

The emulator answers for IAM; what it leaves empty, the uses of services and actions, a double tells in its place.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.aws_action import codes_of
from tests.engine.access import RoleSession, make_queues, queue_arn
from tests.engine.inventory import everything
from tests.engine.killing import Point, killed, of_ours, repair
from tests.engine.programs import EXTERNAL_ID, assert_gone, assert_told, evidence, nhi, summary
from tests.engine.using import Using
from tools.doubles.access_advisor import AccessAdvisor
from tools.lab.gate import Gate, When, operation
from tools.lab.project import Project, Run
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.aws import ACCOUNT

ROLE = "Legacy_Orders"
PATH = "/app/"
ARN = f"arn:aws:iam::{ACCOUNT}:role{PATH}{ROLE}"
INLINE = "by-hand"
MANAGED = "legacy-wide"
MANAGED_ARN = f"arn:aws:iam::{ACCOUNT}:policy/{MANAGED}"
YESTERDAY = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
LAST_YEAR = YESTERDAY - timedelta(days=365)
USES = {
    "sqs": (YESTERDAY, dict.fromkeys(codes_of("sqs")) | {"SendMessage": YESTERDAY, "GetQueueUrl": YESTERDAY}),
    "s3": (None, {}),
}
TOLD = ("--environment", "test", "--team", "payments", "--email", "payments@example.com")
PURPOSE = ("--purpose", "sends order events to the queue")


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def plant(iam: Any, name: str = ROLE, path: str = PATH) -> dict[str, Any]:
    """A role with an inline and a managed policy, both attached by hand, and both too wide."""
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
    }
    tags = [{"Key": "cost-center", "Value": "4711"}]
    made = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=document(trust), Tags=tags)["Role"]
    wide = document({"Effect": "Allow", "Action": "sqs:*", "Resource": queue_arn()})
    iam.put_role_policy(RoleName=name, PolicyName=INLINE, PolicyDocument=wide)
    everything_in_s3 = document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    iam.create_policy(PolicyName=MANAGED, PolicyDocument=everything_in_s3)
    iam.attach_role_policy(RoleName=name, PolicyArn=MANAGED_ARN)
    return dict(made)


@pytest.fixture
def advisor(sandbox: Sandbox) -> Iterator[AccessAdvisor]:
    """AWS with what IAM remembers of uses, for roles that look old enough."""
    with AccessAdvisor(sandbox.aws.endpoint, USES) as advisor:
        yield advisor


@pytest.fixture
def caller(sandbox: Sandbox, advisor: AccessAdvisor, tmp_path: Path) -> Project:
    """Somebody who runs `nhi`, and whose inventory has been read."""
    make_queues(sandbox.aws.client)
    environment = {
        **sandbox.environment(),
        "AWS_ENDPOINT_URL": advisor.url,
        "NHI_INVENTORY": str(tmp_path / "inventory.db"),
        "COLUMNS": "200",
    }
    return Project(tmp_path / "caller", environment)


def discover(caller: Project) -> None:
    """Read AWS into the caller's inventory."""
    connections = caller.directory / "connections.json"
    connections.write_text(json.dumps({"aws": {"default": {"regions": ["eu-central-1"]}}}))
    done = nhi(caller, "discover", "--system", "aws", "--connections", str(connections))
    assert done.code == 0, done.text


def adopted(caller: Project, folder: Path, *more: str) -> Run:
    """Run `nhi adopt` for the planted role."""
    return nhi(caller, "adopt", ARN, "--into", str(folder), *TOLD, *PURPOSE, "--name", "orders", *more)


@pytest.fixture
def project_of(sandbox: Sandbox, tmp_path: Path) -> Callable[[Path], Project]:
    """`project_of(folder)`: what `nhi adopt` has written there, as a project against the sandbox."""

    def of(folder: Path) -> Project:
        described = (folder / "Pulumi.yaml").read_text()
        stack = Project(
            folder,
            {**sandbox.environment(), "NHI_EVIDENCE_DIR": str(tmp_path / "evidence")},
            name="orders",
            stack="test",
        )
        (folder / "Pulumi.yaml").write_text(described)
        return stack

    return of


def imported(stack: Project) -> None:
    """Take the role into the stack."""
    stack.pulumi("config", "set", "aws:region", "eu-central-1")
    stack.pulumi("import", "--file", "adopt.json", "--generate-code=false", "--yes", "--skip-preview")


def test_a_role_made_by_hand_is_adopted_keeps_its_id_loses_what_it_does_not_use_and_is_removed(
    caller: Project, sandbox: Sandbox, project_of: Callable[[Path], Project], tmp_path: Path
) -> None:
    iam = sandbox.aws.client("iam")
    before = plant(iam)
    discover(caller)
    folder = tmp_path / "orders"
    done = adopted(caller, folder, "--output", "json")
    assert done.code == 0, done.text
    stack = project_of(folder)
    imported(stack)
    looked = stack.preview("--policy-pack", "policy")
    assert "[mandatory]" not in looked.text
    session = RoleSession(sandbox.aws.client, ARN)
    assert session.receives()
    with Using(session.sends) as using:
        stack.up()
    assert using.tries > 1
    assert using.refused == 0

    role = iam.get_role(RoleName=ROLE)["Role"]
    tags = {tag["Key"]: tag["Value"] for tag in role["Tags"]}
    lease = stack.outputs()["lease_id"]
    assert (role["RoleId"], role["Path"]) == (before["RoleId"], PATH)
    assert (tags["nhi:lease"], tags["nhi:owner"], tags["cost-center"]) == (lease, "payments@example.com", "4711")
    assert iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"] == []
    (policy,) = iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
    granted = iam.get_role_policy(RoleName=ROLE, PolicyName=policy)["PolicyDocument"]["Statement"][0]
    assert (granted["Action"], granted["Resource"]) == (["sqs:GetQueueUrl", "sqs:SendMessage"], [queue_arn()])
    anew = RoleSession(sandbox.aws.client, ARN)
    assert anew.sends()
    assert not anew.receives()
    assert nhi(stack, "verify", "--lease", lease).code == 1, "without state or links it is found by its tags"
    assert summary(stack.up("--expect-no-changes")).keys() == {"unchanged"}

    stack.destroy()
    assert not anew.sends()
    assert everything(sandbox).keys() == {"managed policies", "queues"}, "neither of which is the role's"
    assert_gone(stack, lease)
    removal = next(row for row in evidence(stack, lease)["removals"] if row["link"]["kind"] == "iam-role")
    assert removal["link"]["name"] == ROLE
    assert removal["disabled_at"]["state"] == removal["absent_at"]["state"] == "at"


POINTS: Sequence[Point] = (
    # The lease is about to be issued, and looks whether the role is the one that was adopted.
    (of_ours("GetRole"), When.AFTER),
    (operation("UpdateAssumeRolePolicy"), When.AFTER),
    (operation("TagRole"), When.BEFORE),
    (operation("TagRole"), When.AFTER),
    (operation("PutRolePolicy"), When.AFTER),
    # The seal takes off what was attached by hand.
    (of_ours("DetachRolePolicy"), When.AFTER),
    (of_ours("DeleteRolePolicy"), When.BEFORE),
)


def test_an_adopting_up_killed_at_each_point_is_repaired_and_completed(
    caller: Project, sandbox: Sandbox, project_of: Callable[[Path], Project], tmp_path: Path
) -> None:
    iam = sandbox.aws.client("iam")
    before = plant(iam)
    discover(caller)
    assert adopted(caller, tmp_path / "orders").code == 0
    stack = project_of(tmp_path / "orders")
    imported(stack)
    session = RoleSession(sandbox.aws.client, ARN)
    with Gate(sandbox.aws.endpoint) as gate:
        stack.environment["AWS_ENDPOINT_URL"] = gate.url
        for point in POINTS:
            killed(stack, "up", gate, point)
            assert session.sends()
            repair(stack)
            assert session.sends()
            assert iam.get_role(RoleName=ROLE)["Role"]["RoleId"] == before["RoleId"]
        stack.up()
        assert session.sends()
        assert not session.receives()
        assert iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"] == []
        assert len(iam.list_role_policies(RoleName=ROLE)["PolicyNames"]) == 1
        assert summary(stack.up("--expect-no-changes")).keys() == {"unchanged"}
        lease = stack.outputs()["lease_id"]
        stack.destroy()
        assert everything(sandbox).keys() == {"managed policies", "queues"}
        assert_gone(stack, lease)


def test_until_the_up_nothing_of_the_role_is_changed_and_a_destroy_leaves_it_alone(
    caller: Project, sandbox: Sandbox, project_of: Callable[[Path], Project], tmp_path: Path
) -> None:
    iam = sandbox.aws.client("iam")
    plant(iam)
    discover(caller)
    assert adopted(caller, tmp_path / "orders").code == 0
    stack = project_of(tmp_path / "orders")
    imported(stack)
    stack.preview()
    refused = stack.destroy(check=False)
    assert_told(refused, "protect")
    role = iam.get_role(RoleName=ROLE)["Role"]
    assert [tag["Key"] for tag in role["Tags"]] == ["cost-center"]
    assert RoleSession(sandbox.aws.client, ARN).receives()


def test_a_role_made_anew_after_it_was_planned_is_not_taken_over(
    caller: Project, sandbox: Sandbox, project_of: Callable[[Path], Project], tmp_path: Path
) -> None:
    iam = sandbox.aws.client("iam")
    plant(iam)
    discover(caller)
    assert adopted(caller, tmp_path / "orders").code == 0
    iam.detach_role_policy(RoleName=ROLE, PolicyArn=MANAGED_ARN)
    iam.delete_role_policy(RoleName=ROLE, PolicyName=INLINE)
    iam.delete_role(RoleName=ROLE)
    iam.delete_policy(PolicyArn=MANAGED_ARN)
    anew = plant(iam)
    stack = project_of(tmp_path / "orders")
    imported(stack)
    refused = stack.up(check=False)
    assert_told(refused, anew["RoleId"], "which was adopted", "run `nhi adopt`")
    assert [tag["Key"] for tag in iam.get_role(RoleName=ROLE)["Role"]["Tags"]] == ["cost-center"]
    assert_told(adopted(caller, tmp_path / "again"), "as the inventory has it", "nhi discover")


def shown_commands() -> list[list[str]]:
    """The commands of `nhi` in the page that are about AWS, word by word."""
    page = (Path(__file__).parents[2] / "docs" / "adopt.md").read_text().partition("\n## Service accounts of")[0]
    return [shlex.split(line) for line in page.splitlines() if line.startswith("nhi ")]


def test_the_commands_of_the_page_work_as_they_are_shown(caller: Project, sandbox: Sandbox) -> None:
    plant(sandbox.aws.client("iam"))
    discovering, adopting = shown_commands()
    assert nhi(caller, *discovering[1:]).code == 0
    done = nhi(caller, *adopting[1:])
    assert done.code == 0, done.text
    shown = [line.strip() for line in done.stdout.partition("next:")[2].splitlines() if line.strip()]
    page = (Path(__file__).parents[2] / "docs" / "adopt.md").read_text()
    assert "\n".join(shown) in page


def test_an_instance_profile_made_by_hand_carries_the_role_until_it_is_removed(
    caller: Project, sandbox: Sandbox, project_of: Callable[[Path], Project], tmp_path: Path
) -> None:
    iam = sandbox.aws.client("iam")
    plant(iam)
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=document(trust))
    iam.create_instance_profile(InstanceProfileName="theirs")
    iam.add_role_to_instance_profile(InstanceProfileName="theirs", RoleName=ROLE)
    discover(caller)
    done = adopted(caller, tmp_path / "orders")
    assert done.code == 0, done.text
    assert "goes on using it: instance-profile" in done.text
    stack = project_of(tmp_path / "orders")
    imported(stack)
    stack.up()
    lease = stack.outputs()["lease_id"]
    carrying = [
        each["InstanceProfileName"] for each in iam.list_instance_profiles_for_role(RoleName=ROLE)["InstanceProfiles"]
    ]
    assert sorted(carrying) == sorted({"theirs", *everything(sandbox)["instance profiles"]})
    assert len(carrying) == 2
    stack.destroy()
    assert iam.get_instance_profile(InstanceProfileName="theirs")["InstanceProfile"]["Roles"] == []
    assert everything(sandbox)["instance profiles"] == ["theirs"]
    assert_gone(stack, lease)
