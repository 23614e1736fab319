"""Everybody who may become an identity on Azure, by each way in, and what each identity is let do.

The pod's token is that of the double of a cluster, GitHub's and the vendor's are the test's own.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, Final

from nhi_components.core.azure_federation import AUDIENCE
from tests.engine.azure import IN_GROUP, QUEUE, AzureCloud, azure_bundle, azure_program
from tests.engine.azure_access import ACCOUNT, GITHUB, Session, ask, attached, exchanged
from tests.engine.azure_by_hand import OTHER, VAULT, VAULT_ID, make_queues, make_vault
from tests.engine.kubernetes import SHOP, OneCluster
from tests.engine.programs import with_identity
from tools.lab.sandbox.issuer import Issuer

AKS: Final = "https://westeurope.oic.prod-aks.azure.com/0d1f6c35-6d4e-4c5a-9d0e-5f7a7f1c2b10/cluster/"
VENDOR_ISSUER: Final = "https://login.vendor.example"
VENDOR: Final = {"iss": VENDOR_ISSUER, "sub": "collector", "aud": AUDIENCE}
RUNTIME: Final = {"iss": VENDOR_ISSUER, "sub": "runtime", "aud": AUDIENCE}
JOB: Final = {"iss": GITHUB, "sub": "repo:shop/orders:environment:prod", "aud": AUDIENCE, "repository": "shop/orders"}

_CONTAINERS: Final = f"{IN_GROUP}/Microsoft.Storage/storageAccounts/{ACCOUNT}/blobServices/default/containers"
SEND = f"azure.intents.servicebus.send_to_queue('{QUEUE}')"
TAKE = f"azure.intents.servicebus.receive_from_queue('{QUEUE}')"
SEND_OTHER = SEND.replace(QUEUE, OTHER)
READ = f"azure.intents.storage.read_blobs('{_CONTAINERS}/orders')"
WRITE = READ.replace("read_blobs", "write_blobs")
READ_INVOICES = READ.replace("containers/orders", "containers/invoices")

STORED = "in/1"
_numbers = count(2)


def program(azure: AzureCloud, deployer: str) -> str:
    """A workload on Azure, one on AKS, a pipeline, a vendor and an agent with two tools."""
    client = {"client": "client_id"}
    return azure_program(
        azure_bundle(
            azure,
            grants=SEND,
            secret="nhi.SecretSpec()",
            vault=repr(VAULT_ID),
            trusted_by=f"azure.AttachedTrust(deployers=[{deployer!r}])",
        ),
        azure_bundle(
            azure,
            "pod",
            kind="AksWorkloadIdentity",
            identity=with_identity(name="pod"),
            outputs=client,
            issuer=repr(AKS),
            namespace=repr(SHOP),
            service_account="'orders'",
            grants=TAKE,
        ),
        azure_bundle(
            azure,
            "deploy",
            kind="PipelineIdentity",
            identity=with_identity(name="deploy", kind="pipeline"),
            outputs=client,
            source="azure.GitHub(repository='shop/orders', environment='prod')",
            grants=WRITE,
        ),
        azure_bundle(
            azure,
            "vendor",
            kind="ThirdPartyIdentity",
            identity=with_identity(name="vendor", kind="third-party"),
            outputs=client,
            vendor=f"azure.VendorSubject(issuer={VENDOR_ISSUER!r}, subject_claim='collector')",
            grants=READ_INVOICES,
        ),
        azure_bundle(
            azure,
            "agent",
            kind="AgentIdentity",
            identity=with_identity(name="agent", kind="ai-agent"),
            outputs={"tools": "tool_client_ids"},
            sponsor="'ada@example.com'",
            trusted_by=f"azure.FederatedTrust(issuer={VENDOR_ISSUER!r}, subject_claim='runtime')",
            tools=f"{{'look': {READ}, 'tell': {SEND_OTHER}}}",
        ),
    )


class Cast:
    """Everybody who may become one of the identities, with what the identities may do.

    Attributes:
        azure: where they live.
        outputs: of the stack.
        issuer: signs for GitHub and the vendor.
    """

    def __init__(self, azure: AzureCloud, cluster: OneCluster, outputs: dict[str, Any], issuer: Issuer) -> None:
        self.azure, self.outputs, self.issuer, self._cluster = azure, outputs, issuer, cluster

    def pod(self, account: str = "orders", audience: str = AUDIENCE) -> str:
        """A token of a service account, as it is projected into a pod."""
        return self._cluster.session(account, audience).token

    def job(self, **claims: str) -> Session | None:
        """A session of the pipeline's identity, as a job of GitHub's with these claims makes it."""
        return exchanged(self.azure, self.outputs["deploy"]["client"], self.issuer.token(**{**JOB, **claims}))

    def federated(self) -> dict[str, Session | None]:
        """A session of each identity that tokens of elsewhere lead to; None where Entra refuses that."""
        azure, outputs = self.azure, self.outputs
        tools = outputs["agent"]["tools"]
        return {
            "pod": exchanged(azure, outputs["pod"]["client"], self.pod()),
            "job": self.job(),
            "vendor": exchanged(azure, outputs["vendor"]["client"], self.issuer.token(**VENDOR)),
            **{tool: exchanged(azure, client, self.issuer.token(**RUNTIME)) for tool, client in tools.items()},
        }

    def sessions(self) -> dict[str, Session | None]:
        """A session of each identity, by the way that it is meant to be made."""
        return {"app": attached(self.azure, self.outputs["orders-azure"]["client"]), **self.federated()}

    def uses(self, sessions: dict[str, Session | None]) -> dict[str, list[str]]:
        """What each session is let do, of all that there is to do."""
        own = self.outputs["orders-azure"]
        return {who: _uses(session, own) for who, session in sessions.items() if session}


def _uses(session: Session, own: dict[str, Any]) -> list[str]:
    role = f"{own['identity']}/providers/Microsoft.Authorization/roleAssignments/3f1c2b7e-0d55-4a57-8f4e-6b1f0a9d2c11"
    owner = "/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    ways: dict[str, Callable[[], bool]] = {
        "sends orders": lambda: session.sends(),
        "sends other": lambda: session.sends("other"),
        "takes orders": lambda: session.takes(),
        "takes other": lambda: session.takes("other"),
        "reads orders": lambda: session.gets(STORED),
        "reads invoices": lambda: session.gets(STORED, "invoices"),
        # What is there already may not be overwritten.
        "writes orders": lambda: session.puts(f"in/{next(_numbers)}"),
        "overwrites orders": lambda: session.puts(STORED),
        "reads the secret": lambda: session.reads(f"{VAULT}/{own['secret']}"),
        "deletes the queue": lambda: session.may("DELETE", QUEUE),
        "lists identities": lambda: session.may("GET", f"{IN_GROUP}/Microsoft.ManagedIdentity/userAssignedIdentities"),
        "gives itself a role": lambda: session.may(
            "PUT", role, {"properties": {"roleDefinitionId": owner, "principalId": own["principal"]}}
        ),
    }
    return [what for what, way in ways.items() if way()]


def furnished(azure: AzureCloud, cluster: OneCluster, issuer: Issuer) -> str:
    """Make what the identities work on and who vouches for them; give who may attach one of them."""
    double = azure.double
    make_queues(azure)
    make_vault(azure)
    for container in ("orders", "invoices"):
        blobs = "Microsoft.Storage/storageAccounts/blobServices/containers"
        double.resources.make(blobs, ACCOUNT, "default", container)
        ask(azure, "PUT", f"/blob/{ACCOUNT}/{container}/{STORED}", b"x")
    for who in (GITHUB, VENDOR_ISSUER):
        double.entra.issuers.put(who, issuer.public_key)
    double.entra.issuers.put(AKS, cluster.double.cluster.tokens.issuer.public_key)
    cluster.double.cluster.tokens.named = AKS
    for account in ("orders", "other"):
        cluster.put("serviceaccounts", account, {})
    return double.applications.principal_of(double.applications.make("deployer")).object_id
