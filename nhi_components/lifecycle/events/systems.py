"""Which system's records can be read, and by which of its folder's functions."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from nhi_components.core.errors import NhiError
from nhi_components.core.links import System
from nhi_components.lifecycle.events.ports import Reading

RECORDED: Final = (System.AWS, System.KUBERNETES, System.VAULT, System.GCP, System.AZURE, System.GITHUB)
"""The systems whose records tell events."""


def reading_of(system: System) -> Reading:
    """Give the function that tells what a record of a system says.

    Raises:
        NhiError: no records of it are known.
    """
    if system not in RECORDED:
        raise NhiError(f"{system}: its records are not known, expected those of one of {', '.join(RECORDED)}")
    reading: Reading = import_module(f"nhi_components.lifecycle.adapters.{system}.events").told
    return reading
