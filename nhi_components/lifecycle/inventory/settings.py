"""Where the inventory is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from platformdirs import user_state_path

VARIABLE: Final = "NHI_INVENTORY"
"""Overrides where it is; may hold a password, so that no command line has to."""


def place_of_inventory(told: str | None, environment: Mapping[str, str]) -> str:
    """Tell where the inventory is: as told, else as NHI_INVENTORY says, else in the user's state directory.

    Args:
        told: a file, or a URL of SQLAlchemy.
        environment: the process's.
    """
    default = user_state_path("nhi-components", appauthor=False) / "inventory.db"
    return told or environment.get(VARIABLE) or str(default)
