"""The systems that the estate is planted on: started, planted, reached by the connections of a user, and taken down."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools.doubles.azure import AzureDouble
from tools.doubles.azure.subscriptions import SUBSCRIPTION
from tools.doubles.discovered import DiscoveredDouble
from tools.doubles.gcp import GcpDouble
from tools.doubles.gcp.double import PROJECT
from tools.doubles.github import GitHubDouble
from tools.doubles.kubernetes import KubernetesDouble
from tools.doubles.tls import write_authority
from tools.estate.across import Across
from tools.estate.aws import AwsEstate
from tools.estate.azure import AzureEstate
from tools.estate.gcp import GcpEstate
from tools.estate.github import ACME, GitHubEstate
from tools.estate.hook import HookEstate
from tools.estate.kubernetes import KubernetesEstate
from tools.estate.truth import Ledger
from tools.estate.vault import NAMESPACE, VaultEstate
from tools.lab.sandbox import aws, programs, vault
from tools.lab.sandbox.keeper import Keeper
from tools.lab.sandbox.ports import free_ports

_FOREIGN: Final = ("AWS_", "AZURE_", "GOOGLE_", "VAULT_", "GITHUB_", "KUBE", "CLOUDSDK_", "NHI_", "CI_")
"""How variables begin that might lead a command to systems of somebody's."""


@dataclass(frozen=True)
class Estate:
    """The planted estate.

    Attributes:
        ledger: what was planted.
        folder: for the papers, the inventory and the evidence.
        environment: of commands that are to reach the systems.
        connections: the file that names them.
    """

    ledger: Ledger
    folder: Path
    environment: Mapping[str, str]
    connections: Path

    def change(self) -> None:
        """Do to the systems what is to happen between the scans."""
        for change in self.ledger.changes:
            change()


@contextmanager
def planted() -> Iterator[Estate]:
    """Start the systems and plant the estate; all of it is gone afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nhi-estate-")))
        ledger = Ledger()
        emulator, server = _servers(stack, folder)
        gcp, azure = stack.enter_context(GcpDouble()), stack.enter_context(AzureDouble())
        kubernetes, github = stack.enter_context(KubernetesDouble()), stack.enter_context(GitHubDouble())
        courier = stack.enter_context(DiscoveredDouble())
        key_file, variables = gcp.ambient(folder), azure.ambient()
        _leave_out(ledger, key_file, azure, variables["AZURE_CLIENT_ID"])
        estates = (
            AwsEstate(emulator, ledger),
            AzureEstate(azure, ledger),
            GcpEstate(gcp, ledger),
            GitHubEstate(github, ledger),
            KubernetesEstate(kubernetes, ledger),
            VaultEstate(server, ledger),
        )
        for each in estates:
            each.plant()
        Across(*estates).plant()
        bots = HookEstate(courier, ledger)
        bots.plant()
        estates[2].finish()
        github.remaining = 1_000_000
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(kubernetes.kubeconfig(kubernetes.grant("the-readers-token", "reader")))
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)},
            **variables,
            "AWS_ACCESS_KEY_ID": aws.ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": emulator.secret_key,
            "AWS_REGION": aws.REGION,
            "AWS_ENDPOINT_URL": emulator.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "GOOGLE_APPLICATION_CREDENTIALS": str(key_file),
            "VAULT_ADDR": server.address,
            "VAULT_TOKEN": server.token,
            "GITHUB_TOKEN": estates[3].token,
            "COURIER_TOKEN": bots.token,
            "REQUESTS_CA_BUNDLE": str(write_authority(folder)),
            "NHI_EVIDENCE_DIR": str(folder / "evidence"),
            "NHI_INVENTORY": str(folder / "inventory.db"),
            "HOME": str(folder),
        }
        connections = folder / "connections.json"
        told = _connections(gcp.url, azure.url, github.url, str(kubeconfig))
        told["hook"] = {"courier": {"url": f"{courier.url}/", "token_variable": "COURIER_TOKEN"}}
        connections.write_text(json.dumps(told))
        yield Estate(ledger, folder, environment, connections)


def _servers(stack: ExitStack, folder: Path) -> tuple[aws.Aws, vault.Vault]:
    binaries = programs.ensure()
    api, cluster, port = free_ports(3)
    secret_key = aws.new_secret_key()
    prepared = {
        vault.NAME: vault.prepare(binaries, folder, (api, cluster)),
        aws.NAME: aws.prepare(binaries, folder, port, secret_key),
    }
    keeper = Keeper(folder, prepared)
    stack.callback(keeper.close)
    return aws.Aws(keeper, folder, port, secret_key), vault.Vault(keeper, folder, api)


def _connections(gcp: str, azure: str, github: str, kubeconfig: str) -> dict[str, Any]:
    return {
        "aws": {"default": {"regions": [aws.REGION]}},
        "vault": {"default": {"namespace": NAMESPACE}},
        "gcp": {"default": {"endpoint": gcp, "projects": [PROJECT]}},
        "azure": {"default": {"endpoint": azure, "authority": azure, "subscriptions": [SUBSCRIPTION]}},
        "kubernetes": {"default": {"kubeconfig": kubeconfig}},
        "github": {"default": {"endpoint": github, "organizations": [ACME]}},
    }


def _leave_out(ledger: Ledger, key_file: Path, azure: AzureDouble, client: str) -> None:
    """Name what the scan itself runs as: it is of the laboratory, whose doubles let it do everything by another way."""
    reason = "whom the scan runs as"
    ledger.left_out[f"serviceAccount:{json.loads(key_file.read_text())['client_email']}"] = reason
    application = azure.applications.by_client(client)
    if application is not None:
        ledger.left_out[application["id"]] = reason
        ledger.left_out[azure.applications.principal_of(application).object_id] = reason
