"""What is built from Go modules when the official engine can't be had: four programs, each cached by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.lab import cache
from tools.lab.engine import pins

SOURCES = Path(__file__).resolve().parents[2] / "engine"
_SDK_VERSION = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"


@dataclass(frozen=True, slots=True)
class GoPart:
    """A program and how to build it.

    Attributes:
        program: the executable's name.
        module: its folder below tools/engine.
        package: the Go package: `.`, or the import path of a tool of the module.
        version_variable: the Go variable that receives the version.
        version: the version it reports.
        shared: further folders below tools/engine whose files are compiled into it.
        scripts: files of the SDK's module, by path in it, that belong beside the program.
        minutes: what the build took on two idle cores with empty caches; shown to people who wait.
    """

    program: str
    module: str
    package: str
    version_variable: str
    version: str
    shared: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    minutes: int = 5

    @property
    def key(self) -> str:
        """The name of its folder in the cache."""
        values = {
            "platform": pins.platform_key(),
            "package": self.package,
            "ldflags": self.ldflags,
            "scripts": " ".join(self.scripts),
        }
        return f"{self.program}-{cache.digest(values, self.inputs(), SOURCES)}"

    @property
    def ldflags(self) -> str:
        """Flags of the linker: no symbol tables, and the version."""
        return f"-s -w -X {self.version_variable}={self.version}"

    def inputs(self) -> Iterator[Path]:
        """The files that decide what is built."""
        for folder in (self.module, *self.shared):
            yield from (path for path in (SOURCES / folder).rglob("*") if path.is_file())


ENGINE_PARTS = (
    GoPart(
        program="pulumi",
        module="cli",
        package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        version_variable=_SDK_VERSION,
        version=f"v{pins.ENGINE}",
        scripts=(
            "python/cmd/pulumi-language-python-exec",
            "python/dist/pulumi-analyzer-policy-python",
            "python/dist/pulumi-resource-pulumi-python",
        ),
    ),
    GoPart(
        program="pulumi-language-python",
        module="language",
        package="github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python",
        version_variable=_SDK_VERSION,
        version=f"v{pins.LANGUAGE_HOST}",
        minutes=2,
    ),
)
"""The engine and its host for Python programs."""

PLUGIN_PARTS = {
    pin: GoPart(
        program=pin.executable,
        module=pin.name,
        package=".",
        version_variable="main.version",
        version=pin.version,
        shared=("bridge",),
    )
    for pin in pins.PLUGINS
}
"""The provider plugins."""
