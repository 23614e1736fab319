"""Intents on buckets of Amazon S3."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from nhi_components.aws.intents.granting import granted
from nhi_components.core.grant import Grant


def read_objects(bucket: pulumi.Input[str], *, prefix: str | Sequence[str] = "") -> tuple[Grant, ...]:
    """Read the current version of objects whose keys are known.

    Keys can't be listed, and earlier versions, tags and access lists not be read; a missing key is answered like a
    forbidden one unless `s3.list_objects` is granted, too. Objects encrypted with a key of one's own also need
    `kms.decrypt` on that key.

    Args:
        bucket: the ARN of a bucket.
        prefix: only keys that begin with it, or with one of them.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("s3.read_objects", bucket, prefix=prefix)


def write_objects(bucket: pulumi.Input[str], *, prefix: str | Sequence[str] = "") -> tuple[Grant, ...]:
    """Write objects, also in several parts, and abort such uploads; an existing object is overwritten.

    No object can be read or deleted, and no access list, tag, retention or legal hold be set. A key of one's own also
    needs `kms.encrypt` on it, and `kms.decrypt` for uploads in several parts.

    Args:
        bucket: the ARN of a bucket.
        prefix: only keys that begin with it, or with one of them.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("s3.write_objects", bucket, prefix=prefix)


def delete_objects(bucket: pulumi.Input[str], *, prefix: str | Sequence[str] = "") -> tuple[Grant, ...]:
    """Delete objects; in a bucket with versioning this hides them and keeps every version.

    No version can be deleted for good, and no object be read or written.

    Args:
        bucket: the ARN of a bucket.
        prefix: only keys that begin with it, or with one of them.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("s3.delete_objects", bucket, prefix=prefix)


def list_objects(bucket: pulumi.Input[str], *, prefix: str | Sequence[str] = "") -> tuple[Grant, ...]:
    """List the keys of a bucket; with a prefix, only in requests that name that prefix or a longer one.

    No object can be read, and neither versions nor unfinished uploads be listed.

    Args:
        bucket: the ARN of a bucket.
        prefix: only keys that begin with it, or with one of them.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("s3.list_objects", bucket, prefix=prefix)
