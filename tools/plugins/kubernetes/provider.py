"""The provider: what it serves, and how it is connected."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

from pulumi.provider.experimental import provider as rpc

from nhi_components.provider.values import plain_map
from tools.plugins.kubernetes.cluster import Cluster
from tools.plugins.kubernetes.objects import OBJECTS
from tools.plugins.kubernetes.settings import read_settings
from tools.plugins.provider import PluginProvider
from tools.plugins.resource import Properties, Resource

PACKAGE = "kubernetes"
VERSION = version("pulumi-kubernetes")
RESOURCES: Mapping[str, Resource[Cluster]] = MappingProxyType({each.token: each for each in OBJECTS})


class KubernetesProvider(PluginProvider[Cluster]):
    """Serves `kubernetes` from a double on loopback."""

    def __init__(self) -> None:
        super().__init__(PACKAGE, VERSION, RESOURCES)

    def connect(self, settings: Properties) -> Cluster:
        """Read settings and kubeconfig."""
        return Cluster(read_settings(settings))

    async def diff(self, request: rpc.DiffRequest) -> rpc.DiffResponse:
        """An object of another name or namespace is another one; one that keeps its name has to go first."""
        found = await super().diff(request)
        before, now = (_place(plain_map(each)) for each in (request.old_state, request.new_inputs))
        moved = any(old != new for old, new in zip(before, now, strict=True) if new is not None)
        if moved and "metadata" not in (found.replaces or []):
            found.replaces = [*(found.replaces or []), "metadata"]
            found.detailed_diff = {
                **(found.detailed_diff or {}),
                "metadata": rpc.PropertyDiff(rpc.PropertyDiffKind.UPDATE_REPLACE, input_diff=False),
            }
        found.delete_before_replace = bool(found.replaces) and not moved
        return found


def _place(properties: Mapping[str, Any]) -> tuple[Any, Any]:
    metadata = properties.get("metadata")
    known = metadata if isinstance(metadata, Mapping) else {}
    return known.get("namespace"), known.get("name")
