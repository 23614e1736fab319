"""The components for AWS on the real engine: what their sessions may do and may not, suspended, destroyed, proved.

The emulator judges a web identity token's subject and audience and not its signature, so tokens are made up here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from tests.engine.access import OTHER_QUEUE, QUEUE, make_queues, queue_arn
from tests.engine.inventory import in_aws
from tests.engine.programs import ACCOUNT_TRUST, EXTERNAL_ID, assert_gone, program, with_identity
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.aws import ACCOUNT, OTHER_ACCOUNT

Clients = Callable[..., Any]

REFUSED = {"AccessDenied", "AccessDeniedException", "InvalidClientTokenId", "UnrecognizedClientException"}
ISSUER = "token.actions.githubusercontent.com"
SUBJECT = "repo:example/orders:environment:prod"
COMPONENTS = ("runtime", "agent", "vendor", "deploy", "capped")


def source(state: str = "active") -> str:
    """A program with one component of each kind that the sandbox has all parts of."""

    def of(name: str, kind: str, **more: Any) -> str:
        return repr(with_identity(name=name, kind=kind, state=state, **more))

    def grant(*actions: str, queue: str = QUEUE) -> str:
        return f"nhi.Grant(actions={list(actions)!r}, targets=[{queue_arn(queue)!r}])"

    assume = "['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']"
    delegated = f"aws.Delegation(resource={queue_arn(OTHER_QUEUE)!r}, actions=['sqs:ReceiveMessage'])"
    tools = f"{{'notify': [{grant('sqs:SendMessage')}], 'read': [{grant('sqs:ReceiveMessage')}]}}"
    return program(
        f"runtime = aws.WorkloadIdentity('runtime', identity={of('runtime', 'workload')}, trusted_by={ACCOUNT_TRUST})",
        f"agent = aws.AgentIdentity('agent', identity={of('agent', 'ai-agent')}, sponsor='ada@example.com',"
        f" trusted_by=runtime.role_arn, tools={tools})",
        "pulumi_aws.iam.RolePolicy('may-run-the-agent', role=runtime.role_name, policy=agent.role_arn.apply(lambda arn:"
        f" pulumi.Output.json_dumps({{'Version': '2012-10-17', 'Statement': [{{'Effect': 'Allow', 'Action': {assume},"
        " 'Resource': arn}]})))",
        f"vendor = aws.ThirdPartyIdentity('vendor', identity={of('vendor', 'third-party')},"
        f" vendor_account={OTHER_ACCOUNT!r}, grants=[{grant('sqs:SendMessage')}])",
        f"github = pulumi_aws.iam.OpenIdConnectProvider('github', url='https://{ISSUER}',"
        f" client_id_lists=['sts.amazonaws.com'], thumbprint_lists=['{'a' * 40}'])",
        f"deploy = aws.PipelineIdentity('deploy', identity={of('deploy', 'pipeline')}, oidc_provider_arn=github.arn,"
        f" source=aws.GitHub(repository='example/orders', environment='prod'), delegations=[{delegated}],"
        f" grants=[{grant('sqs:SendMessage', queue=OTHER_QUEUE)}])",
        "cap = aws.PermissionsBoundary('cap', purpose='lets workloads read queues', tags={},"
        f" allow=[nhi.Grant(actions=['sqs:ReceiveMessage', 'sqs:GetQueueUrl'], targets=[{queue_arn()!r}])])",
        f"capped = aws.WorkloadIdentity('capped', identity={of('capped', 'workload')}, trusted_by={ACCOUNT_TRUST},"
        f" grants=[{grant('sqs:SendMessage', 'sqs:ReceiveMessage')}], permissions_boundary=cap.arn)",
        *(
            f"pulumi.export('{c}', {{'arn': {c}.role_arn, 'role': {c}.role_name, 'lease': {c}.lease_id}})"
            for c in COMPONENTS
        ),
        "pulumi.export('external_id', vendor.external_id)",
    )


class World:
    """Whoever opens sessions of the stack's roles, and what they try."""

    def __init__(self, aws_client: Clients, outputs: dict[str, Any]) -> None:
        self.clients = aws_client
        self.outputs = outputs
        self.urls = {q: aws_client("sqs").get_queue_url(QueueName=q)["QueueUrl"] for q in (QUEUE, OTHER_QUEUE)}

    def opens(self, component: str, sts: Any = None, **request: Any) -> dict[str, str] | None:
        """Open a session as the account's root, or with another client; None when that is refused."""
        arn = self.outputs[component]["arn"]
        return self._keys(
            lambda: (sts or self.clients("sts")).assume_role(RoleArn=arn, RoleSessionName="trial", **request)
        )

    def opens_with_token(self, **claims: str) -> dict[str, str] | None:
        arn, token = self.outputs["deploy"]["arn"], made_up({"iss": f"https://{ISSUER}", **claims})
        request = {"RoleArn": arn, "RoleSessionName": "trial", "WebIdentityToken": token}
        return self._keys(lambda: self.clients("sts").assume_role_with_web_identity(**request))

    def runs_the_agent(
        self, tool: str | None, source_identity: str | None = "ada", **more: str
    ) -> dict[str, str] | None:
        """Open a session of the agent as its runtime."""
        runtime = self.opens("runtime", ExternalId=EXTERNAL_ID)
        assert runtime
        tags = [{"Key": key, "Value": value} for key, value in {"nhi:tool": tool, **more}.items() if value]
        request = {"Tags": tags} | ({"SourceIdentity": source_identity} if source_identity else {})
        return self.opens("agent", self.clients("sts", **runtime), **request)

    def may(self, keys: dict[str, str] | None, operation: str, queue: str = QUEUE) -> bool:
        """Tell whether a session may call one operation of SQS on a queue."""
        assert keys
        more = {"MessageBody": "trial"} if operation == "send_message" else {}
        try:
            getattr(self.clients("sqs", **keys), operation)(QueueUrl=self.urls[queue], **more)
        except ClientError as error:
            if error.response["Error"]["Code"] not in REFUSED:
                raise
            return False
        return True

    @staticmethod
    def _keys(request: Callable[[], Any]) -> dict[str, str] | None:
        try:
            made = request()["Credentials"]
        except ClientError as error:
            if error.response["Error"]["Code"] not in REFUSED:
                raise
            return None
        return {
            "aws_access_key_id": made["AccessKeyId"],
            "aws_secret_access_key": made["SecretAccessKey"],
            "aws_session_token": made["SessionToken"],
        }


