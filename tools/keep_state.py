"""Keep the state of a stack made by this release and schema, so that later ones prove that they can destroy it.

`python -m tools.keep_state` makes a stack in a sandbox and writes what `pulumi stack export` says of it to
tests/fixtures/states/VERSION-schema-SCHEMA/stack.json. What a machine or a sandbox would give away is left out or
replaced. Each schema is kept from when it is new, also before its release; 0.1.0 itself is the oldest, of schema 1.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from nhi_components.provider.schema import SCHEMA_VERSION
from nhi_components.version import VERSION
from tools.lab.engine import ensure
from tools.lab.errors import LabError
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

STATES = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "states"
FILE = "stack.json"
NEWEST = STATES / f"{VERSION}-schema-{SCHEMA_VERSION}" / FILE
"""The state that this release and schema leave behind."""

PROJECT, STACK = "kept", "dev"
CLUSTER = "00000000-0000-0000-0000-000000000000"
"""Stands for the id of the Vault cluster, which differs from sandbox to sandbox."""

_MACHINES_OWN = frozenset({"sourcePosition", "stackTrace"})
_PROGRAM = """
import nhi_components as nhi
import pulumi
from nhi_components import aws, vault

orders = {
    "name": "orders",
    "environment": "test",
    "owner": {"team": "payments", "email": "payments@example.com"},
    "purpose": "sends order events to the queue",
    "expires": {"after_days": 30},
}
ours = nhi.Provider("ours", vault={"default": vault.Connection(auth="token")}, approver="change board", reason="CHG-1")
aws.WorkloadIdentity(
    "orders-aws",
    identity=orders,
    trusted_by="ec2",
    grants=[nhi.Grant(actions=["sqs:SendMessage"], targets=["arn:aws:sqs:eu-central-1:111111111111:orders"])],
    secret=nhi.SecretSpec(),
)
vault.WorkloadIdentity(
    "orders-vault", identity=orders, secret=nhi.SecretSpec(), opts=pulumi.ResourceOptions(providers=[ours])
)
aws.ServiceUser(
    "printer",
    identity={**orders, "name": "printer", "kind": "service-account"},
    why_not_federated="the label printer's firmware takes an access key and nothing else",
    grants=[nhi.Grant(actions=["sqs:SendMessage"], targets=["arn:aws:sqs:eu-central-1:111111111111:labels"])],
    places=[{"kind": "vault-kv"}, {"kind": "secrets-manager"}],
)
vault.AppRoleIdentity("courier", identity={**orders, "name": "courier"})
vault.ApiKeyIdentity("partner", identity={**orders, "name": "partner", "kind": "api-key"})
"""


def keep(file: Path = NEWEST) -> Path:
    """Make the stack and write its state.

    Raises:
        LabError: this release's state is kept already, or it holds what must not be kept.
    """
    if file.exists():
        fix = "raise the version or the schema first; before a release, remove the file"
        raise LabError(str(file), got="a state that is kept", expected="none of this release and schema", fix=fix)
    with Sandbox(ensure()) as sandbox, tempfile.TemporaryDirectory() as folder:
        environment = sandbox.environment() | {"NHI_EVIDENCE_DIR": f"{folder}/evidence"}
        project = Project(Path(folder) / PROJECT, environment, name=PROJECT, stack=STACK)
        project.write({"__main__.py": _PROGRAM})
        project.up()
        cluster = sandbox.vault.client().sys.read_health_status(method="GET")["cluster_id"]
        text = json.dumps(presentable(project.export()), indent=1).replace(cluster, CLUSTER)
        places = [folder, sandbox.record.directory, sandbox.aws.endpoint, sandbox.vault.address]
        refuse_leaks(text, [*places, sandbox.vault.token, sandbox.aws.secret_key])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n")
    return file


def presentable(state: dict[str, Any]) -> dict[str, Any]:
    """Without places of source code, and without a passphrase, as nothing in it is encrypted."""
    deployment = state["deployment"]
    deployment.pop("secrets_providers", None)
    for resource in deployment["resources"]:
        for name in _MACHINES_OWN & resource.keys():
            del resource[name]
    return state


def refuse_leaks(text: str, unwanted: list[str]) -> None:
    """Refuse a state that tells a secret or a credential, or where it was made.

    Raises:
        LabError: it does.
    """
    if "ciphertext" in text or any(word in text for word in unwanted):
        got = "a secret, a credential, or a place of this machine"
        raise LabError("the state", got=got, expected="none of them", fix="take it out of the program, or leave it out")


def main() -> int:
    try:
        print(keep())
    except LabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
