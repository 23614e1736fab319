"""What a removal copes with: parts that leave, targeted destroys, extras made by hand, somebody else's namesakes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.access import RoleSession, granting, log_in, make_queues, reads
from tests.engine.programs import (
    assert_gone,
    aws_bundle,
    evidence,
    nhi,
    program,
    resource,
    vault_bundle,
)
from tools.lab.project import Project

SECRET = "nhi.SecretSpec()"
THEIR_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ANYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def _lambda_role(options: str) -> str:
    return aws_bundle(trusted_by="'lambda'", opts=f"pulumi.ResourceOptions({options})")


def test_a_secret_that_leaves_the_program_is_confirmed_gone_by_the_next_run(
    project: Callable[..., Project], aws_client: Callable[..., Any], vault_client: Callable[..., Any]
) -> None:
    stack = project(_bundles(with_secrets=True))
    stack.up()
    outputs = stack.outputs()

    stack.write({"__main__.py": _bundles()})
    stack.up()
    assert _not_linked(stack, "orders-aws") == {"secrets-manager-secret": "departed"}
    assert _not_linked(stack, "orders-vault") == {"vault-kv-path": "departed"}
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        aws_client("secretsmanager").describe_secret(SecretId=outputs["orders-aws"]["secret"])
    assert vault_client().read(_metadata_of(outputs["orders-vault"]["secret"])) is None

    stack.up()
    assert _not_linked(stack, "orders-aws") == {"secrets-manager-secret": "gone"}
    assert _not_linked(stack, "orders-vault") == {"vault-kv-path": "gone"}
    stack.up("--expect-no-changes")

    stack.destroy()
    for component, kind in (("orders-aws", "secrets-manager-secret"), ("orders-vault", "vault-kv-path")):
        lease = outputs[component]["lease"]
        assert_gone(stack, lease)
        assert kind in {row["link"]["kind"] for row in evidence(stack, lease)["removals"]}


def test_after_a_targeted_destroy_the_next_up_makes_the_bundle_work_again(
    project: Callable[..., Project], aws_client: Callable[..., Any], vault_client: Callable[..., Any]
) -> None:
    make_queues(aws_client)
    stack = project(_bundles(with_secrets=True))
    stack.up()
    on_aws, in_vault = (stack.outputs()[component] for component in ("orders-aws", "orders-vault"))
    session, token = RoleSession(aws_client, on_aws["arn"]), log_in(vault_client, in_vault)

    seals = [resource(stack, "Seal", component)["urn"] for component in ("orders-aws", "orders-vault")]
    stack.destroy(*(argument for urn in seals for argument in ("--target", urn)))
    assert (session.sends(), reads(token, in_vault["secret"])) == (False, False)
    stack.up()
    assert RoleSession(aws_client, on_aws["arn"]).sends()
    assert reads(log_in(vault_client, in_vault), in_vault["secret"])

    principals = [resource(stack, kind)["urn"] for kind in ("Role", "AuthBackendRole")]
    stack.destroy(*(argument for urn in principals for argument in ("--target", urn)), "--target-dependents")
    with pytest.raises(ClientError, match="NoSuchEntity"):
        aws_client("iam").get_role(RoleName=on_aws["role"])
    stack.up()
    again = stack.outputs()
    assert again["orders-aws"]["lease"] == on_aws["lease"]
    session, token = RoleSession(aws_client, again["orders-aws"]["arn"]), log_in(vault_client, again["orders-vault"])
    assert (session.sends(), session.reads(again["orders-aws"]["secret"])) == (True, True)
    assert reads(token, again["orders-vault"]["secret"])
    stack.up("--expect-no-changes")

    stack.destroy()
    assert_gone(stack, on_aws["lease"], in_vault["lease"])
    assert (session.sends(), reads(token, again["orders-vault"]["secret"])) == (False, False)


RETAIN = """
def retain(args):
    kept = pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(retain_on_delete=True))
    return pulumi.ResourceTransformResult(args.props, kept)

