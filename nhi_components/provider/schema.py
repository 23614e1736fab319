"""The version of what Lease, Seal and Credential keep in a stack's state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nhi_components.core.errors import NhiError, Problem
from nhi_components.version import VERSION

SCHEMA_VERSION = 3
"""3 since there are credentials, which a release before would forget at a destroy. 2 since a lease and a seal have a
state, and identities fields that release 0.1.0, which wrote 1, would refuse.

A newer release must be able to destroy what every older one made; tests/fixtures/states keeps a state of each, and of
each schema, for who tracks what is not released yet."""


class StateTooNew(NhiError):
    """A state was written by a newer release, which may keep things in it that this one would lose."""


def readable(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the properties of a resource of ours as the state has them, when this release can read them.

    Raises:
        StateTooNew: when a newer release wrote them.
    """
    version = properties.get("schemaVersion", SCHEMA_VERSION)
    if version in range(1, SCHEMA_VERSION + 1):
        return properties
    raise StateTooNew(
        str(
            Problem(
                f"state of {properties.get('leaseId', 'a lease')}",
                f"schemaVersion {version}",
                f"at most {SCHEMA_VERSION}, which nhi_components {VERSION} can read",
                "install the release that wrote it, or a newer one, and run `nhi plugin install`; nothing was changed",
            )
        )
    )
