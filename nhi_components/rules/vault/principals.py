"""Tells whether a bound principal is one, or all of an account.

Source: Vault HTTP API, 'AWS auth method' and 'Google Cloud auth method': where a wildcard may stand.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_WHOLE_ACCOUNT: Final = re.compile(
    r"arn:[^:]*:(iam|sts)::[^:]*:(root|\*|(role|user|assumed-role|instance-profile)?/?\*)"
)


@lru_cache(maxsize=4096)
def names_whole_account(value: str) -> bool:
    """Tell whether a bound value takes in every principal of an account or project, or of all of them."""
    if not value.strip("*/"):
        return True
    if value.startswith("arn:") and "*" in value.split(":")[4:5]:
        return True
    return _WHOLE_ACCOUNT.fullmatch(value) is not None
