"""The provider: what it serves, and how it is connected."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from types import MappingProxyType

from tools.plugins.gcp.accounts import ACCOUNT
from tools.plugins.gcp.bigquery import DATASET, TABLE
from tools.plugins.gcp.google import Google
from tools.plugins.gcp.keys import CRYPTO_KEY, KEY_RING
from tools.plugins.gcp.members import MEMBERS
from tools.plugins.gcp.resources import (
    POOL,
    POOL_PROVIDER,
    REPOSITORY,
    RUN_SERVICE,
    SECRET,
    SUBSCRIPTION,
    TOPIC,
)
from tools.plugins.gcp.roles import CUSTOM_ROLE
from tools.plugins.gcp.settings import read_settings
from tools.plugins.gcp.storage import BUCKET
from tools.plugins.provider import PluginProvider
from tools.plugins.resource import Properties, Resource

PACKAGE = "gcp"
VERSION = version("pulumi-gcp")

RESOURCES: Mapping[str, Resource[Google]] = MappingProxyType(
    {
        each.token: each
        for each in (
            ACCOUNT,
            CUSTOM_ROLE,
            POOL,
            POOL_PROVIDER,
            SECRET,
            TOPIC,
            SUBSCRIPTION,
            BUCKET,
            DATASET,
            TABLE,
            KEY_RING,
            CRYPTO_KEY,
            RUN_SERVICE,
            REPOSITORY,
            *MEMBERS,
        )
    }
)


class GcpProvider(PluginProvider[Google]):
    """Serves `gcp` from a double on loopback."""

    def __init__(self) -> None:
        super().__init__(PACKAGE, VERSION, RESOURCES)

    def connect(self, settings: Properties) -> Google:
        """Read settings and environment."""
        return Google(read_settings(settings))
