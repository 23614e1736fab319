"""How the plugin is configured: by the settings and the environment of the real provider."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from nhi_components.core.errors import Problem
from tools.plugins.resource import PluginError, Properties
from tools.plugins.rest import is_loopback

_PROJECT = ("GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT")
_REGION = ("GOOGLE_REGION", "GCLOUD_REGION", "CLOUDSDK_COMPUTE_REGION")
_TOKEN = ("GOOGLE_OAUTH_ACCESS_TOKEN",)


@dataclass(frozen=True, slots=True)
class Service:
    """One of Google's services.

    Attributes:
        settings: the provider's settings that replace its address, the first one that is given.
        address: what they replace.
    """

    settings: tuple[str, ...]
    address: str

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables for the same."""
        spaced = ("".join(f"_{letter}" if letter.isupper() else letter for letter in name) for name in self.settings)
        return tuple(f"GOOGLE_{name}".upper() for name in spaced)


IAM, PROJECTS, SECRETS, PUBSUB, STORAGE = "iam", "projects", "secrets", "pubsub", "storage"
BIGQUERY, KMS, RUN, ARTIFACTS, LOGGING = "bigquery", "kms", "run", "artifacts", "logging"

SERVICES: Mapping[str, Service] = MappingProxyType(
    {
        IAM: Service(("iamBetaCustomEndpoint", "iamCustomEndpoint"), "https://iam.googleapis.com/v1/"),
        PROJECTS: Service(("resourceManagerCustomEndpoint",), "https://cloudresourcemanager.googleapis.com/v1/"),
        SECRETS: Service(("secretManagerCustomEndpoint",), "https://secretmanager.googleapis.com/v1/"),
        PUBSUB: Service(("pubsubCustomEndpoint",), "https://pubsub.googleapis.com/v1/"),
        STORAGE: Service(("storageCustomEndpoint",), "https://storage.googleapis.com/storage/v1/"),
        BIGQUERY: Service(("bigQueryCustomEndpoint",), "https://bigquery.googleapis.com/bigquery/v2/"),
        KMS: Service(("kmsCustomEndpoint",), "https://cloudkms.googleapis.com/v1/"),
        RUN: Service(("cloudRunV2CustomEndpoint",), "https://run.googleapis.com/v2/"),
        ARTIFACTS: Service(("artifactRegistryCustomEndpoint",), "https://artifactregistry.googleapis.com/v1/"),
        LOGGING: Service(("loggingCustomEndpoint",), "https://logging.googleapis.com/v2/"),
    }
)
"""What the plugin calls. Source: terraform-provider-google 8.0, `product.go` of each service; accounts and roles go to
the address of `iamBetaCustomEndpoint` there, and went to that of `iamCustomEndpoint` before."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration.

    Attributes:
        token: an access token.
        project: where a resource lies that names no project; empty: each has to.
        region: likewise.
        endpoints: addresses on loopback, by service; each ends in a slash.
        labels: what every resource gets that takes labels.
    """

    token: str = field(repr=False)
    project: str
    region: str
    endpoints: Mapping[str, str]
    labels: Mapping[str, str]


def read_settings(given: Properties, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read settings and environment.

    Raises:
        PluginError: there is no token, or an address is not on loopback.
    """
    token = given.get("accessToken") or _first(_TOKEN, environment)
    endpoints = {name: _endpoint(service, given, environment) for name, service in SERVICES.items()}
    wrong = [
        f"{SERVICES[name].settings[0]}={address}"
        for name, address in endpoints.items()
        if address and not (is_loopback(address) and address.endswith("/"))
    ]
    if wrong:
        expected = "http addresses on loopback that end in a slash: this is a stand-in for tests"
        raise PluginError(str(Problem("gcp", ", ".join(wrong), expected, "give the address of a double")))
    if not token:
        fix = f"set gcp:accessToken or {_TOKEN[0]}"
        raise PluginError(str(Problem("gcp", "no access token", "a token that the double knows", fix)))
    return Settings(
        token=token,
        project=given.get("project") or _first(_PROJECT, environment),
        region=given.get("region") or _first(_REGION, environment),
        endpoints={name: address for name, address in endpoints.items() if address},
        labels={**(given.get("defaultLabels") or {}), **_attribution(given)},
    )


def environment_for(url: str, token: str, project: str) -> dict[str, str]:
    """Variables by which this plugin, and Pulumi's own as well, speak to a double instead of to Google.

    Args:
        url: the double's, without a slash at its end.
        token: an access token that it knows.
        project: where a resource lies that names no project.
    """
    paths = {service.variables[0]: urlsplit(service.address).path for service in SERVICES.values()}
    addresses = {variable: f"{url}{path}" for variable, path in paths.items()}
    return {**addresses, _TOKEN[0]: token, _PROJECT[0]: project}


def _attribution(given: Properties) -> dict[str, str]:
    """The label by which Pulumi's provider marks what it has made, unless it is told not to."""
    return {} if given.get("addPulumiAttributionLabel") is False else {"goog-pulumi-provisioned": "true"}


def _endpoint(service: Service, given: Properties, environment: Mapping[str, str]) -> str:
    named = next((given[name] for name in service.settings if given.get(name)), "")
    return named or _first(service.variables, environment)


def _first(variables: tuple[str, ...], environment: Mapping[str, str]) -> str:
    return next((environment[name] for name in variables if environment.get(name)), "")
