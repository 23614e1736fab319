"""The plugins for Azure take the real providers' settings and environment, and speak to doubles on loopback alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi.provider.experimental import provider as rpc

from nhi_components.provider.values import property_map
from tests.unit.plugins.azure_engines import azure
from tools.doubles.azure import AzureDouble
from tools.doubles.azure.subscriptions import SUBSCRIPTION
from tools.doubles.server import HttpDouble, Request, route
from tools.doubles.tls import server_context, write_authority
from tools.plugins.azure.arm import AUDIENCE
from tools.plugins.azure.provider import AzureProvider
from tools.plugins.azure.settings import HOST, Settings, environment_for, find_endpoints, read_settings
from tools.plugins.azure.tokens import Tokens
from tools.plugins.azuread.provider import AzureadProvider
from tools.plugins.resource import PluginError
from tools.plugins.rest import is_loopback, send

SPOKEN = {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s3cr3t"}
HERE = environment_for("https://127.0.0.1:9", SPOKEN, "s")


def test_who_speaks_and_to_whom_comes_from_the_environment_and_a_setting_goes_before_it() -> None:
    settings = read_settings("azure-native", {}, HERE)
    assert (settings.host, settings.tenant, settings.client, settings.secret) == ("127.0.0.1:9", "t", "c", "s3cr3t")
    assert (settings.subscription, settings.location) == ("s", "")
    given = {"tenantId": "t2", "subscriptionId": "s2", "location": "westeurope", "metadataHost": "localhost:8"}
    settings = read_settings("azure-native", given, HERE)
    assert (settings.host, settings.tenant, settings.client) == ("localhost:8", "t2", "c")
    assert (settings.subscription, settings.location) == ("s2", "westeurope")
    assert "s3cr3t" not in repr(settings)


def test_all_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(PluginError) as failed:
        read_settings("azure-native", {}, {})
    told = str(failed.value)
    for name in ("tenantId", "clientId", "subscriptionId", "clientSecret", "metadataHost"):
        assert f"azure-native:{name}" in told
    assert "nothing, so https://management.azure.com" in told
    with pytest.raises(PluginError) as failed:
        read_settings("azuread", {}, {}, subscribed=False)
    assert "subscriptionId" not in str(failed.value)


@pytest.mark.parametrize("host", ["management.azure.com", "127.0.0.1.example.com", "10.0.0.1:8", "user@example.com"])
def test_a_host_elsewhere_is_refused_before_anything_is_sent(host: str) -> None:
    with pytest.raises(PluginError, match="stand-in for tests"):
        read_settings("azure-native", {}, {**HERE, HOST: host})


@pytest.mark.parametrize(
    ("url", "is_here"),
    [
        ("https://127.0.0.1:1/", True),
        ("https://localhost/", True),
        ("http://127.0.0.1:1/", False),
        ("https://169.254.169.254/", False),
        ("https://127.0.0.1@example.com/", False),
    ],
)
def test_loopback_over_tls_is_told_by_the_address(url: str, *, is_here: bool) -> None:
    assert is_loopback(url, "https") is is_here


class Elsewhere(HttpDouble):
    """A host whose metadata lead away."""

    @route("GET", "/metadata/endpoints", public=True)
    def endpoints(self, request: Request) -> Any:
        login = {"loginEndpoint": self.url, "audiences": [AUDIENCE]}
        return {
            "resourceManager": "https://management.azure.com/",
            "authentication": login,
            "microsoftGraphResourceId": self.url,
        }


def settings_of(host: str, **changed: str) -> Settings:
    given = {"tenant": "t", "client": "c", "secret": "s", "assertion": "", "subscription": "s", "location": ""}
    return Settings(**{"host": host.removeprefix("https://"), **given, **changed})


def test_metadata_that_lead_elsewhere_are_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(write_authority(tmp_path)))
    with Elsewhere(tls=server_context()) as host, pytest.raises(PluginError, match="addresses on loopback"):
        find_endpoints(settings_of(host.url))


def test_a_certificate_that_nobody_vouches_for_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with AzureDouble() as double, pytest.raises(PluginError, match="no answer"):
        send("GET", f"{double.url}/metadata/endpoints", query={}, headers={})


def test_a_token_is_asked_for_once_an_audience_and_a_wrong_secret_is_told_in_entras_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with azure(tmp_path, monkeypatch) as double:
        settings = read_settings("azure-native", {}, environment_for(double.url, double.ambient(), SUBSCRIPTION))
        tokens = Tokens(settings)
        assert tokens.of(AUDIENCE) == tokens.of(AUDIENCE) != tokens.of("https://graph.microsoft.com")
        assert len(double.asked("POST", "/oauth2/v2.0/token")) == 2
        wrong = settings_of(double.url, tenant=settings.tenant, client=settings.client, secret="wr0ng")
        with pytest.raises(PluginError, match="AADSTS7000215: Invalid client secret provided") as failed:
            Tokens(wrong).of(AUDIENCE)
        assert "wr0ng" not in str(failed.value)


def test_a_token_of_an_issuer_that_is_trusted_does_for_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with azure(tmp_path, monkeypatch) as double:
        application = double.applications.make("pipeline")
        issuer = f"{double.url}/{double.entra.tenant}/v2.0"
        identity = double.identities.make("job")
        audience, subject = "api://AzureADTokenExchange", identity["properties"]["principalId"]
        trusted = {"issuer": issuer, "subject": subject, "audiences": [audience]}
        double.federation.put(application["id"], "job", trusted)
        file = tmp_path / "token"
        file.write_text(double.entra.token_for(identity["properties"]["clientId"], audience))
        spoken = {"ARM_TENANT_ID": double.entra.tenant, "ARM_CLIENT_ID": application["appId"]}
        environment = {**spoken, "ARM_SUBSCRIPTION_ID": "s", HOST: double.url.removeprefix("https://")}
        with pytest.raises(PluginError, match="no credential"):
            read_settings("azure-native", {}, environment | {"ARM_OIDC_TOKEN_FILE_PATH": str(file)})
        told = environment | {"ARM_USE_OIDC": "true", "ARM_OIDC_TOKEN_FILE_PATH": str(file)}
        token = Tokens(read_settings("azure-native", {}, told)).of(AUDIENCE)
        assert double.entra.holder_of(token, frozenset({AUDIENCE})) == application["appId"]
        with pytest.raises(PluginError, match="failed to read OIDC token from"):
            read_settings("azure-native", {}, told | {"ARM_OIDC_TOKEN_FILE_PATH": str(tmp_path / "none")})


def problems_of(provider: AzureProvider | AzureadProvider, settings: Mapping[str, Any]) -> list[str]:
    asked = rpc.CheckRequest("urn:pulumi:dev::trial::pulumi:providers:x::ours", {}, property_map(settings), b"")
    return [each.reason for each in asyncio.run(provider.check_config(asked)).failures or ()]


def test_the_providers_own_settings_are_held_to_their_sdks() -> None:
    for provider in (AzureProvider(), AzureadProvider()):
        assert problems_of(provider, {"tenantId": "t", "useOidc": "true", "version": "1"}) == []
        (unknown,) = problems_of(provider, {"colour": "red"})
        assert unknown.startswith("colour\n    got:      a property that the installed SDK does not have")
    assert problems_of(AzureProvider(), {"auxiliaryTenantIds": '["a"]'}) == []
