"""How a version's content is written into a secret."""

from __future__ import annotations

import json

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.credentials.ports import Material

KEY_ID = "key_id"
"""The field of a version's content with the key's id."""


def content_of(material: Material, where: str) -> bytes:
    """Write a version's content."""
    if material.fields.get(KEY_ID, material.key_id) != material.key_id:
        raise NhiError(
            f"{where}: the credential has a field {KEY_ID} of its own, expected none; fix: rename that field"
        )
    return json.dumps({**material.fields, KEY_ID: material.key_id}, sort_keys=True).encode()
