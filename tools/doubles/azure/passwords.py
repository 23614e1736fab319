"""Client secrets of applications and of service principals, which both may have some.

Source: Microsoft Graph reference, 'application: addPassword', 'servicePrincipal: addPassword', 'passwordCredential
resource type'.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from tools.doubles.azure import graph

_TWO_YEARS: Final = timedelta(days=730)


def add(facts: dict[str, Any], now: datetime, name: str | None, ends: str | None = None) -> dict[str, Any]:
    """Add a secret; the answer is the only one that shows its value."""
    value = secrets.token_urlsafe(30)
    credential = {
        "customKeyIdentifier": None,
        "displayName": name,
        "keyId": str(uuid4()),
        "hint": value[:3],
        "secretText": value,
        "startDateTime": stamp(now),
        "endDateTime": ends or stamp(now + _TWO_YEARS),
    }
    facts["passwordCredentials"].append(credential)
    return credential


def add_asked(facts: dict[str, Any], now: datetime, body: Mapping[str, Any]) -> dict[str, Any]:
    """Add the secret that is asked for."""
    asked = body.get("passwordCredential", {})
    ends = asked.get("endDateTime")
    if ends and datetime.fromisoformat(ends) <= now:
        raise graph.bad("The end date of a credential has passed.")
    return add(facts, now, asked.get("displayName"), ends)


def remove(facts: dict[str, Any], key_id: str | None) -> None:
    """Remove a secret."""
    kept = [each for each in facts["passwordCredentials"] if each["keyId"] != key_id]
    if len(kept) == len(facts["passwordCredentials"]):
        raise graph.bad(f"No password credential found with keyId '{key_id}'.")
    facts["passwordCredentials"] = kept


def shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What Graph shows of whom the secrets are of."""
    hidden = [{**each, "secretText": None} for each in facts["passwordCredentials"]]
    return {**facts, "passwordCredentials": hidden}


def stamp(moment: datetime) -> str:
    """A moment as Graph writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
