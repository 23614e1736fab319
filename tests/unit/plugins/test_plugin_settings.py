"""The plugin takes the real provider's settings and environment, and speaks to doubles on loopback alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pulumi.provider.experimental import provider as rpc

from nhi_components.provider.values import property_map
from tools.plugins.gcp.provider import GcpProvider
from tools.plugins.gcp.settings import IAM, RUN, SERVICES, STORAGE, environment_for, read_settings
from tools.plugins.resource import PluginError
from tools.plugins.rest import is_loopback, send
from tools.plugins.sdk_types import resource_type

URL = "http://127.0.0.1:9"
HERE = environment_for(URL, "a-token", "shop")


def test_every_service_has_its_address_in_the_environment_and_its_path_behind_it() -> None:
    settings = read_settings({}, HERE)
    assert (settings.token, settings.project) == ("a-token", "shop")
    assert settings.endpoints.keys() == SERVICES.keys()
    assert settings.endpoints[IAM] == f"{URL}/v1/"
    assert settings.endpoints[STORAGE] == f"{URL}/storage/v1/"
    assert settings.endpoints[RUN] == f"{URL}/v2/"


def test_the_names_of_the_settings_are_those_of_the_provider() -> None:
    known = resource_type("pulumi:providers:gcp").inputs
    assert [name for service in SERVICES.values() for name in service.settings if name not in known] == []
    assert SERVICES[RUN].variables == ("GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT",)
    assert SERVICES[IAM].variables == ("GOOGLE_IAM_BETA_CUSTOM_ENDPOINT", "GOOGLE_IAM_CUSTOM_ENDPOINT")


def test_a_setting_goes_before_the_environment() -> None:
    given = {"accessToken": "mine", "project": "mine-1", "iamCustomEndpoint": "http://localhost:8/v1/"}
    settings = read_settings(given, HERE)
    assert (settings.token, settings.project) == ("mine", "mine-1")
    assert settings.endpoints[IAM] == "http://localhost:8/v1/"


@pytest.mark.parametrize(
    "address",
    ["https://iam.googleapis.com/v1/", "http://10.0.0.1/v1/", "http://127.0.0.1.example.com/v1/", f"{URL}/v1"],
)
def test_an_address_elsewhere_is_refused_before_anything_is_sent(address: str) -> None:
    with pytest.raises(PluginError, match="stand-in for tests"):
        read_settings({"iamBetaCustomEndpoint": address}, HERE)


@pytest.mark.parametrize(
    ("url", "is_here"),
    [
        ("http://127.0.0.1:1/", True),
        ("http://[::1]:1/", True),
        ("http://localhost/", True),
        ("https://127.0.0.1/", False),
        ("http://169.254.169.254/", False),
        ("http://localhost.example.com/", False),
        ("file:///etc/passwd", False),
    ],
)
def test_loopback_is_told_by_the_address(url: str, *, is_here: bool) -> None:
    assert is_loopback(url) is is_here


def test_even_a_call_goes_nowhere_else() -> None:
    with pytest.raises(PluginError, match="on loopback alone"):
        send("GET", "https://iam.googleapis.com/v1/projects/p", query={}, headers={})


def test_without_a_token_nothing_is_configured() -> None:
    with pytest.raises(PluginError, match="GOOGLE_OAUTH_ACCESS_TOKEN"):
        read_settings({}, {})


def check_config(settings: dict[str, Any]) -> list[str]:
    asked = rpc.CheckRequest("urn:pulumi:dev::trial::pulumi:providers:gcp::ours", {}, property_map(settings), b"")
    return [each.reason for each in asyncio.run(GcpProvider().check_config(asked)).failures or ()]


def test_the_providers_own_settings_are_held_to_the_sdk() -> None:
    assert check_config({"project": "p", "batching": '{"enableBatching":false}', "version": "10.2.0"}) == []
    assert check_config({"addPulumiAttributionLabel": "true", "defaultLabels": '{"a":"b"}'}) == []
    (unknown,) = check_config({"colour": "red"})
    assert unknown.startswith("colour\n    got:      a property that the installed SDK does not have")
    (wrong,) = check_config({"batching": '{"enableBatching":"no"}'})
    assert wrong.startswith("batching.enableBatching\n    got:      a text")
