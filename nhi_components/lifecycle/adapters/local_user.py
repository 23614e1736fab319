"""Who runs this, for people; a container may run under a number that no name belongs to."""

from __future__ import annotations

import getpass
import os


def local_user() -> str:
    """Name the user that this runs as, or its number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "an unknown user"
