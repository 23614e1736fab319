"""docs/credentials.md and docs/credentials-systems.md stay true: their tables are what the code says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from nhi_components.aws.third_party_identity import VendorSource
from nhi_components.cli.app import app
from nhi_components.core.credential.places import AnyPlace, PlaceKind
from nhi_components.core.credential.rotation import CADENCES, DAY, LONGEST_OVERLAP, Rotation, SourceKind, format_length
from nhi_components.core.credential.spec import MOST_PLACES
from nhi_components.lifecycle.adapters.aws import access_keys
from nhi_components.lifecycle.adapters.azure import client_secrets
from nhi_components.lifecycle.adapters.gcp import keys as service_account_keys
from nhi_components.lifecycle.adapters.vault import api_keys, certificate_source, secret_ids
from nhi_components.lifecycle.credentials import claiming, decision, journal, rotating
from nhi_components.provider.held_credentials import _FIELDS
from tests.conformance.credentials.conftest import PLACES, SOURCES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/credentials.md").read_text(encoding="utf-8")
SYSTEMS = (ROOT / "docs/credentials-systems.md").read_text(encoding="utf-8")

ADAPTERS: Mapping[SourceKind, Any] = {
    SourceKind.AWS_ACCESS_KEY: access_keys.AccessKeys,
    SourceKind.GCP_SERVICE_ACCOUNT_KEY: service_account_keys.ServiceAccountKeys,
    SourceKind.ENTRA_CLIENT_SECRET: client_secrets.ClientSecrets,
    SourceKind.VAULT_SECRET_ID: secret_ids.SecretIds,
    SourceKind.VAULT_CERTIFICATE: certificate_source.IssuedCertificates,
    SourceKind.API_KEY: api_keys.ApiKeys,
}
HOOKS = {SourceKind.COMMAND, SourceKind.HTTP}
WORDS = {True: "yes", False: "no"}


def table(page: str, heading: str) -> list[list[str]]:
    """The rows of the table that begins with a heading, without that."""
    lines = page[page.index(f"| {heading} |") :].splitlines()
    rows = []
    for line in lines[2:]:
        if not line.startswith("|"):
            return rows
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def named(cell: str) -> str:
    return cell.strip("`")


SOURCE_ROWS = {SourceKind(named(row[0])): row for row in table(SYSTEMS, "source | component")}
PLACE_ROWS = {PlaceKind(named(row[0])): row for row in table(SYSTEMS, "place | home")}


def test_every_source_and_place_has_its_row() -> None:
    assert list(SOURCE_ROWS) == list(SourceKind)
    assert list(PLACE_ROWS) == list(PlaceKind)
    assert [named(row[0]) for row in table(SYSTEMS, "place | what is kept, and where")] == list(PlaceKind)
    assert [named(row[0]) for row in table(PAGE, "source | usually")] == list(SourceKind)


@pytest.mark.parametrize("kind", ADAPTERS)
def test_a_source_is_what_its_row_says(kind: SourceKind) -> None:
    adapter, row = ADAPTERS[kind], SOURCE_ROWS[kind]
    assert row[3] == (str(adapter.most) if adapter.most else "any number")
    assert row[4] == WORDS[adapter.can_disable]


def test_what_hooks_say_is_said_to_be_so() -> None:
    assert [SOURCE_ROWS[kind][3:6] for kind in HOOKS] == [["the hook says"] * 3] * 2


def test_fields_are_those_of_the_adapters() -> None:
    fields = {
        SourceKind.AWS_ACCESS_KEY: {access_keys.ACCESS_KEY_ID, access_keys.SECRET_ACCESS_KEY},
        SourceKind.GCP_SERVICE_ACCOUNT_KEY: {service_account_keys.KEY_FILE},
        SourceKind.ENTRA_CLIENT_SECRET: {
            client_secrets.CLIENT_ID,
            client_secrets.CLIENT_SECRET,
            client_secrets.TENANT_ID,
        },
        SourceKind.VAULT_SECRET_ID: _material_fields(secret_ids),
        SourceKind.VAULT_CERTIFICATE: _material_fields(certificate_source),
        SourceKind.API_KEY: {api_keys.FIELD},
    }
    assert {kind: set(re.findall(r"`(\w+)`", SOURCE_ROWS[kind][2])) for kind in ADAPTERS} == fields


def _material_fields(module: Any) -> set[str]:
    """The names that `create` gives to what it returns, as its text has them."""
    text = Path(module.__file__).read_text(encoding="utf-8").partition("def create")[2].partition("def disable")[0]
    return set(re.findall(r'"([a-z_]+)": (?:role\.|str\(made|made\[|"\\n")', text)) - {"metadata"}


def test_components_are_those_that_issue_from_the_source() -> None:
    from nhi_components.aws.service_user import AwsServiceUserSpec
    from nhi_components.azure.app_identity import AzureAppSpec
    from nhi_components.gcp.service_account_key_identity import GcpServiceAccountKeySpec
    from nhi_components.vault.api_key_identity import VaultApiKeySpec
    from nhi_components.vault.approle_identity import VaultAppRoleIdentitySpec

    vendors = {source.model_fields["kind"].default for source in get_args(get_args(VendorSource)[0])}
    own = {
        AwsServiceUserSpec.subject: SourceKind.AWS_ACCESS_KEY,
        GcpServiceAccountKeySpec.subject: SourceKind.GCP_SERVICE_ACCOUNT_KEY,
        AzureAppSpec.subject: SourceKind.ENTRA_CLIENT_SECRET,
        VaultAppRoleIdentitySpec.subject: SourceKind.VAULT_SECRET_ID,
        VaultApiKeySpec.subject: SourceKind.API_KEY,
    }
    for kind, row in SOURCE_ROWS.items():
        issuing = {component for component, source in own.items() if source is kind}
        issuing |= {"aws.ThirdPartyIdentity"} if kind in vendors else set()
        assert set(re.findall(r"`([\w.]+)`", row[1])) == issuing, kind
        assert issuing or row[1] == "none yet"


def test_last_use_is_told_where_a_world_of_the_suite_says_so() -> None:
    telling = {kind for kind, row in SOURCE_ROWS.items() if row[5].startswith("told")}
    modules = {"aws_access_key": SourceKind.AWS_ACCESS_KEY}
    silent = {name for name, world in SOURCES.items() if getattr(world, "tells_use", True) is False}
    assert silent == {
        "gcp_service_account_key",
        "entra_client_secret",
        "vault_secret_id",
        "vault_certificate",
        "api_key",
    }
    assert telling == set(modules.values()) == set(ADAPTERS) - {SourceKind(name.replace("_", "-")) for name in silent}


@pytest.mark.parametrize("kind", PlaceKind)
def test_a_place_is_what_its_row_and_its_world_say(kind: PlaceKind) -> None:
    (spec,) = [each for each in get_args(get_args(AnyPlace)[0]) if each.model_fields["kind"].default is kind]
    world: Any = PLACES.get(str(kind)) or PLACES.get(str(kind).replace("-", "_"))
    if kind is PlaceKind.SECRETS_MANAGER:
        from tests.conformance.credentials.aws_world import SecretWorld as world  # noqa: N813 - a world like the others
    told = (spec.can_be_home, world.keeps_lease, world.tells_key, world.keeps_older)
    assert tuple(PLACE_ROWS[kind][1:5]) == tuple(WORDS[each] for each in told)


@pytest.mark.parametrize("kind", SourceKind)
def test_the_cadences_are_the_code_s(kind: SourceKind) -> None:
    cadence = CADENCES[kind]
    times = " | ".join(map(format_length, (cadence.usual, cadence.longest, cadence.privileged)))
    assert f"| `{kind}` | {times} |" in PAGE.splitlines()


def test_figures_in_the_text_are_the_code_s() -> None:
    assert Rotation().overlap == DAY
    text = " ".join(PAGE.split())
    unused = (decision.USE_IS_KNOWN_AFTER + decision.SILENCE).total_seconds() / 3600
    assert unused == 8
    for told in (
        f"up to {MOST_PLACES} places",
        f"at most {format_length(LONGEST_OVERLAP)}",
        "not used for eight hours after the delivery",
        f"for {rotating.WORKS_WITHIN:.0f} s at most",
        f"waits until it lapses, {claiming.LASTS.total_seconds():.0f} s,",
        f"renews its claim every {claiming.RENEWED_EVERY:.0f} s",
        f"waits for up to {2 * claiming.LASTS.total_seconds():.0f} s",
    ):
        assert told in text, told
    assert claiming.MOST_SKEW.total_seconds() == 5 * 60
    assert "more than five minutes" in text
    assert journal.Journal().notes() == {"version": "0", "generation": "0", "refreshed": "0"}


def parameters(command: str) -> set[str]:
    found = typer.main.get_command(app).commands[command].params  # type: ignore[attr-defined] # it is a group
    options = {option for each in found for option in each.opts if option.startswith("--")}
    return options - {"--help"} | {each.name for each in found if each.param_type_name == "argument"}


def shown(command: str) -> set[str]:
    return {option for row in table(PAGE, f"option of `nhi {command}`") for option in re.findall(r"`([\w-]+)`", row[0])}


def test_all_options_are_told() -> None:
    assert shown("rotate") == parameters("rotate")
    own = parameters("expose") - parameters("rotate")
    assert shown("expose") == own
    assert "The other options are those of `nhi rotate`." in " ".join(PAGE.split())


def test_what_is_selected_by_is_told() -> None:
    (row,) = [row for row in table(PAGE, "option of `nhi rotate`") if row[0] == "`--select`"]
    assert set(_FIELDS) <= set(re.findall(r"`(\w+)`", row[1]))


@pytest.mark.parametrize(("command", "column"), [("rotate", 1), ("expose", 2)])
def test_exit_codes_are_those_of_the_command(command: str, column: int) -> None:
    told = typer.main.get_command(app).commands[command].help or ""  # type: ignore[attr-defined] # it is a group
    codes = dict(re.findall(r"(\d) ([^;.]+)", " ".join(told.partition("Exit codes:")[2].split())))
    rows = {row[0]: row[column] for row in table(PAGE, "exit code") if row[column]}
    assert rows == codes
