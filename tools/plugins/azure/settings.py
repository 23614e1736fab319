"""How the plugins for Azure are configured: by the settings and the environment of the real providers.

An address is never named by itself: `ARM_METADATA_HOSTNAME` names a host whose metadata tell where Azure Resource
Manager, Entra and Microsoft Graph are, as for Azure Stack. So that is the double, and there is no other way in.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from nhi_components.core.errors import Problem
from tools.plugins.resource import PluginError, Properties
from tools.plugins.rest import is_loopback, send

_METADATA = "/metadata/endpoints"
_METADATA_VERSION = "2022-09-01"
HOST, SUBSCRIPTION = "ARM_METADATA_HOSTNAME", "ARM_SUBSCRIPTION_ID"
TENANT, CLIENT, SECRET = "ARM_TENANT_ID", "ARM_CLIENT_ID", "ARM_CLIENT_SECRET"
USE_OIDC, OIDC_TOKEN, OIDC_FILE = "ARM_USE_OIDC", "ARM_OIDC_TOKEN", "ARM_OIDC_TOKEN_FILE_PATH"


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration.

    Attributes:
        host: whose metadata tell the addresses: a host on loopback with its port.
        tenant: the tenant's id.
        client: the client id of who speaks.
        secret: a client secret; empty for none.
        assertion: a token of an issuer whom the client trusts; empty for none.
        subscription: the subscription's id; empty for Microsoft Graph.
        location: where a resource lies that names none; empty: where its resource group does.
    """

    host: str
    tenant: str
    client: str
    secret: str = field(repr=False)
    assertion: str = field(repr=False)
    subscription: str
    location: str


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses on loopback, without a slash at their ends.

    Attributes:
        manager: of Azure Resource Manager.
        login: of Entra.
        graph: of Microsoft Graph.
    """

    manager: str
    login: str
    graph: str


def read_settings(
    package: str, given: Properties, environment: Mapping[str, str] = os.environ, *, subscribed: bool = True
) -> Settings:
    """Read settings and environment.

    Args:
        package: `azure-native` or `azuread`.
        given: the provider's settings.
        environment: variables.
        subscribed: whether a subscription is needed.

    Raises:
        PluginError: something is missing, all of it at once, or the host is not on loopback.
    """

    def told(name: str, variable: str) -> str:
        return str(given.get(name) or environment.get(variable, ""))

    host, use_oidc = told("metadataHost", HOST), told("useOidc", USE_OIDC).lower() == "true"
    assertion = _assertion(told("oidcToken", OIDC_TOKEN), told("oidcTokenFilePath", OIDC_FILE)) if use_oidc else ""
    settings = Settings(
        host=host,
        tenant=told("tenantId", TENANT),
        client=told("clientId", CLIENT),
        secret=told("clientSecret", SECRET),
        assertion=assertion,
        subscription=told("subscriptionId", SUBSCRIPTION) if subscribed else "",
        location=str(given.get("location") or ""),
    )
    if problems := _problems(package, settings, subscribed=subscribed):
        raise PluginError("\n".join(map(str, problems)))
    return settings


def _problems(package: str, settings: Settings, *, subscribed: bool) -> list[Problem]:
    here = "a host on loopback: this is a stand-in for tests"
    named = {"tenantId": (settings.tenant, TENANT), "clientId": (settings.client, CLIENT)}
    if subscribed:
        named["subscriptionId"] = settings.subscription, SUBSCRIPTION
    wrong = [
        Problem(f"{package}:{name}", "nothing", "what the double knows", f"set {package}:{name} or {variable}")
        for name, (value, variable) in named.items()
        if not value
    ]
    if not (settings.secret or settings.assertion):
        fix = f"set {SECRET}, or {USE_OIDC} and {OIDC_TOKEN}"
        wrong.append(Problem(f"{package}:clientSecret", "no credential", "a secret or a token", fix))
    if not is_loopback(f"https://{settings.host}", "https"):
        got = settings.host or "nothing, so https://management.azure.com"
        wrong.append(Problem(f"{package}:metadataHost", got, here, f"set {HOST} to the host and port of a double"))
    return wrong


def find_endpoints(settings: Settings) -> Endpoints:
    """Ask the host where everything is.

    Raises:
        PluginError: it does not answer, or what it names is not on loopback.
    """
    url = f"https://{settings.host}{_METADATA}"
    reply = send("GET", url, query={"api-version": _METADATA_VERSION}, headers={})
    if reply.status != HTTPStatus.OK:
        raise PluginError(f"performing request: expected 200 OK but got {reply.status} from {url}")
    told = reply.body
    found = Endpoints(
        manager=str(told.get("resourceManager", "")).rstrip("/"),
        login=str((told.get("authentication") or {}).get("loginEndpoint", "")).rstrip("/"),
        graph=str(told.get("microsoftGraphResourceId", "")).rstrip("/"),
    )
    for address in (found.manager, found.login, found.graph):
        if not is_loopback(address, "https"):
            expected = "addresses on loopback: this is a stand-in for tests"
            raise PluginError(str(Problem(url, address or "no address", expected, "name the host of a double")))
    return found


def environment_for(url: str, variables: Mapping[str, str], subscription: str) -> dict[str, str]:
    """Variables by which these plugins, and Pulumi's own as well, speak to a double instead of to Azure.

    Args:
        url: the double's, without a slash at its end.
        variables: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET of who speaks.
        subscription: its id.
    """
    spoken = {f"ARM_{name.removeprefix('AZURE_')}": value for name, value in variables.items()}
    return {**spoken, HOST: urlsplit(url).netloc, SUBSCRIPTION: subscription}


def _assertion(token: str, file: str) -> str:
    if token or not file:
        return token
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise PluginError(f"failed to read OIDC token from {file}: {error.strerror}") from None
