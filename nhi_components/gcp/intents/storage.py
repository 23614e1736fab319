"""Intents on buckets of Cloud Storage."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.gcp.intents.granting import granted


def read_objects(
    bucket: pulumi.Input[str], *, prefix: str | Sequence[str] | None = None, project: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Read objects whose names are known, every generation that is kept, and their metadata.

    Names can't be listed, and no access list be read; a missing object is answered like a forbidden one unless
    `storage.list_objects` is granted, too. The bucket must have uniform bucket-level access, without which it takes no
    conditional binding.

    Args:
        bucket: the name of a bucket, as its `name` or `id`.
        prefix: only objects whose names begin with it, or with one of them.
        project: the project the bucket lies in, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("storage.read_objects", bucket, prefix=prefix, project=project, label=label)


def write_objects(
    bucket: pulumi.Input[str], *, prefix: str | Sequence[str] | None = None, project: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Write new objects, also by resumable uploads.

    No object that exists can be replaced, deleted or read, no metadata or retention be changed afterwards, and no
    upload be made in parts by the XML API. The bucket must have uniform bucket-level access, without which it takes no
    conditional binding.

    Args:
        bucket: the name of a bucket, as its `name` or `id`.
        prefix: only objects whose names begin with it, or with one of them.
        project: the project the bucket lies in, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("storage.write_objects", bucket, prefix=prefix, project=project, label=label)


def replace_objects(
    bucket: pulumi.Input[str], *, prefix: str | Sequence[str] | None = None, project: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Write objects, new ones and in the place of old ones, and delete them.

    IAM does not tell replacing from deleting. No object can be read, and no access list, metadata, retention or hold be
    changed. The bucket must have uniform bucket-level access, without which it takes no conditional binding.

    Args:
        bucket: the name of a bucket, as its `name` or `id`.
        prefix: only objects whose names begin with it, or with one of them.
        project: the project the bucket lies in, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("storage.replace_objects", bucket, prefix=prefix, project=project, label=label)


def delete_objects(
    bucket: pulumi.Input[str], *, prefix: str | Sequence[str] | None = None, project: str | None = None, label: str = ""
) -> tuple[Grant, ...]:
    """Delete objects, and generations of them.

    No object can be read, written or restored, and no retention or hold be lifted. The bucket must have uniform
    bucket-level access, without which it takes no conditional binding.

    Args:
        bucket: the name of a bucket, as its `name` or `id`.
        prefix: only objects whose names begin with it, or with one of them.
        project: the project the bucket lies in, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("storage.delete_objects", bucket, prefix=prefix, project=project, label=label)


def list_objects(bucket: pulumi.Input[str], *, project: str | None = None, label: str = "") -> tuple[Grant, ...]:
    """List the names and metadata of all objects of a bucket.

    No object can be read, and no access list be shown. Listing can't be narrowed to a prefix: it is asked for on the
    bucket, not on objects. The bucket must have uniform bucket-level access, without which it takes no conditional
    binding.

    Args:
        bucket: the name of a bucket, as its `name` or `id`.
        project: the project the bucket lies in, when it is not that of the identity.
        label: tells it from another one that is known at deployment only, too, and that the same is granted on.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("storage.list_objects", bucket, project=project, label=label)
