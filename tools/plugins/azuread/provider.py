"""The provider: what it serves, and how it is connected."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from types import MappingProxyType

from tools.plugins.azure.settings import read_settings
from tools.plugins.azuread.credentials import CREDENTIAL
from tools.plugins.azuread.graph import Graph
from tools.plugins.azuread.objects import APPLICATION, PRINCIPAL
from tools.plugins.provider import PluginProvider
from tools.plugins.resource import Properties, Resource

PACKAGE = "azuread"
VERSION = version("pulumi-azuread")
RESOURCES: Mapping[str, Resource[Graph]] = MappingProxyType(
    {each.token: each for each in (APPLICATION, PRINCIPAL, CREDENTIAL)}
)


class AzureadProvider(PluginProvider[Graph]):
    """Serves `azuread` from a double on loopback."""

    def __init__(self) -> None:
        super().__init__(PACKAGE, VERSION, RESOURCES)

    def connect(self, settings: Properties) -> Graph:
        """Read settings and environment."""
        return Graph(read_settings(PACKAGE, settings, subscribed=False))
