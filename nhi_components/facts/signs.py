"""Tells by cheap signs whether something that no reader knows looks like a grant, so that it isn't passed over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_SIGNS: Final = (
    ("statement", "effect"),  # AWS
    ("includedpermissions",),  # GCP, a role
    ("bindings", "roles/"),  # GCP, a policy
    ("assignablescopes",),  # Azure, a role definition
    ("roledefinitionid",),  # Azure, a role assignment
    ("rbac.authorization.k8s.io",),
    ("planned_values", "root_module"),
    ("resource_changes", "after_unknown"),
    ('"deployment"', '"urn:pulumi:'),
)
"""Texts in lower case that stand together in one kind of grant, plan or stack."""

_VAULT_PATH: Final = re.compile(r'\bpath\s+"[^"\n]*"\s*\{')
_MEMBERS: Final = frozenset(
    {"member", "members", "principal", "principal_id", "principal_arn", "principals", "subject", "grantee", "user"}
)
_ROLES: Final = frozenset({"role", "role_id", "role_name", "role_definition_id", "role_definition_name", "privileges"})


def text_looks_like_grant(text: str) -> bool:
    """Tell whether a text has the marks of a policy, role, binding, plan or stack; linear in its length."""
    lowered = text.lower()
    if any(all(part in lowered for part in sign) for sign in _SIGNS):
        return True
    return "capabilities" in lowered and _VAULT_PATH.search(text) is not None


def place_that_looks_like_grant(value: Any) -> str | None:
    """Find what looks like a grant inside plain data; the place, or None. Nothing recurses."""
    pending: list[tuple[str, Any]] = [("", value)]
    while pending:
        path, current = pending.pop()
        if isinstance(current, str):
            if text_looks_like_grant(current):
                return path
        elif isinstance(current, Mapping):
            if "Statement" in current or (_MEMBERS & current.keys() and _ROLES & current.keys()):
                return path
            pending += [(f"{path}.{key}" if path else str(key), member) for key, member in current.items()]
        elif isinstance(current, list):
            pending += [(f"{path}[{index}]", member) for index, member in enumerate(current)]
    return None
