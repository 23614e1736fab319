"""Tells whether the parameters that a path rule allows limit what can be written.

Source: Vault documentation, 'Policies: Parameter constraints'.
"""

from __future__ import annotations

from typing import Final

from nhi_components.facts.vault.hcl import Body

_NAME_POLICIES: Final = frozenset({"policies", "token_policies", "identity_policies", "allowed_policies", "policy"})
_ANY: Final = frozenset({"", "*", "root"})


def is_narrowed(body: Body) -> bool:
    """Tell whether `allowed_parameters` lists what may be written, and every policy that it allows by name."""
    for item in body:
        if item.keys == ("allowed_parameters",) and isinstance(item.value, Body) and item.value:
            return all(_is_limited(" ".join(member.keys), member.value) for member in item.value)
    return False


def _is_limited(name: str, values: object) -> bool:
    if name == "*":
        return False
    if name not in _NAME_POLICIES:
        return True
    texts = [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
    return bool(texts) and not any(text in _ANY or "*" in text for text in texts)