class Team(pulumi.ComponentResource):
    def __init__(self, opts):
        super().__init__("trial:index:Team", "team", {}, opts)
"""


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param([_lambda_role("retain_on_delete=True")], id="its own option"),
        pytest.param([_lambda_role("transforms=[retain]")], id="a transform of its own"),
        pytest.param(["pulumi.runtime.register_resource_transform(retain)", _lambda_role("")], id="one of the stack"),
        pytest.param(
            ["team = Team(pulumi.ResourceOptions(transforms=[retain]))", _lambda_role("parent=team")],
            id="one of its parent",
        ),
    ],
)
def test_retain_on_delete_is_refused(project: Callable[..., Project], statements: list[str]) -> None:
    stack = project(program(RETAIN, *statements))
    refused = stack.up(check=False)
    assert refused.code != 0
    for part in ("retainOnDelete", "got:", "no retention inside a bundle", "fix:", "remove the option"):
        assert part in refused.text
    assert not [made for made in stack.resources() if made["custom"] and ":providers:" not in made["type"]]


def test_what_a_parent_retains_is_no_bundle(project: Callable[..., Project], aws_client: Callable[..., Any]) -> None:
    team = "team = Team(pulumi.ResourceOptions(retain_on_delete=True))"
    stack = project(program(RETAIN, team, _lambda_role("parent=team")))
    stack.up()
    assert [made["urn"] for made in stack.resources() if made.get("retainOnDelete")] == [_urn_of(stack, "Team")]
    stack.destroy()
    assert aws_client("iam").list_roles()["Roles"] == []


def test_what_was_added_by_hand_goes_with_the_bundle_and_the_evidence_names_it(
    project: Callable[..., Project], aws_client: Callable[..., Any], vault_client: Callable[..., Any]
) -> None:
    stack = project(_bundles(with_secrets=True, trusted_by="'ec2'"))
    stack.up()
    on_aws, in_vault = (stack.outputs()[component] for component in ("orders-aws", "orders-vault"))
    iam = aws_client("iam")
    managed = iam.create_policy(PolicyName="by-hand", PolicyDocument=ANYTHING)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=on_aws["role"], PolicyArn=managed)
    iam.put_role_policy(RoleName=on_aws["role"], PolicyName="by-hand-inline", PolicyDocument=ANYTHING)
    iam.create_instance_profile(InstanceProfileName="by-hand-profile")
    iam.add_role_to_instance_profile(InstanceProfileName="by-hand-profile", RoleName=on_aws["role"])
    aws_client("secretsmanager").put_secret_value(SecretId=on_aws["secret"], SecretString="by hand")
    root = vault_client()
    mount, path = in_vault["secret"].split("/", 1)
    for value in ("by hand", "by hand again"):
        root.secrets.kv.v2.create_or_update_secret(path, {"value": value}, mount_point=mount)
    minted = root.auth.token.create(policies=[in_vault["policy"]], ttl="1h")["auth"]["client_token"]
    for _ in range(2):
        root.auth.approle.generate_secret_id(in_vault["role"])
    assert reads(vault_client(minted), in_vault["secret"])

    stack.destroy()
    assert_gone(stack, on_aws["lease"], in_vault["lease"])
    assert not iam.list_entities_for_policy(PolicyArn=managed)["PolicyRoles"]
    assert iam.get_instance_profile(InstanceProfileName="by-hand-profile")["InstanceProfile"]["Roles"] == []
    assert root.read(_metadata_of(in_vault["secret"])) is None
    assert not reads(vault_client(minted), in_vault["secret"])
    named = {(row["link"]["kind"], row["link"]["name"]) for row in evidence(stack, on_aws["lease"])["removals"]}
    assert {("iam-policy-attachment", managed), ("iam-role-policy", "by-hand-inline")} <= named
    assert ("iam-instance-profile-membership", "by-hand-profile") in named
    kinds = [row["link"]["kind"] for row in evidence(stack, in_vault["lease"])["removals"]]
    assert {kind: kinds.count(kind) for kind in ("vault-kv-version", "vault-token", "vault-secret-id")} == {
        "vault-kv-version": 2,
        "vault-token": 1,
        "vault-secret-id": 2,
    }


def test_a_namesake_that_was_made_after_a_refresh_is_left_alone_and_listed(
    project: Callable[..., Project], aws_client: Callable[..., Any]
) -> None:
    stack = project(program(_aws(secret=SECRET)))
    stack.up()
    on_aws = stack.outputs()["orders-aws"]
    _delete_by_hand(aws_client, on_aws["role"])
    stack.refresh()
    unique_id = _make_namesake(aws_client, on_aws["role"])

    stack.destroy()
    assert_gone(stack, on_aws["lease"])
    assert aws_client("iam").get_role(RoleName=on_aws["role"])["Role"]["RoleId"] == unique_id
    (namesake,) = evidence(stack, on_aws["lease"])["namesakes"]
    assert (namesake["kind"], namesake["name"], namesake["unique_id"]) == ("iam-role", on_aws["role"], unique_id)


def test_a_namesake_that_the_engine_takes_for_ours_stops_a_destroy_until_repair_takes_it_out_of_the_state(
    project: Callable[..., Project], aws_client: Callable[..., Any]
) -> None:
    stack = project(program(_aws(secret=SECRET)))
    stack.up()
    on_aws = stack.outputs()["orders-aws"]
    _delete_by_hand(aws_client, on_aws["role"])
    unique_id = _make_namesake(aws_client, on_aws["role"])

    refused = stack.destroy(check=False)
    assert refused.code != 0
    for part in ("not ours, but of the same name", on_aws["role"], unique_id, "nhi repair"):
        assert part in refused.text
    assert aws_client("iam").list_role_policies(RoleName=on_aws["role"])["PolicyNames"] == ["theirs"]
    assert aws_client("iam").get_role(RoleName=on_aws["role"])["Role"]["AssumeRolePolicyDocument"] == THEIR_TRUST

    repaired = nhi(stack, "repair", "--stack", "dev", "--yes")
    assert repaired.code == 0, repaired.text
    stack.destroy()
    assert_gone(stack, on_aws["lease"])
    assert aws_client("iam").list_role_policies(RoleName=on_aws["role"])["PolicyNames"] == ["theirs"]
    assert unique_id in {namesake["unique_id"] for namesake in evidence(stack, on_aws["lease"])["namesakes"]}


def _urn_of(stack: Project, kind: str) -> str:
    return str(resource(stack, kind)["urn"])


def _aws(**arguments: str) -> str:
    return aws_bundle(grants=granting("sqs:SendMessage"), **arguments)


def _bundles(*, with_secrets: bool = False, **arguments: str) -> str:
    secrets = {"secret": "nhi.SecretSpec()"} if with_secrets else {}
    return program(_aws(**secrets, **arguments), vault_bundle(**secrets))


def _not_linked(stack: Project, component: str) -> dict[str, str]:
    """The state of each part of a lease that is not linked any more, by kind."""
    ledger = resource(stack, "Lease", component)["outputs"]["ledger"]
    return {entry["kind"]: entry["state"] for entry in ledger if entry["state"] != "linked"}


def _metadata_of(secret: str) -> str:
    mount, path = secret.split("/", 1)
    return f"{mount}/metadata/{path}"


def _delete_by_hand(aws_client: Callable[..., Any], role: str) -> None:
    iam = aws_client("iam")
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    iam.delete_role(RoleName=role)


def _make_namesake(aws_client: Callable[..., Any], role: str) -> str:
    """Make a role of somebody else's under the same name; return its unique id."""
    iam = aws_client("iam")
    made = iam.create_role(RoleName=role, Path="/nhi/", AssumeRolePolicyDocument=json.dumps(THEIR_TRUST))["Role"]
    iam.put_role_policy(RoleName=role, PolicyName="theirs", PolicyDocument=ANYTHING)
    return str(made["RoleId"])
