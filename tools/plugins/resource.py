"""What a plugin has for each type of resource: a few declarations, and the calls that it makes."""

from __future__ import annotations

import random
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from nhi_components.core.errors import NhiError, Problem
from tools.plugins.diffing import is_nothing

Client = TypeVar("Client")
"""What a plugin speaks to its cloud with; the provider makes one of its configuration."""

Properties = Mapping[str, Any]
"""A resource's properties as plain values; `UNKNOWN` stands for what is known only at deployment."""

_NOTHING: Properties = MappingProxyType({})
_HEX_DIGITS = 7


class PluginError(NhiError):
    """An operation failed; the text is for people and is all that the engine shows."""


@dataclass(frozen=True, slots=True)
class AutoName:
    """How a resource is named that is given no name.

    Attributes:
        property: the input that is its name.
        longest: most characters.
        separator: between the resource's name in the program and what makes it unique.
    """

    property: str
    longest: int = 63
    separator: str = "-"

    def make(self, name: str, seed: bytes) -> str:
        """Make a name: that in the program in small letters, and random digits from the engine's seed."""
        digits = random.Random(seed or None).randbytes(_HEX_DIGITS).hex()[:_HEX_DIGITS]  # noqa: S311 - a name
        start = re.sub(r"[^a-z0-9]+", self.separator or "_", name.lower())
        return start[: self.longest - _HEX_DIGITS - len(self.separator)] + self.separator + digits


@dataclass(frozen=True, kw_only=True)
class Resource(ABC, Generic[Client]):
    """One type of resource.

    Attributes:
        token: its type.
        replaces: inputs whose change makes a new resource.
        filled_in: paths of inputs that the service fills in when they are not given.
        defaults: what the real provider takes for an input that is not given.
        auto_name: how it is named when the program does not; None: the program has to, or nothing is to be named.
        patterns: what a text must match in whole, by input.
    """

    token: str
    replaces: frozenset[str] = frozenset()
    filled_in: frozenset[str] = frozenset()
    defaults: Properties = field(default_factory=lambda: _NOTHING)
    auto_name: AutoName | None = None
    patterns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    @abstractmethod
    def served(self) -> frozenset[str]:
        """The inputs that it passes on; any other is refused, and never dropped."""

    def problems(self, inputs: Properties) -> list[Problem]:
        """Judge inputs whose types are right, as the real provider does before it calls anything."""
        beyond = [
            Problem(name, "an input that the test plugin does not pass on", "one that it does", "extend tools/plugins")
            for name in inputs
            if name not in self.served
        ]
        malformed = [
            Problem(name, "a text of another form", f"one that matches {pattern}", "correct it")
            for name, pattern in self.patterns.items()
            if isinstance(inputs.get(name), str) and not re.fullmatch(pattern, inputs[name])
        ]
        return beyond + malformed

    def told_by(self, resource_id: str) -> Properties:
        """Tell the inputs that a resource's id shows, where its outputs do not."""
        return _NOTHING

    def defaults_for(self, client: Client | None, inputs: Properties, olds: Properties) -> Properties:
        """Tell the defaults; those that depend on a configuration, on other inputs or on the inputs before as well."""
        return self.defaults

    def stable(self, olds: Properties) -> Properties:
        """Tell at preview the outputs that an update leaves as they are."""
        return olds

    def says_nothing(self, value: Any) -> bool:
        """Tell whether an input's value is as good as none."""
        return is_nothing(value)

    def same(self, name: str, old: Any, new: Any, client: Client) -> bool:
        """Tell whether two spellings of an input mean the same, beyond being equal."""
        return False

    @abstractmethod
    def foreseen(self, client: Client, inputs: Properties) -> Properties:
        """Tell the outputs beside the inputs that are known before creation."""

    @abstractmethod
    def create(self, client: Client, inputs: Properties) -> tuple[str, Properties]:
        """Create it; its id and its outputs."""

    @abstractmethod
    def read(self, client: Client, resource_id: str, state: Properties) -> Properties | None:
        """Read its outputs; None when it is gone. Without a state it is being imported."""

    @abstractmethod
    def update(self, client: Client, resource_id: str, olds: Properties, news: Properties) -> Properties:
        """Bring it from a state to new inputs; its outputs."""

    @abstractmethod
    def delete(self, client: Client, resource_id: str, state: Properties) -> None:
        """Delete it."""
