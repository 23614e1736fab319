"""The provider: what it serves, and how it is connected."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from types import MappingProxyType

from pulumi.provider.experimental import provider as rpc
from pulumi.provider.experimental.property_value import PropertyValue

from nhi_components.provider.values import plain
from tools.plugins.azure.arm import Arm
from tools.plugins.azure.arm_resource import ArmResource
from tools.plugins.azure.identities import IDENTITIES
from tools.plugins.azure.services import SERVICES
from tools.plugins.azure.settings import read_settings
from tools.plugins.provider import DEFAULTS, PluginProvider
from tools.plugins.resource import Properties

PACKAGE = "azure-native"
VERSION = version("pulumi-azure-native")
RESOURCES: Mapping[str, ArmResource] = MappingProxyType({each.token: each for each in (*IDENTITIES, *SERVICES)})


class AzureProvider(PluginProvider[Arm]):
    """Serves `azure-native` from a double on loopback."""

    def __init__(self) -> None:
        super().__init__(PACKAGE, VERSION, RESOURCES)

    def connect(self, settings: Properties) -> Arm:
        """Read settings and environment."""
        return Arm(read_settings(PACKAGE, settings))

    async def diff(self, request: rpc.DiffRequest) -> rpc.DiffResponse:
        """What the program has named goes before what takes its place, whether that bears the same name or not."""
        found = await super().diff(request)
        resource, _ = self._known(request.urn)
        given = plain(request.new_inputs.get(DEFAULTS, PropertyValue([])))
        is_named = resource.auto_name is None or resource.auto_name.property not in given
        found.delete_before_replace = bool(found.replaces) and is_named
        return found
