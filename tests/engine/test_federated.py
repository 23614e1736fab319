"""One identity of four clouds on a real engine: trusted, suspended, removed and proved gone everywhere by one command.

AWS is emulated, Vault is real, Google Cloud and Azure are doubles behind test plugins; the jobs' tokens are the test's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import hvac
import pytest

from tests.engine.azure import SEND, AzureCloud, bus_queue
from tests.engine.gcp import PUBLISH, GoogleCloud, topic
from tests.engine.gcp_access import ask, everything
from tests.engine.programs import IDENTITY, evidence, nhi, program
from tools.doubles.azure.subscriptions import GROUP, SUBSCRIPTION
from tools.doubles.gcp.double import PROJECT
from tools.doubles.gcp.names import number_of
from tools.lab.project import Project
from tools.lab.sandbox.issuer import Issuer

PIPELINE = {**IDENTITY, "kind": "pipeline"}
CLOUDS = ("aws", "gcp", "azure", "vault")
SUBJECT = "repo:example/orders:environment:prod"
AUDIENCE = "https://github.com/example"
BY = ("--approver", "Ada Example", "--reason", "INC-7")
REFUSED = (hvac.exceptions.InvalidRequest, hvac.exceptions.Forbidden)
ENTRY = "secret/data/deploy/orders"


def federated(gcp: GoogleCloud, azure: AzureCloud, clouds: Sequence[str] = CLOUDS) -> str:
    """The program: what is reached, and one identity of these clouds."""
    url = azure.double.url
    places = {
        "aws": "nhi.on.Aws(oidc_provider_arn=issuer.arn, grants=aws.intents.sqs.send(sqs.arn))",
        "gcp": f"nhi.on.Gcp(project={PROJECT!r}, project_number={number_of(PROJECT)!r}, grants={PUBLISH})",
        "azure": f"nhi.on.Azure(subscription={SUBSCRIPTION!r}, resource_group={GROUP!r}, grants={SEND})",
        "vault": f"nhi.on.Vault(grants=[nhi.Grant(actions=['read'], targets=[{ENTRY!r}])])",
    }
    return program(
        "import pulumi_azure_native, pulumi_gcp",
        "from nhi_components import azure, gcp",
        "sqs = pulumi_aws.sqs.Queue('orders-sqs', name='orders')",
        topic(),
        bus_queue(),
        "issuer = pulumi_aws.iam.OpenIdConnectProvider('github', client_id_lists=['sts.amazonaws.com'], "
        "url='https://token.actions.githubusercontent.com', thumbprint_lists=['0' * 40])",
        f"ours = nhi.Provider('nhi', gcp={{'default': gcp.Connection(endpoint={gcp.url!r}, projects=({PROJECT!r},))}}, "
        f"azure={{'default': azure.Connection(endpoint={url!r}, authority={url!r}, "
        f"subscriptions=({SUBSCRIPTION!r},))}})",
        f"made = nhi.FederatedIdentity('deploy', identity={PIPELINE!r}, "
        "home=nhi.home.GitHub(repository='example/orders', environment='prod'), "
        f"on=[{', '.join(places[cloud] for cloud in clouds)}], opts=pulumi.ResourceOptions(providers=[ours]))",
        "for cloud, outputs in made.outputs.items():",
        "    bundle = made.bundles[cloud]",
        "    pulumi.export(cloud, {**outputs, 'lease': bundle.lease_id, 'ends': bundle.ends})",
        "pulumi.export('principal', made.bundles['azure'].principal_id if 'azure' in made.bundles else '')",
    )


@dataclass(frozen=True)
class Clouds:
    """What the clouds say of the identity, each asked itself."""

    gcp: GoogleCloud
    azure: AzureCloud
    aws: Callable[..., Any]
    vault: Callable[..., Any]
    jwt: Issuer

    def let_in(self, told: dict[str, Any]) -> dict[str, bool]:
        """Tell, by cloud, whether the pipeline can become the identity and has its grants.

        Args:
            told: the stack's outputs.
        """
        account = ask(self.gcp, "GET", f"/v1/projects/{PROJECT}/serviceAccounts/{told['gcp']['email']}")
        pool = ask(self.gcp, "GET", f"/v1/{told['gcp']['provider_name'].partition('/providers/')[0]}")
        return {
            "aws": self._trust(told["aws"]["role_arn"]) == "Allow",
            "gcp": not (account.get("disabled") or pool.get("disabled")),
            "azure": self.azure.roles_of(told["principal"]) != [],
            "vault": self._logs_in(told["vault"]["role_name"]),
        }

    def _trust(self, arn: str) -> str:
        document = self.aws("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]["AssumeRolePolicyDocument"]
        (statement,) = document["Statement"]
        assert statement["Effect"] == "Deny" or SUBJECT in str(statement["Condition"])
        return str(statement["Effect"])

    def _logs_in(self, role: str) -> bool:
        claims = {"sub": SUBJECT, "aud": AUDIENCE, "repository": "example/orders", "environment": "prod"}
        client = self.vault("")
        try:
            client.token = client.write("auth/jwt/login", role=role, jwt=self.jwt.token(**claims))["auth"][
                "client_token"
            ]
            return bool(client.read(ENTRY))
        except REFUSED:
            return False


@pytest.fixture
def clouds(
    gcp: GoogleCloud, azure: AzureCloud, aws_client: Callable[..., Any], vault_client: Callable[..., Any]
) -> Clouds:
    """All four, with what the account and the Vault have beforehand."""
    root, issuer = vault_client(), Issuer()
    root.secrets.kv.v2.create_or_update_secret("deploy/orders", {"v": "1"}, mount_point="secret")
    root.sys.enable_auth_method("jwt")
    root.write("auth/jwt/config", jwt_validation_pubkeys=[issuer.public_key])
    return Clouds(gcp, azure, aws_client, vault_client, issuer)


def decide(stack: Project, command: str) -> None:
    done = nhi(stack, command, "orders.test", *BY)
    assert done.code == 0, done.text
    stack.up()


def test_one_identity_is_trusted_suspended_and_removed_on_all_clouds(
    project: Callable[..., Project], clouds: Clouds
) -> None:
    gcp, azure = clouds.gcp, clouds.azure
    stack = azure.reached_by(gcp.reached_by(project(federated(gcp, azure, ("aws", "gcp", "vault")))))
    stack.up()
    ends = {stack.outputs()[cloud]["ends"] for cloud in ("aws", "gcp", "vault")}
    stack.write({"__main__.py": federated(gcp, azure)})
    stack.up()
    told = stack.outputs()
    assert clouds.let_in(told) == dict.fromkeys(CLOUDS, True)
    assert {told[cloud]["ends"] for cloud in CLOUDS} == ends
    assert len({told[cloud]["lease"] for cloud in CLOUDS}) == len(CLOUDS)
    stack.up("--expect-no-changes")

    decide(stack, "suspend")
    assert clouds.let_in(told) == dict.fromkeys(CLOUDS, False)
    decide(stack, "restore")
    told = stack.outputs()
    assert clouds.let_in(told) == dict.fromkeys(CLOUDS, True)

    stack.destroy()
    assert stack.resources() == []
    for cloud in CLOUDS:
        removals = evidence(stack, told[cloud]["lease"])["removals"]
        assert removals
        assert all(row["absent_at"]["state"] in ("at", "never-created") for row in removals)
    assert everything(gcp) == {}
    assert azure.roles_of(told["principal"]) == []
    assert clouds.aws("iam").list_roles(PathPrefix="/nhi/")["Roles"] == []
