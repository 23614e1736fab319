"""Fast: nothing is imported before it is used."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SDKS = (
    "pulumi_aws",
    "pulumi_azure_native",
    "pulumi_azuread",
    "pulumi_gcp",
    "pulumi_kubernetes",
    "pulumi_vault",
    "boto3",
    "botocore",
    "hvac",
    "requests",
    "google",
    "azure",
    "kubernetes",
    "github",
    "gitlab",
    "ldap3",
)


def imported_by(statement: str) -> set[str]:
    """The top-level modules that a statement brings in, in a process of its own."""
    code = f"{statement}\nimport sys, json\nprint(json.dumps(sorted({{m.partition('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_library_imports_no_sdk_and_no_pulumi() -> None:
    assert imported_by("import nhi_components").isdisjoint({*SDKS, "pulumi", "pydantic"})


def test_the_command_imports_no_sdk_and_no_pulumi() -> None:
    assert imported_by("import nhi_components.cli.main").isdisjoint({*SDKS, "pulumi", "pydantic", "cryptography"})


@pytest.mark.parametrize(
    "arguments", [["--help"], ["new", "--help"], ["rotate", "--help"], ["expose", "--help"], ["kill", "--help"]]
)
def test_help_imports_no_sdk_and_no_pulumi(arguments: list[str]) -> None:
    statement = (
        "import sys, contextlib, nhi_components.cli.main as main\n"
        f"sys.argv = ['nhi', *{arguments!r}]\n"
        "with contextlib.suppress(SystemExit): main.run()"
    )
    imported = imported_by(statement)
    assert "typer" in imported
    # Of a command with options, the framework brings pydantic by itself.
    own = {"pydantic"} if len(arguments) == 1 else set[str]()
    assert imported.isdisjoint({*SDKS, *own, "pulumi", "cryptography"})


def test_a_first_program_is_written_without_any_sdk_and_pulumi(tmp_path: Path) -> None:
    given = {"name": "orders", "environment": "dev", "kind": "workload", "system": "azure", "team": "payments"}
    given |= {"email": "payments@example.com", "purpose": "sends order events", "resource-group": "shop-dev"}
    given |= {"subscription": "0f8fad5b-d9cb-469f-a165-70867728950e"}
    flags = [part for name, value in given.items() for part in (f"--{name}", value)]
    statement = (
        "import sys, contextlib, nhi_components.cli.main as main\n"
        f"sys.argv = ['nhi', 'new', {str(tmp_path / 'orders')!r}, *{flags!r}]\n"
        "with contextlib.suppress(SystemExit): main.run()"
    )
    assert imported_by(statement).isdisjoint({*SDKS, "pulumi", "cryptography"})
    assert "azure.WorkloadIdentity(" in (tmp_path / "orders/__main__.py").read_text()


def test_rotating_and_exposing_import_no_pulumi_and_only_the_sdks_of_systems_that_are_reached() -> None:
    modules = ("cli.credentials", "cli.rotate", "cli.expose", "cli.rotate_render", "provider.held_credentials")
    statement = "; ".join(f"import nhi_components.{module}" for module in modules)
    assert imported_by(statement).isdisjoint({*SDKS, "pulumi"})


@pytest.mark.parametrize("package", ["core.spec", "facts", "rules", "lifecycle.bracket"])
def test_the_inner_layers_import_no_sdk_and_no_pulumi(package: str) -> None:
    assert imported_by(f"import nhi_components.{package}").isdisjoint({*SDKS, "pulumi"})


@pytest.mark.parametrize("module", ["kill_targets", "held_identities", "life_configuration", "repair"])
def test_what_the_commands_read_states_with_imports_no_pulumi(module: str) -> None:
    assert "pulumi" not in imported_by(f"import nhi_components.provider.{module}")


def test_each_cloud_brings_its_own_sdk_only() -> None:
    assert "pulumi_vault" not in imported_by("from nhi_components import aws")
    assert "pulumi_aws" not in imported_by("from nhi_components import vault")


def test_google_clouds_brings_none_of_its_large_modules_before_it_is_bound_there() -> None:
    statement = "from nhi_components import gcp; import sys; assert gcp.WorkloadIdentity"
    # The SDK puts a module that is not read yet in its place, too.
    large = "[m for m in ('bigquery', 'cloudrunv2', 'storage') if 'pulumi_gcp.' + m + '._inputs' in sys.modules]"
    assert "pulumi_gcp" in imported_by(f"{statement}\nassert not {large}")


def test_an_identity_of_several_clouds_brings_the_sdk_of_none_before_it_is_made() -> None:
    imported = imported_by("import nhi_components as nhi; nhi.FederatedIdentity, nhi.home.GitHub, nhi.on.Aws")
    own = {"google"}  # protobuf, which Pulumi brings
    assert "pulumi" in imported
    assert imported.isdisjoint(set(SDKS) - own)


def test_every_public_name_can_be_had() -> None:
    import nhi_components

    assert [name for name in nhi_components.__all__ if getattr(nhi_components, name, None) is None] == []