def made_up(claims: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'RS256'})}.{part({'exp': 4_000_000_000, **claims})}.unsigned"


def test_every_component_from_up_to_destroy(
    project: Callable[..., Project], aws_client: Clients, sandbox: Sandbox
) -> None:
    make_queues(aws_client)
    before = in_aws(sandbox)
    stack = project(source())
    stack.up()
    world = World(aws_client, stack.outputs())
    agent = agent_is_held_to_one_tool(world)
    vendor_needs_the_external_id(world)
    pipeline = pipeline_is_pinned(world)
    boundary_caps(world)
    stack.up("--expect-no-changes")

    stack.write({"__main__.py": source("suspended")})
    stack.up()
    assert not world.may(agent, "send_message")
    assert not world.may(pipeline, "send_message", OTHER_QUEUE)
    assert not world.may(pipeline, "receive_message", OTHER_QUEUE)
    assert world.opens("runtime", ExternalId=EXTERNAL_ID) is None
    assert world.opens_with_token(sub=SUBJECT, aud="sts.amazonaws.com") is None
    assert vendor_opens(world, world.outputs["external_id"]) is None

    stack.write({"__main__.py": source()})
    stack.up()
    assert world.may(world.runs_the_agent("notify"), "send_message")
    stack.destroy()
    assert not world.may(agent, "send_message")
    assert_gone(stack, *(world.outputs[component]["lease"] for component in COMPONENTS))
    assert in_aws(sandbox) == before
    policy = aws_client("sqs").get_queue_attributes(QueueUrl=world.urls[OTHER_QUEUE], AttributeNames=["Policy"])
    assert "Nhi" not in str(policy.get("Attributes", {}))


def agent_is_held_to_one_tool(world: World) -> dict[str, str] | None:
    refused = [
        world.runs_the_agent(None),
        world.runs_the_agent("notify", source_identity=None),
        world.runs_the_agent("delete"),
        world.runs_the_agent("notify", another="tag"),
        world.opens("agent", Tags=[{"Key": "nhi:tool", "Value": "notify"}], SourceIdentity="ada"),
    ]
    assert refused == [None] * len(refused)
    notify, read = world.runs_the_agent("notify"), world.runs_the_agent("read")
    assert [world.may(notify, "send_message"), world.may(notify, "receive_message")] == [True, False]
    assert [world.may(read, "send_message"), world.may(read, "receive_message")] == [False, True]
    return notify


def vendor_opens(world: World, external_id: str | None) -> dict[str, str] | None:
    sts = world.clients("sts", account=OTHER_ACCOUNT)
    return world.opens("vendor", sts, **({"ExternalId": external_id} if external_id else {}))


def vendor_needs_the_external_id(world: World) -> None:
    assert world.outputs["external_id"] == world.outputs["vendor"]["lease"]
    assert [vendor_opens(world, external_id) for external_id in (None, "another")] == [None, None]
    session = vendor_opens(world, world.outputs["external_id"])
    assert [world.may(session, "send_message"), world.may(session, "receive_message")] == [True, False]
    assert world.opens("vendor", ExternalId=world.outputs["external_id"]) is None


def pipeline_is_pinned(world: World) -> dict[str, str] | None:
    for claims in (
        {"sub": "repo:example/orders:environment:dev", "aud": "sts.amazonaws.com"},
        {"sub": "repo:example/orders:ref:refs/heads/main", "aud": "sts.amazonaws.com"},
        {"sub": "repo:somebody/orders:environment:prod", "aud": "sts.amazonaws.com"},
        {"sub": SUBJECT, "aud": "https://github.com/example"},
    ):
        assert world.opens_with_token(**claims) is None
    session = world.opens_with_token(sub=SUBJECT, aud="sts.amazonaws.com")
    assert [world.may(session, "send_message", queue) for queue in (OTHER_QUEUE, QUEUE)] == [True, False]
    assert [world.may(session, "receive_message", queue) for queue in (OTHER_QUEUE, QUEUE)] == [True, False]
    return session


def boundary_caps(world: World) -> None:
    """What the boundary leaves out is refused, whatever is granted, and it can't be shaken off."""
    iam, role = world.clients("iam"), world.outputs["capped"]["role"]
    capped = world.opens("capped", ExternalId=EXTERNAL_ID)
    assert [world.may(capped, "receive_message"), world.may(capped, "send_message")] == [True, False]
    iam.attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    assert [world.may(capped, "send_message"), world.may(capped, "receive_message", OTHER_QUEUE)] == [False, False]
    as_capped = world.clients("iam", **(capped or {}))
    for escalation in (
        lambda: as_capped.delete_role_permissions_boundary(RoleName=role),
        lambda: as_capped.create_user(UserName="somebody"),
        lambda: as_capped.attach_role_policy(RoleName=role, PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/any"),
    ):
        assert refused(escalation)
    iam.detach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


def refused(call: Callable[[], Any]) -> bool:
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] in REFUSED
    return False
