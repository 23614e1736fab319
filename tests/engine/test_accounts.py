"""Two accounts in two regions in one program, through explicit providers and named connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.inventory import in_aws
from tests.engine.killing import killed
from tests.engine.programs import aws_bundle, evidence, nhi, program, with_identity
from tools.lab.gate import Gate, Request, When
from tools.lab.project import Project
from tools.lab.sandbox import Sandbox
from tools.lab.sandbox.aws import ACCOUNT, OTHER_ACCOUNT, REGION

OTHER_REGION = "us-east-1"
SECRET = "nhi.SecretSpec()"
CONNECTIONS = {"one": (ACCOUNT, REGION), "two": (OTHER_ACCOUNT, OTHER_REGION)}


def providers(accounts: dict[str, str]) -> str:
    """Source of an AWS provider for each connection, and of our own, which expects these accounts behind them."""
    connections = ", ".join(
        f"{name!r}: aws.Connection(profile={name!r}, region={region!r}, account={accounts[name]!r})"
        for name, (_, region) in CONNECTIONS.items()
    )
    plugins = "".join(
        f"{name} = pulumi_aws.Provider({name!r}, profile={name!r}, region={region!r})\n"
        for name, (_, region) in CONNECTIONS.items()
    )
    return f"{plugins}ours = nhi.Provider('nhi', aws={{{connections}}})"


def bundles() -> list[str]:
    return [
        aws_bundle(
            f"orders-{name}",
            identity=with_identity(name=f"orders-{name}"),
            secret=SECRET,
            connection=repr(name),
            opts=f"pulumi.ResourceOptions(providers=[{name}, ours])",
        )
        for name in CONNECTIONS
    ]


@pytest.fixture
def stack(project: Callable[..., Project], sandbox: Sandbox, tmp_path: Path) -> Project:
    """A stack in a shell whose only credentials are two profiles."""
    stack = project("")
    file = tmp_path / "credentials"
    file.write_text(
        "".join(
            f"[{name}]\naws_access_key_id = {account}\naws_secret_access_key = {sandbox.aws.secret_key}\n"
            for name, (account, _) in CONNECTIONS.items()
        )
    )
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        del stack.environment[variable]
    stack.environment["AWS_SHARED_CREDENTIALS_FILE"] = str(file)
    return stack


@pytest.fixture
def gate(sandbox: Sandbox) -> Iterator[Gate]:
    with Gate(sandbox.aws.endpoint) as gate:
        yield gate


def in_both(sandbox: Sandbox) -> dict[str, list[str]]:
    """The roles and secrets of both accounts, as account/name."""
    found = {name: in_aws(sandbox, *place) for name, place in CONNECTIONS.items()}
    return {name: [*there["roles"], *there["secrets"]] for name, there in found.items()}


def creates_a_role_in_the_other_account(request: Request) -> bool:
    return request.operation == "CreateRole" and f"Credential={OTHER_ACCOUNT}/" in request.headers["authorization"]


def test_each_bundle_lives_and_ends_in_its_own_account_and_region(stack: Project, sandbox: Sandbox, gate: Gate) -> None:
    stack.environment["AWS_ENDPOINT_URL"] = gate.url
    stack.write({"__main__.py": program(providers({"one": ACCOUNT, "two": OTHER_ACCOUNT}), *bundles())})
    killed(stack, "up", gate, (creates_a_role_in_the_other_account, When.AFTER))
    told = nhi(stack, "repair", "--yes")
    assert told.code == 0, told.text
    assert "delete orphan" in told.text
    assert in_aws(sandbox, *CONNECTIONS["two"])["roles"] == []

    stack.up()
    outputs = stack.outputs()
    made = {name: outputs[f"orders-{name}"] for name in CONNECTIONS}
    secrets = {name: bundle["secret"].split(":secret:")[1].rsplit("-", 1)[0] for name, bundle in made.items()}
    assert in_both(sandbox) == {name: [bundle["role"], secrets[name]] for name, bundle in made.items()}
    assert all(region in made[name]["secret"] for name, (_, region) in CONNECTIONS.items())

    stack.destroy()
    assert in_both(sandbox) == {"one": [], "two": []}
    for name, (account, _) in CONNECTIONS.items():
        told_of = evidence(stack, made[name]["lease"])
        assert [caller["account"] for caller in told_of["callers"]] == [account]
        assert {row["link"]["connection"] for row in told_of["removals"]} == {name}


def test_a_wrong_account_is_an_error_before_anything_is_created(stack: Project, sandbox: Sandbox) -> None:
    stack.write({"__main__.py": program(providers({"one": ACCOUNT, "two": ACCOUNT}), *bundles())})
    failed = stack.pulumi("up", "--yes", check=False)
    assert failed.code != 0
    assert "Traceback" not in failed.text
    for part in ("aws.two", f"account {OTHER_ACCOUNT}", f"account {ACCOUNT}", "fix:"):
        assert part in failed.text
    assert in_both(sandbox) == {"one": [], "two": []}
