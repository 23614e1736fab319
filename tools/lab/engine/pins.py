"""The versions that work together, and why these."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass

ENGINE = "3.220.0"
"""The engine that is installed or built. From 3.230 on, Python policy packs are started by a call to the language host
that the newest host served as a Go module doesn't know; 3.220 starts them by the analyzer script."""

OLDEST_ENGINE = (3, 220, 0)
"""The oldest `pulumi` taken from PATH: the one that the tests run on."""

NEWEST_ENGINE = (4, 0, 0)
"""The first `pulumi` not taken from PATH: a major version may break the protocols between engine, plugins and SDKs."""

LANGUAGE_HOST = "3.76.0"
"""`pulumi-language-python` as a Go module: the last release of the SDK's module that contains it."""


@dataclass(frozen=True, slots=True)
class PluginPin:
    """A provider plugin that programs need.

    Attributes:
        name: the Pulumi package.
        version: that of the Python SDK in requirements.lock; the SDK asks the engine for exactly this plugin.
    """

    name: str
    version: str

    @property
    def folder(self) -> str:
        """Its folder's name in Pulumi's plugin cache."""
        return f"resource-{self.name}-v{self.version}"

    @property
    def executable(self) -> str:
        """Its file's name in that folder."""
        return f"pulumi-resource-{self.name}"


PLUGINS = (PluginPin("vault", "7.14.0"), PluginPin("aws", "7.51.1"))


def platform_key() -> str:
    """The platform that binaries are for, as it enters a cache key."""
    return f"{sys.platform}-{platform.machine().lower()}"
