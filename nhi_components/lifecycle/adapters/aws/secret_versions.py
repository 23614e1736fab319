"""The versions of one Secrets Manager secret: reading the current one, replacing it by comparison, unlabelling others.

A new version is first put under a label of our own, and then made current by UpdateSecretVersionStage, which names the
version that is current now: AWS refuses when another one is (Secrets Manager API, UpdateSecretVersionStage,
RemoveFromVersionId). So of two runs that write at once, one is told.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from nhi_components.lifecycle.adapters.aws.errors import ABSENT, code_of
from nhi_components.lifecycle.adapters.aws.secrets import CURRENT, Secret, Secrets

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

DELIVERED = "nhi-delivered"
"""Our label of the version that was delivered last; it says nothing to readers."""

KEY_ID = "key_id"
"""The member of the JSON object that tells which key it is; it is of the same version as the fields."""


@dataclass(frozen=True, slots=True)
class Content:
    """What one version holds.

    Attributes:
        version: its id.
        key_id: the key; None where people wrote something else.
        fields: what whoever uses the key needs.
    """

    version: str
    key_id: str | None
    fields: Mapping[str, str] = field(repr=False)


class Moved(Exception):
    """Another version became current meanwhile."""


class SecretVersions:
    """The versions of one secret."""

    def __init__(self, client: SecretsManagerClient, arn: str) -> None:
        self._client = client
        self._secrets = Secrets(client)
        self._arn = arn

    def read(self, label: str = CURRENT) -> Content | None:
        """Read the version with a label; None when no version bears it."""
        try:
            answer = self._client.get_secret_value(SecretId=self._arn, VersionStage=label)
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None
            raise
        return _content(answer["VersionId"], answer.get("SecretString", ""))

    def replace(self, secret: Secret, key_id: str, fields: Mapping[str, str]) -> str:
        """Make a version the current one, in place of another, and tell its id.

        A version that a run put before it died, and that holds the same, is taken.

        Args:
            secret: what was found, whose current version holds something else.
            key_id: the key.
            fields: what else it holds.

        Raises:
            Moved: another is current.
        """
        version = self._put_before(secret, key_id, fields)
        if version is None:
            text = json.dumps({**fields, KEY_ID: key_id})
            # The token that makes a repeated request harmless is botocore's own, and becomes the version's id.
            answer = self._client.put_secret_value(SecretId=self._arn, SecretString=text, VersionStages=[DELIVERED])
            version = answer["VersionId"]
            if CURRENT in answer.get("VersionStages", []):
                # AWS makes the very first version current at once.
                return version
        self._promote(version, secret.current)
        return version

    def unlabel(self, versions: Mapping[str, tuple[str, ...]], kept: str) -> None:
        """Take every label off every version but one."""
        for version, labels in versions.items():
            for label in labels if version != kept else ():
                self._move(label, source=version)

    def _put_before(self, secret: Secret, key_id: str, fields: Mapping[str, str]) -> str | None:
        if not any(DELIVERED in labels for version, labels in secret.versions.items() if version != secret.current):
            return None
        found = self.read(DELIVERED)
        same = found and (found.key_id, found.fields) == (key_id, fields)
        return found.version if found and same else None

    def _promote(self, version: str, current: str) -> None:
        try:
            self._move(CURRENT, target=version, source=current)
        except ClientError:
            secret = self._secrets.find(self._arn)
            if secret and secret.current == version:
                # It was moved, and the answer lost: the client has asked again, which AWS refuses.
                return
            if secret is None or secret.current == current:
                raise
            # Nobody shall find under our label what never became current; another run may have taken the label already.
            with suppress(ClientError):
                self._move(DELIVERED, source=version)
            raise Moved from None

    def _move(self, label: str, *, target: str = "", source: str = "") -> None:
        wanted = {"MoveToVersionId": target, "RemoveFromVersionId": source}
        versions = {name: version for name, version in wanted.items() if version}
        self._client.update_secret_version_stage(SecretId=self._arn, VersionStage=label, **versions)


def _content(version: str, text: str) -> Content:
    try:
        held = json.loads(text)
    except ValueError:
        held = None
    if not isinstance(held, dict) or not all(isinstance(value, str) for value in held.values()):
        return Content(version, None, {})
    return Content(version, held.pop(KEY_ID, None), held)
