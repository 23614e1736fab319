"""What conditions of role assignments narrow.

Source: Azure RBAC documentation, 'Delegate Azure access management to others' and 'Azure role assignment condition
format and syntax'.
"""

from __future__ import annotations

import re
from functools import lru_cache

from nhi_components.core.azure_catalogue import OWNER, RBAC_ADMINISTRATOR, USER_ACCESS_ADMINISTRATOR

_CACHED = 1024
_PRIVILEGED = frozenset({OWNER, RBAC_ADMINISTRATOR, USER_ACCESS_ADMINISTRATOR})
_ROLES = re.compile(
    r"@request\s*\[\s*microsoft\.authorization/roleassignments:roledefinitionid\s*\]\s*"
    r"(\w+:)?(guidnotequals|guidequals|stringequals\w*|stringnotequals\w*)\s*(\{[^}]*\}|'[^']*'|[0-9a-f-]{36})"
)
_DATA = re.compile(
    r"@(resource|request|principal)\s*\[\s*microsoft\.(storage|keyvault)/[^\]]*"
    r":(name|path|blobs:path|prefix|tags[^\]]*)(<[^\]]*)?\]\s*(\w+:)?string(equals|like|startswith)\w*"
)


@lru_cache(maxsize=_CACHED)
def narrows_role_assignments(condition: str) -> bool:
    """Tell whether a condition keeps its holder from assigning the roles that rule over all others."""
    found = _ROLES.findall(condition.lower())
    return bool(found) and all(_spares(operator, ids) for _, operator, ids in found)


@lru_cache(maxsize=_CACHED)
def narrows_data(condition: str) -> bool:
    """Tell whether a condition admits only data with a chosen name, path, tag or prefix."""
    return _DATA.search(condition.lower()) is not None


def _spares(operator: str, ids: str) -> bool:
    named = {guid for guid in _PRIVILEGED if guid in ids}
    return named == _PRIVILEGED if "not" in operator else not named
