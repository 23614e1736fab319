"""Notes and claims on a Secrets Manager secret, kept as tags: of a secret, they alone are written without a value.

A resource has at most 50 tags (Secrets Manager user guide, 'Quotas'): 8 of the lease, 30 notes and a claim fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from nhi_components.lifecycle.credentials.ports import Claim

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

NOTE = "nhi:note:"
CLAIM = "nhi:claim"


class SecretTags:
    """The tags of one secret."""

    def __init__(self, client: SecretsManagerClient, arn: str) -> None:
        self._client = client
        self._arn = arn

    def set(self, tags: Mapping[str, str]) -> None:
        """Set tags, in one step; the others stay."""
        if tags:
            marks = [{"Key": key, "Value": value} for key, value in tags.items()]
            self._client.tag_resource(SecretId=self._arn, Tags=marks)  # type: ignore[arg-type] # mappings are fine

    def remove(self, *keys: str) -> None:
        """Remove tags; those that are not there are fine."""
        if keys:
            self._client.untag_resource(SecretId=self._arn, TagKeys=list(keys))

    def replace_notes(self, tags: Mapping[str, str], notes: Mapping[str, str]) -> None:
        """Replace all notes, in one step: those that go are emptied together with the others' writing, then removed.

        Args:
            tags: the tags that are there now.
            notes: the notes to be.
        """
        wanted = {NOTE + key: value for key, value in notes.items()}
        gone = [key for key in tags if key.startswith(NOTE) and key not in wanted]
        self.set({key: value for key, value in {**wanted, **dict.fromkeys(gone, "")}.items() if tags.get(key) != value})
        self.remove(*gone)


def notes_of(tags: Mapping[str, str]) -> dict[str, str]:
    """Read the notes; one that is empty is being removed."""
    return {key.removeprefix(NOTE): value for key, value in tags.items() if key.startswith(NOTE) and value}


def write_claim(claim: Claim) -> str:
    """Write a claim as a tag's value."""
    return f"{claim.run} {claim.who} {claim.until.isoformat()}"


def claim_of(tags: Mapping[str, str]) -> Claim | None:
    """Read the claim; None where there is none, or people made something else of it."""
    parts = tags.get(CLAIM, "").split(" ")
    if len(parts) != len(("run", "who", "until")):
        return None
    run, who, until = parts
    try:
        return Claim(run, who, datetime.fromisoformat(until))
    except ValueError:
        return None
