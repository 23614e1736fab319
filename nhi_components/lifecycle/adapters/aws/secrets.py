"""Secrets Manager secrets: first value, what is alive of them, deletion without recovery."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from nhi_components.core.links import Link
from nhi_components.core.tags import LEASE, LeaseTags, lease_of
from nhi_components.lifecycle.adapters.appearance import appeared
from nhi_components.lifecycle.adapters.aws.errors import ABSENT, absent_is_fine, code_of
from nhi_components.lifecycle.adapters.ownership import refuse_foreign

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

LONGEST_RECOVERY = timedelta(days=30)
"""Source: DeleteSecret API, RecoveryWindowInDays: 7 to 30, 30 by default."""

CURRENT = "AWSCURRENT"
"""The label of the version that readers get."""


@dataclass(frozen=True, slots=True)
class Secret:
    """What a secret is now; never its value.

    Attributes:
        name: its name.
        arn: its ARN, which ends with characters of its own and so is its unique id.
        tags: its tags.
        versions: for each version that bears labels, its labels.
        replicas: the regions that it is copied to.
        deleted_on: AWS's DeletedDate, for one that is scheduled for deletion.
    """

    name: str
    arn: str
    tags: Mapping[str, str]
    versions: Mapping[str, tuple[str, ...]]
    replicas: tuple[str, ...]
    deleted_on: datetime | None

    @property
    def lease(self) -> str | None:
        """The lease that it bears."""
        return lease_of(self.tags)

    @property
    def unique_id(self) -> str:
        """Its ARN."""
        return self.arn

    @property
    def current(self) -> str:
        """The id of the version that readers get; empty when it holds no value."""
        return next((version for version, labels in self.versions.items() if CURRENT in labels), "")

    @property
    def recoverable_until(self) -> datetime | None:
        """Until when it could be restored at most; None when it is not scheduled for deletion.

        AWS tells one date and documents it in two ways: the day of the call (ListSecrets) and the end of the window
        (DescribeSecret). The later reading is taken.
        """
        return self.deleted_on + LONGEST_RECOVERY if self.deleted_on else None


class Secrets:
    """The secrets of one account in one region."""

    def __init__(self, client: SecretsManagerClient) -> None:
        self._client = client

    def find(self, name: str) -> Secret | None:
        """Read what is known of a secret by name or ARN, also while it awaits deletion; None when there is none."""
        try:
            answer = self._client.describe_secret(SecretId=name)
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None
            raise
        return Secret(
            name=answer["Name"],
            arn=answer["ARN"],
            tags={tag["Key"]: tag["Value"] for tag in answer.get("Tags", [])},
            versions={version: tuple(labels) for version, labels in answer.get("VersionIdsToStages", {}).items()},
            replicas=tuple(status["Region"] for status in answer.get("ReplicationStatus", [])),
            deleted_on=answer.get("DeletedDate"),
        )

    def names_of(self, lease_id: str) -> Iterator[str]:
        """List the secrets that bear a lease id, also those scheduled for deletion."""
        # The filters match beginnings, each for itself, so the tags are read again.
        filters = [{"Key": "tag-key", "Values": [LEASE]}, {"Key": "tag-value", "Values": [lease_id]}]
        pages = self._client.get_paginator("list_secrets").paginate(
            Filters=filters,  # type: ignore[arg-type] # the stubs want literals
            IncludePlannedDeletion=True,
        )
        for page in pages:
            for secret in page["SecretList"]:
                if lease_of({tag["Key"]: tag["Value"] for tag in secret.get("Tags", [])}) == lease_id:
                    yield secret["Name"]

    def has_policy(self, secret: Secret) -> bool:
        """Tell whether a secret has a resource policy; one that is scheduled for deletion can't be asked."""
        if secret.deleted_on:
            return False
        try:
            return bool(self._client.get_resource_policy(SecretId=secret.arn).get("ResourcePolicy"))
        except ClientError as error:
            if code_of(error) in ABSENT:
                return False
            raise

    def create(self, name: str, lease: LeaseTags) -> None:
        """Make a secret without a value, marked with a lease; one that somebody makes at the same time is fine."""
        tags = [{"Key": key, "Value": value} for key, value in lease.to_tags().items()]
        with suppress(self._client.exceptions.ResourceExistsException):
            self._client.create_secret(Name=name, Description=lease.purpose, Tags=tags)  # type: ignore[arg-type] # mappings

    def admit(self, lease: LeaseTags, link: Link) -> str:
        """Take a secret into the lease: mark it, give it its first value, learn its ARN."""
        secret = appeared(self._find_undeleted, link)
        refuse_foreign(lease.lease, secret.lease, secret.arn, link)
        if secret.lease is None:
            self._client.tag_resource(
                SecretId=secret.arn, Tags=[{"Key": key, "Value": value} for key, value in lease.to_tags().items()]
            )
        if "generate_bytes" in link.attributes and not secret.current:
            self._put_first_value(secret, lease.lease, int(link.attributes["generate_bytes"]))
        return secret.arn

    def delete(self, link: Link) -> None:
        """Delete a secret with its replicas and without recovery, also one that is scheduled for deletion."""
        secret = self.find(link.unique_id or link.name)
        if secret is None:
            return
        if secret.replicas:
            self._client.remove_regions_from_replication(
                SecretId=secret.arn, RemoveReplicaRegions=list(secret.replicas)
            )
        with absent_is_fine():
            self._client.delete_secret(SecretId=secret.arn, ForceDeleteWithoutRecovery=True)

    def delete_policy(self, name: str) -> None:
        """Delete a secret's resource policy."""
        with absent_is_fine():
            self._client.delete_resource_policy(SecretId=name)

    def _find_undeleted(self, name: str) -> Secret | None:
        secret = self.find(name)
        return secret if secret and not secret.deleted_on else None

    def _put_first_value(self, secret: Secret, lease_id: str, length: int) -> None:
        """Put a random value, once: a repetition after a kill meets its own token and changes nothing."""
        token = hashlib.sha256(f"first value\0{lease_id}\0{secret.arn}".encode()).hexdigest()
        try:
            self._client.put_secret_value(
                SecretId=secret.arn, SecretString=secrets.token_urlsafe(length), ClientRequestToken=token
            )
        except self._client.exceptions.ResourceExistsException:
            return
