"""A credential's own key, taken from its home before a cut-off and tried again afterwards; in memory only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Fact
from nhi_components.lifecycle.credentials.ports import Material, Source
from nhi_components.lifecycle.credentials.revoking import until
from nhi_components.lifecycle.credentials.wanted import Tools, Wanted
from nhi_components.lifecycle.ports import Canary, CutOff

_TRIED_FOR = 15.0
"""Seconds that a key may still be let in after it was disabled before it is said to work; IAM needs some."""


@dataclass(frozen=True, slots=True)
class KeyInHand:
    """A key that worked."""

    source: Source = field(repr=False)
    material: Material = field(repr=False)
    tools: Tools = field(repr=False)

    def refused_at(self) -> datetime | None:
        """Try it until it is refused, and tell when; None while it works."""
        if until(lambda: not self.source.works(self.material), _TRIED_FOR, self.tools.sleep):
            return self.tools.clock()
        return None


def take_key(wanted: Wanted, tools: Tools) -> Canary | str:
    """Read the current key from its home and use it once; or tell why it can't be tried later."""
    source = wanted.source(tools)
    try:
        material = wanted.home(tools).read()
        if material is None:
            return "its home holds no key"
        if not source.works(material):
            return "it did not work before the cut-off"
    except NhiError as failure:
        return f"it could not be tried before the cut-off: {failure}"
    link = wanted.spec.source.key_link(material.key_id)
    return Canary(link, tools.clock(), KeyInHand(source, material, tools))


def cut_off_of(canary: Canary, disabled_at: datetime, refused_at: Fact) -> CutOff:
    """Tell of a key what cutting it off did."""
    return CutOff(canary.link, disabled_at, refused_at, canary=canary)
