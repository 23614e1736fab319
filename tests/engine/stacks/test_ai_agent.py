"""An AI agent works with its two tools, is killed everywhere at once, stays so, and comes back when it is restored."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import hvac.exceptions
import pytest
from botocore.exceptions import ClientError

from tests.engine.access import allowed, log_in, reads
from tests.engine.inventory import everything
from tests.engine.programs import assert_gone, evidence, nhi, resources
from tests.engine.stacks.conftest import PACK, Stack
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.aws import ACCOUNT

RUNTIME = f"arn:aws:iam::{ACCOUNT}:role/runtime"
SETTINGS = "secret/helpdesk/settings"
BY = ("--approver", "Ada Example", "--reason", "INC-7: it answers nonsense")

Clients = Callable[..., Any]


def keys_of(answer: dict[str, Any]) -> dict[str, str]:
    made = answer["Credentials"]
    return {
        "aws_access_key_id": made["AccessKeyId"],
        "aws_secret_access_key": made["SecretAccessKey"],
        "aws_session_token": made["SessionToken"],
    }


@pytest.fixture
def runtime(sandbox: Sandbox) -> Clients:
    """Clients of the role under which agents run; it may become other roles and do nothing else."""
    iam = sandbox.aws.client("iam")
    door = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    iam.create_role(
        RoleName="runtime", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [door]})
    )
    becomes = {
        "Effect": "Allow",
        "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        "Resource": "*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [becomes]})
    iam.put_role_policy(RoleName="runtime", PolicyName="becomes", PolicyDocument=document)
    opened = sandbox.aws.client("sts").assume_role(RoleArn=RUNTIME, RoleSessionName="agents")
    return partial(sandbox.aws.client, **keys_of(opened))


@pytest.fixture
def agent(stack: Callable[[str], Stack], sandbox: Sandbox, runtime: Clients) -> Stack:
    """The stack, deployed."""
    settings = SETTINGS.removeprefix("secret/")
    sandbox.vault.client().secrets.kv.v2.create_or_update_secret(settings, {"tone": "kind"}, mount_point="secret")
    made = stack("ai_agent")
    made.configure(
        agent__runtime_role_arn=RUNTIME, agent__sponsor="grace@example.com", agent__approvers='["Ada Example"]'
    )
    made.preview("--policy-pack", PACK)
    made.up()
    return made


class Tools:
    """What the agent does in a session for one tool."""

    def __init__(self, sandbox: Sandbox, runtime: Clients, outputs: dict[str, Any], tool: str) -> None:
        self._outputs = outputs
        opened = runtime("sts").assume_role(
            RoleArn=outputs["role_arn"],
            RoleSessionName=f"run-4711-{tool}",
            DurationSeconds=900,
            SourceIdentity="customer-4711",
            Tags=[{"Key": "nhi:tool", "Value": tool}],
        )
        self._client = partial(sandbox.aws.client, **keys_of(opened))

    def searches(self) -> bool:
        read = self._client("dynamodb").get_item
        return allowed(read, TableName=self._outputs["articles"], Key={"id": {"S": "refunds"}})

    def files(self) -> bool:
        return allowed(
            self._client("sqs").send_message, QueueUrl=self._outputs["tickets_url"], MessageBody="please call"
        )


def enter(sandbox: Sandbox, outputs: dict[str, Any]) -> Any:
    """Log in to Vault as the agent does."""
    return log_in(sandbox.vault.client, {"role": outputs["vault_role"], "role_id": outputs["vault_role_id"]})


def test_each_session_is_for_one_tool_with_somebody_behind_it(agent: Stack, sandbox: Sandbox, runtime: Clients) -> None:
    outputs = agent.outputs()
    search, ticket = (Tools(sandbox, runtime, outputs, tool) for tool in ("search", "ticket"))
    assert (search.searches(), search.files()) == (True, False)
    assert (ticket.searches(), ticket.files()) == (False, True)
    with pytest.raises(ClientError, match="AccessDenied"):
        Tools(sandbox, runtime, outputs, "shell")
    for missing in ({"SourceIdentity": "customer-4711"}, {"Tags": [{"Key": "nhi:tool", "Value": "search"}]}):
        with pytest.raises(ClientError, match="AccessDenied"):
            runtime("sts").assume_role(RoleArn=outputs["role_arn"], RoleSessionName="run", **missing)

    token = enter(sandbox, outputs)
    facts = token.auth.token.lookup_self()["data"]
    assert (facts["ttl"] <= 300, facts["explicit_max_ttl"] <= 900) == (True, True)
    assert reads(token, SETTINGS)
    assert not reads(token, "secret/billing/settings")


def test_it_is_stopped_everywhere_at_once_until_it_is_restored(
    agent: Stack, sandbox: Sandbox, runtime: Clients
) -> None:
    outputs = agent.outputs()
    leases = outputs["aws_lease"], outputs["vault_lease"]
    search, ticket = (Tools(sandbox, runtime, outputs, tool) for tool in ("search", "ticket"))
    token = enter(sandbox, outputs)
    assert (search.searches(), ticket.files(), reads(token, SETTINGS)) == (True, True, True)

    def nothing_goes() -> None:
        assert (search.searches(), ticket.files(), reads(token, SETTINGS)) == (False, False, False)
        with pytest.raises(ClientError, match="AccessDenied"):
            Tools(sandbox, runtime, outputs, "search")
        with pytest.raises((hvac.exceptions.InvalidRequest, hvac.exceptions.Forbidden)):
            enter(sandbox, outputs)

    killed = nhi(agent, "kill", "helpdesk.prod", *BY)
    nothing_goes()
    assert killed.code == 0, killed.text
    assert killed.stdout.count("revocation met") == len(leases)
    assert "helpdesk.prod: refused everywhere" in killed.stdout
    for lease in leases:
        said = evidence(agent, lease, "cut-off")
        assert (said["approver"]["value"], said["reason"]["value"]) == BY[1::2]
        assert {(row["required"], row["verdict"]) for row in said["revocations"]} == {("immediate", "met")}

    agent.up()
    assert agent.outputs() == outputs
    assert {lease["outputs"]["state"] for lease in resources(agent, "Lease")} == {"suspended"}
    nothing_goes()

    restored = nhi(agent, "restore", "helpdesk.prod", *BY, "--up")
    assert restored.code == 0, restored.text
    assert Tools(sandbox, runtime, outputs, "search").searches()
    assert reads(enter(sandbox, outputs), SETTINGS)

    agent.destroy()
    assert everything(sandbox)["roles"] == ["runtime"]
    assert_gone(agent, *leases)
