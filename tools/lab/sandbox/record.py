"""How to reach a sandbox: what its owner keeps, and what a shell or a test needs in its environment."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tools.lab.sandbox import aws
from tools.lab.sandbox.keeper import write_private
from tools.lab.sandbox.ports import LOOPBACK

FOREIGN = (
    "ARM_CLIENT_CERTIFICATE_PATH",
    "ARM_CLIENT_ID",
    "ARM_CLIENT_SECRET",
    "ARM_ENVIRONMENT",
    "ARM_METADATA_HOSTNAME",
    "ARM_OIDC_TOKEN",
    "ARM_OIDC_TOKEN_FILE_PATH",
    "ARM_SUBSCRIPTION_ID",
    "ARM_TENANT_ID",
    "ARM_USE_MSI",
    "ARM_USE_OIDC",
    "AWS_DEFAULT_PROFILE",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_SUBSCRIPTION_ID",
    "AZURE_TENANT_ID",
    "CLOUDSDK_CORE_PROJECT",
    "GCLOUD_PROJECT",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CREDENTIALS",
    "GOOGLE_OAUTH_ACCESS_TOKEN",
    "GOOGLE_PROJECT",
    "PULUMI_ACCESS_TOKEN",
    "PULUMI_CONFIG_PASSPHRASE_FILE",
    "PULUMI_PYTHON_CMD",
    "PULUMI_STACK",
    "VAULT_CACERT",
    "VAULT_NAMESPACE",
    "VAULT_SKIP_VERIFY",
)
"""Variables of other systems that must not reach into a sandbox."""

_FILE = "record.json"


@dataclass(frozen=True, slots=True)
class Record:
    """The addresses and root credentials of a sandbox.

    Attributes:
        directory: its folder.
        aws_endpoint: the emulator's URL, for all services.
        aws_secret_key: the secret of every account's root key.
        vault_address: Vault's URL.
        vault_token: Vault's root token.
        passphrase: what the stacks' secrets are encrypted with.
        path: folders that belong in front of PATH.
        warden: process id of the warden.
    """

    directory: str
    aws_endpoint: str
    aws_secret_key: str = field(repr=False)
    vault_address: str
    vault_token: str = field(repr=False)
    passphrase: str = field(repr=False)
    path: tuple[str, ...]
    warden: int

    @property
    def home(self) -> Path:
        """The sandbox's PULUMI_HOME."""
        return Path(self.directory) / "pulumi"

    @property
    def state(self) -> Path:
        """The folder of the sandbox's state backend."""
        return Path(self.directory) / "state"

    @property
    def evidence(self) -> Path:
        """The folder of the sandbox's evidence."""
        return Path(self.directory) / "evidence"

    def environment(self) -> dict[str, str]:
        """Variables for plain `pulumi`, `nhi`, AWS and Vault commands, without PATH.

        AWS_MAX_ATTEMPTS is low, so that an emulator that is down is noticed soon; SDKs find no files of the user's.
        """
        nothing = str(Path(self.directory) / "no-config")
        return {
            "PULUMI_HOME": str(self.home),
            "PULUMI_BACKEND_URL": self.state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": self.passphrase,
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "1",
            "NHI_EVIDENCE_DIR": str(self.evidence),
            "AWS_ACCESS_KEY_ID": aws.ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": self.aws_secret_key,
            "AWS_REGION": aws.REGION,
            "AWS_DEFAULT_REGION": aws.REGION,
            "AWS_ENDPOINT_URL": self.aws_endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "3",
            "AWS_CONFIG_FILE": nothing,
            "AWS_SHARED_CREDENTIALS_FILE": nothing,
            "CLOUDSDK_CONFIG": nothing,
            "KUBECONFIG": nothing,
            "NO_GCE_CHECK": "true",
            "NO_PROXY": LOOPBACK,
            "no_proxy": LOOPBACK,
            "VAULT_ADDR": self.vault_address,
            "VAULT_TOKEN": self.vault_token,
        }

    def write(self) -> None:
        """Keep it in the sandbox's folder, for its owner's eyes only."""
        write_private(Path(self.directory) / _FILE, json.dumps(asdict(self)))

    @classmethod
    def read(cls, directory: Path) -> Record | None:
        """The record of a sandbox, or None when there is none."""
        try:
            values = json.loads((directory / _FILE).read_text())
        except (FileNotFoundError, NotADirectoryError):
            return None
        return cls(**{**values, "path": tuple(values["path"])})


def interpreter_folder() -> str:
    """Where this project's `python`, `nhi` and tools are."""
    return str(Path(sys.executable).parent)
