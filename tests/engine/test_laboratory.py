"""The laboratory itself: engine, plugins, analyzer and sandbox work together, and leave nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from tools.lab.engine import Engine
from tools.lab.errors import LabError
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox, shell
from tools.lab.sandbox.aws import ACCOUNT, OTHER_ACCOUNT
from tools.lab.sandbox.ports import free_ports, wait_until
from tools.lab.sandbox.record import Record

PROGRAM = """
import json
import pulumi
import pulumi_aws as aws
import pulumi_vault as vault

tags = {"owner": "team@example.org", "lease": pulumi.Config().get("lease") or "one"}

def allow(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})

boundary = aws.iam.Policy("boundary", policy=allow(Action="sqs:SendMessage", Resource="*"))
role = aws.iam.Role(
    "role", path="/nhi/", description="a workload", tags=tags, force_detach_policies=True, max_session_duration=3600,
    permissions_boundary=boundary.arn,
    assume_role_policy=allow(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole"),
)
queue = aws.sqs.Queue("queue", tags=tags)
aws.iam.RolePolicy(
    "grants", role=role.name, policy=queue.arn.apply(lambda arn: allow(Action="sqs:SendMessage", Resource=arn))
)
profile = aws.iam.InstanceProfile("profile", role=role.name, path="/nhi/", tags=tags)
secret = aws.secretsmanager.Secret("secret", description="its own", recovery_window_in_days=0, tags=tags)
aws.secretsmanager.SecretPolicy(
    "secret-policy", secret_arn=secret.arn,
    policy=role.arn.apply(
        lambda arn: allow(Principal={"AWS": arn}, Action="secretsmanager:GetSecretValue", Resource="*")
    ),
)
policy = vault.Policy("policy", policy='path "secret/data/nhi/own" { capabilities = ["read"] }')
login = vault.AuthBackend("login", type="approle", path="nhi-approle")
vault_role = vault.approle.AuthBackendRole(
    "vault-role", backend=login.path, role_name="own", token_policies=[policy.name], token_max_ttl=600
)
entity = vault.identity.Entity("entity", policies=[policy.name], metadata=tags)
vault.identity.EntityAlias(
    "alias", name=vault_role.role_id, mount_accessor=login.accessor, canonical_id=entity.id
)
kv = vault.Mount("kv", path="own", type="kv", options={"version": "2"})
vault.kv.SecretV2(
    "entry", mount=kv.path, name="nhi/own", data_json=json.dumps({"user": "x"}), delete_all_versions=True,
    custom_metadata={"max_versions": 2, "data": tags},
)
pulumi.export("role", role.name)
pulumi.export("profile", profile.name)
pulumi.export("secret", secret.arn)
pulumi.export("queue", queue.url)
"""

PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def check(args, report):
    if args.resource_type == "aws:sqs/queue:Queue" and not args.props.get("tags"):
        report("a queue has no tags")

PolicyPack("tags", enforcement_level=EnforcementLevel.MANDATORY, policies=[
    ResourceValidationPolicy(name="queue-tags", description="Queues have tags.", validate=check),
])
"""


def test_a_stack_on_both_systems_comes_up_changes_and_goes(
    project: Callable[..., Project], aws_client: Callable[..., Any], vault_client: Callable[..., Any]
) -> None:
    stack = project(PROGRAM)
    stack.up()
    outputs = stack.outputs()
    iam = aws_client("iam")
    assert iam.get_role(RoleName=outputs["role"])["Role"]["Path"] == "/nhi/"
    assert outputs["queue"] in aws_client("sqs").list_queues()["QueueUrls"]
    policy = aws_client("secretsmanager").get_resource_policy(SecretId=outputs["secret"])["ResourcePolicy"]
    assert outputs["role"] in policy
    assert vault_client().auth.approle.read_role("own", mount_point="nhi-approle")["data"]["token_max_ttl"] == 600

    stack.up("--expect-no-changes")
    stack.refresh("--expect-no-changes")
    stack.up("--expect-no-changes")

    stack.pulumi("config", "set", "lease", "two")
    stack.up()
    tags = iam.list_instance_profile_tags(InstanceProfileName=outputs["profile"])["Tags"]
    assert {"Key": "lease", "Value": "two"} in tags
    stack.refresh("--expect-no-changes")

    stack.destroy()
    assert stack.resources() == []
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_role(RoleName=outputs["role"])
    assert "nhi-approle/" not in vault_client().sys.list_auth_methods()["data"]


def test_a_policy_pack_blocks_a_preview_and_passes_the_corrected_one(
    project: Callable[..., Project], tmp_path: Path
) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text(PACK)
    stack = project("import pulumi_aws as aws\naws.sqs.Queue('queue')\n")

    blocked = stack.preview("--policy-pack", str(pack), check=False)
    assert blocked.code != 0
    assert "a queue has no tags" in blocked.text

    stack.write({"__main__.py": "import pulumi_aws as aws\naws.sqs.Queue('queue', tags={'owner': 'a'})\n"})
    stack.preview("--policy-pack", str(pack))


def test_state_keeps_no_plain_secret_and_each_project_has_its_own_backend(
    project: Callable[..., Project], sandbox: Sandbox
) -> None:
    stack = project(
        "import pulumi\nanswer = pulumi.Config().require_secret('answer')\n"
        "pulumi.export('answer', answer)\npulumi.export('more', {'known': [1, True, None, 'a'], 'answers': [answer]})\n"
    )
    stack.pulumi("config", "set", "--secret", "answer", "plain-forty-two")
    assert stack.resources() == []
    assert stack.outputs() == {}
    stack.up()
    told = json.loads(stack.pulumi("stack", "output", "--json", "--show-secrets").stdout)
    assert told["answer"] == "plain-forty-two"
    assert stack.outputs() == json.loads(stack.pulumi("stack", "output", "--json").stdout)
    assert stack.resources() == stack.export()["deployment"]["resources"]
    kept = [file.read_text() for file in sandbox.record.state.rglob("*.json")]
    assert kept
    assert not any("plain-forty-two" in text for text in kept)


def test_the_aws_plugin_refuses_an_endpoint_that_is_not_on_this_machine(project: Callable[..., Project]) -> None:
    stack = project("import pulumi_aws as aws\naws.sqs.Queue('queue')\n")
    refused = stack.up(check=False, AWS_ENDPOINT_URL="https://sqs.eu-central-1.amazonaws.com")
    assert refused.code != 0
    assert "for an emulator on this machine only" in refused.text
    assert "AWS_ENDPOINT_URL" in refused.text


def test_accounts_and_regions_are_apart(aws_client: Callable[..., Any]) -> None:
    trust = '{"Version": "2012-10-17", "Statement": []}'
    aws_client("iam").create_role(RoleName="mine", AssumeRolePolicyDocument=trust)
    assert aws_client("iam", account=OTHER_ACCOUNT).list_roles()["Roles"] == []
    aws_client("sqs").create_queue(QueueName="mine")
    assert aws_client("sqs", region="us-east-1").list_queues().get("QueueUrls", []) == []


def test_an_outage_keeps_the_data(
    sandbox: Sandbox, aws_client: Callable[..., Any], vault_client: Callable[..., Any]
) -> None:
    aws_client("sqs").create_queue(QueueName="kept")
    vault_client().secrets.kv.v2.create_or_update_secret("kept", {"a": "b"}, mount_point="secret")

    sandbox.aws.stop()
    sandbox.vault.stop()
    with pytest.raises(EndpointConnectionError):
        aws_client("sqs").list_queues()
    assert not _listens(sandbox.vault.address)
    sandbox.aws.start()
    sandbox.vault.start()
    sandbox.vault.seal()
    assert vault_client().sys.is_sealed()
    sandbox.vault.unseal()

    assert aws_client("sqs").get_queue_url(QueueName="kept")["QueueUrl"].endswith("/kept")
    kept = vault_client().secrets.kv.v2.read_secret_version("kept", mount_point="secret", raise_on_deleted_version=True)
    assert kept["data"]["data"] == {"a": "b"}

    sandbox.reset()
    assert aws_client("sqs").list_queues().get("QueueUrls", []) == []
    assert "nhi" not in vault_client().sys.list_policies()["data"]["policies"]


def test_a_vault_is_set_back_when_something_was_written_and_only_then(sandbox: Sandbox) -> None:
    vault = sandbox.vault
    log = Path(sandbox.record.directory) / "vault" / "server.log"
    wait_until(vault._is_untouched, lambda: sandbox.keeper.alive("vault"), log)
    starts = vault._starts()
    assert "left" not in vault.client().sys.list_policies()["data"]["policies"]
    sandbox.reset()
    assert vault._starts() == starts
    vault.client().sys.create_or_update_policy("left", 'path "secret/*" { capabilities = ["read"] }')
    sandbox.reset()
    assert vault._starts() == starts + 1
    assert "left" not in vault.client().sys.list_policies()["data"]["policies"]


def test_a_proxy_of_the_users_is_not_on_the_way(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, project: Callable[..., Project]
) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert sandbox.aws.client("sts").get_caller_identity()["Account"] == ACCOUNT
    assert sandbox.vault.client().is_authenticated()
    assert project("import pulumi_aws as aws\naws.sqs.Queue('queue')\n").up(**sandbox.environment()).code == 0


def test_two_sandboxes_stand_side_by_side_and_leave_nothing(engine: Engine, sandbox: Sandbox) -> None:
    with Sandbox(engine) as other:
        other.aws.client("sqs").create_queue(QueueName="theirs")
        assert sandbox.aws.client("sqs").list_queues().get("QueueUrls", []) == []
        folder = Path(other.record.directory)
        assert folder.is_dir()
    assert not folder.exists()
    assert not _listens(other.aws.endpoint)
    assert not _listens(other.vault.address)
    assert _listens(sandbox.vault.address)


def test_ports_that_were_taken_meanwhile_are_given_up_for_others(
    engine: Engine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    taken = [urlsplit(address).port for address in (sandbox.vault.address, sandbox.aws.endpoint)]
    asked = []

    def ports(count: int) -> list[int | None]:
        asked.append(count)
        return [*free_ports(count - 1), taken[1]] if len(asked) == 1 else free_ports(count)

    monkeypatch.setattr("tools.lab.sandbox.sandbox.free_ports", ports)
    with Sandbox(engine, tmp_path / "other") as other:
        assert other.aws.endpoint != sandbox.aws.endpoint
    assert len(asked) == 2

    monkeypatch.setattr("tools.lab.sandbox.sandbox.free_ports", lambda count: [taken[0], *free_ports(count - 1)])
    with pytest.raises(LabError, match="address already in use"):
        Sandbox(engine, tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_a_killed_owner_leaves_nothing(tmp_path: Path, engine: Engine) -> None:
    folder = tmp_path / "orphan"
    program = (
        "import pathlib, sys, time; from tools.lab.engine import ensure; from tools.lab.sandbox import Sandbox; "
        "sandbox = Sandbox(ensure(), pathlib.Path(sys.argv[1])); "
        "print(sandbox.aws.endpoint, sandbox.vault.address, flush=True); time.sleep(600)"
    )
    owner = subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    addresses = owner.stdout.readline().split()
    assert len(addresses) == 2
    assert all(_listens(address) for address in addresses)
    os.kill(owner.pid, signal.SIGKILL)
    owner.communicate()
    assert _soon(lambda: not folder.exists())
    assert not any(_listens(address) for address in addresses)


@pytest.fixture
def shell_sandbox(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Path]:
    folder = tmp_path / ".sandbox"
    shell.up(folder)
    yield folder
    shell.down(folder)
    assert not folder.exists()


def test_a_shell_has_a_sandbox_until_it_is_taken_down(
    shell_sandbox: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = Record.read(shell_sandbox)
    assert record is not None
    shell.up(shell_sandbox)
    assert Record.read(shell_sandbox) == record
    capsys.readouterr()
    shell.env(shell_sandbox)
    (tmp_path / "Pulumi.yaml").write_text("name: trial\nruntime: python\n")
    (tmp_path / "__main__.py").write_text("import pulumi_aws as aws\naws.sqs.Queue('queue')\n")
    script = (
        capsys.readouterr().out + "\npulumi stack init dev && pulumi up --yes --skip-preview && pulumi destroy --yes"
    )
    plain = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, env=plain, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tmp_path / ".pulumi").exists()

    shell.down(shell_sandbox)
    assert not _listens(record.aws_endpoint)
    assert not _listens(record.vault_address)
    with pytest.raises(LabError, match="make sandbox-up"):
        shell.env(shell_sandbox)


def test_a_killed_warden_takes_the_servers_with_it_and_the_next_up_starts_anew(shell_sandbox: Path) -> None:
    record = Record.read(shell_sandbox)
    assert record is not None
    os.kill(record.warden, signal.SIGKILL)
    addresses = (record.aws_endpoint, record.vault_address)
    assert _soon(lambda: not any(_listens(address) for address in addresses))
    shell.up(shell_sandbox)
    renewed = Record.read(shell_sandbox)
    assert renewed is not None
    assert renewed.warden != record.warden
    assert _listens(renewed.vault_address)


def _soon(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def _listens(address: str) -> bool:
    url = urlsplit(address)
    with socket.socket() as probe:
        return probe.connect_ex((url.hostname, url.port)) == 0
