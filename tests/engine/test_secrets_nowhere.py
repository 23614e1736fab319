"""No secret value leaves the system that it belongs to: not into state, history, output or evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.engine.access import RoleSession, granting, log_in, make_queues, value_in
from tests.engine.programs import aws_bundle, evidence_folder, nhi, program, vault_bundle, with_identity
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox

SECRET = "nhi.SecretSpec()"
READABLE = 16
"""A value is also looked for by its first characters: a cut one would give most of it away."""


def test_no_secret_value_is_in_state_history_output_or_evidence(
    project: Callable[..., Project],
    sandbox: Sandbox,
    aws_client: Callable[..., Any],
    vault_client: Callable[..., Any],
) -> None:
    make_queues(aws_client)
    stack = project(_bundles("sqs:SendMessage"))
    said = [stack.preview("--diff").text, stack.up("--logtostderr", "-v=9").text]
    outputs = stack.outputs()
    values = _values(outputs, aws_client, vault_client)

    stack.write({"__main__.py": _bundles("sqs:ReceiveMessage", expires={"after_days": 60})})
    said += [stack.up("--diff", "--json").text, stack.refresh("--diff").text]
    said += [stack.pulumi("stack", "output", "--show-secrets").text]
    said += [stack.pulumi("stack", "export", "--show-secrets").text]
    for fields in outputs.values():
        said.append(nhi(stack, "verify", "--lease", fields["lease"], "--output", "json").text)
    said += [nhi(stack, "repair", "--stack", "dev", "--dry-run").text, stack.destroy("--diff").text]
    said += [nhi(stack, "evidence", *command).text for command in (("show",), ("show", "-o", "json"), ("verify",))]

    places = {f"output {number}": text for number, text in enumerate(said)}
    places |= dict(_files(sandbox.record.state)) | dict(_files(evidence_folder(stack))) | dict(_files(stack.directory))
    assert len([name for name in places if "history" in name]) >= 3
    found = [
        (what, place) for what, value in values.items() for place, text in places.items() if value[:READABLE] in text
    ]
    assert found == []


def _bundles(action: str, **identity: Any) -> str:
    fields = with_identity(**identity)
    return program(
        aws_bundle(identity=fields, grants=granting(action), secret=SECRET),
        vault_bundle(identity=fields, secret=SECRET),
    )


def _values(
    outputs: dict[str, Any], aws_client: Callable[..., Any], vault_client: Callable[..., Any]
) -> dict[str, str]:
    """The real values of every credential that exists, as the systems themselves tell them."""
    on_aws, in_vault = outputs["orders-aws"], outputs["orders-vault"]
    keys = RoleSession(aws_client, on_aws["arn"]).keys
    root = vault_client()
    secret_id = root.auth.approle.generate_secret_id(in_vault["role"])["data"]["secret_id"]
    return {
        "generated value in Secrets Manager": aws_client("secretsmanager").get_secret_value(SecretId=on_aws["secret"])[
            "SecretString"
        ],
        "generated value in Vault": value_in(vault_client, in_vault["secret"]),
        "session's secret key": keys["aws_secret_access_key"],
        "session's token": keys["aws_session_token"],
        "token": log_in(vault_client, in_vault).token,
        "secret id": secret_id,
        "Vault's own token": root.token,
        "AWS secret key of the run": aws_client("sts")._request_signer._credentials.secret_key,
    }


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    for file in folder.rglob("*"):
        if file.is_file():
            yield str(file), file.read_text(errors="replace")
