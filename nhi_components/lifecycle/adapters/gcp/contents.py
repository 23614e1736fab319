"""How a version's content and a claim are written into a secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from nhi_components.core.errors import NhiError
from nhi_components.lifecycle.credentials.ports import Claim, Material

KEY_ID = "key_id"
"""The field of a version's content with the key's id."""

CLAIM = "nhi-claim"
"""The annotation with the claim."""


def content_of(material: Material, where: str) -> bytes:
    """Write a version's content."""
    if material.fields.get(KEY_ID, material.key_id) != material.key_id:
        raise NhiError(
            f"{where}: the credential has a field {KEY_ID} of its own, expected none; fix: rename that field"
        )
    return json.dumps({**material.fields, KEY_ID: material.key_id}, sort_keys=True).encode()


def claim_text(claim: Claim) -> str:
    """Write a claim as the value of its annotation."""
    return json.dumps({"run": claim.run, "who": claim.who, "until": claim.until.isoformat()})


def claim_in(annotations: Mapping[str, str]) -> Claim | None:
    """Read the claim that annotations hold; None when there is none."""
    if CLAIM not in annotations:
        return None
    told = json.loads(annotations[CLAIM])
    return Claim(told["run"], told["who"], datetime.fromisoformat(told["until"]))
