"""Intents on entries of KV version 2."""

from __future__ import annotations

import pulumi

from nhi_components.core.grant import Grant
from nhi_components.vault.intents.granting import granted


def read(path: pulumi.Input[str], mount: str = "secret") -> tuple[Grant, ...]:
    """Read every version of one entry that is there, of KV version 2.

    Nothing can be written, deleted or listed, and the entry's metadata not be read.

    Args:
        path: its path below the mount, without `data/`.
        mount: where the engine is mounted.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("kv.read", path, mount)


def write(path: pulumi.Input[str], mount: str = "secret") -> tuple[Grant, ...]:
    """Write new versions of one entry, of KV version 2, whether it exists or not.

    Nothing can be read, patched, deleted, undeleted, destroyed or listed, and no metadata be changed.

    Args:
        path: its path below the mount, without `data/`.
        mount: where the engine is mounted.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("kv.write", path, mount)


def list(folder: pulumi.Input[str], mount: str = "secret") -> tuple[Grant, ...]:  # noqa: A001 - called as `kv.list`
    """List the names in one folder, of KV version 2.

    No value or metadata can be read, and no folder below be listed.

    Args:
        folder: its path below the mount, without `metadata/`.
        mount: where the engine is mounted.

    Raises:
        SpecError: with everything that is wrong with them.
    """
    return granted("kv.list", folder, mount)
