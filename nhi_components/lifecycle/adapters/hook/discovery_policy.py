"""What a hook must let discovery ask: the actions of the protocol, as a web hook may tie them to a token."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Final


class Asked(StrEnum):
    """What a hook is asked that answers discovery."""

    PLACE = "discover.place"
    SECTIONS = "discover.sections"
    PAGE = "discover.page"


SECTIONS: Final = (str(Asked.SECTIONS), str(Asked.PLACE))
PAGES: Final = (str(Asked.PAGE), str(Asked.PLACE))


def policy() -> str:
    """Write the actions as JSON; none of them may change anything, and what they read is the hook's own to name."""
    return json.dumps({"version": 1, "actions": sorted({*SECTIONS, *PAGES})}, indent=2)
