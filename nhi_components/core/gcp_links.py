"""Links of Google Cloud: the whole name of each from its identity, its lease's suffix and its attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from nhi_components.core.gcp_names import (
    account_email,
    account_id,
    pool_id,
    pool_name,
    provider_name,
    role_id_of,
    role_name,
    secret_name,
)
from nhi_components.core.links import LinkKind

PROJECT: Final = "project"
"""Attribute: the project that it lies in."""

TOOL: Final = "tool"
"""Attribute of a service account: the one tool of an AI agent that it stands for."""

DIGEST: Final = "digest"
"""Attribute of a custom role: the `role_digest` of its permissions."""

PROVIDER: Final = "provider"
"""Attribute of a workload identity provider: its id."""

POOL: Final = "pool"
"""Attribute of a workload identity provider: the whole name of its pool."""

ACCOUNT: Final = "account"
"""Attribute of a binding or a secret: the e-mail address of the bundle's account that it is about."""

SUSPENDED: Final = "suspended"
"""Attribute of a service account: `true` while the identity is suspended, so that it is to be disabled."""

_Attributes = Mapping[str, str]


def _account(identity: str, environment: str, suffix: str, attributes: _Attributes) -> str:
    return account_email(account_id(identity, environment, suffix, attributes.get(TOOL, "")), attributes[PROJECT])


def _role(identity: str, environment: str, suffix: str, attributes: _Attributes) -> str:
    return role_name(attributes[PROJECT], role_id_of(identity, environment, suffix, attributes.get(DIGEST, "")))


def _pool(identity: str, environment: str, suffix: str, attributes: _Attributes) -> str:
    return pool_name(attributes[PROJECT], pool_id(identity, environment, suffix))


def _provider(identity: str, environment: str, suffix: str, attributes: _Attributes) -> str:
    return provider_name(_pool(identity, environment, suffix, attributes), attributes.get(PROVIDER, ""))


def _secret(identity: str, environment: str, suffix: str, attributes: _Attributes) -> str:
    return secret_name(attributes[PROJECT], f"{identity}-{environment}-{suffix}")


_WHOLE_NAMES: Final[Mapping[LinkKind, Callable[[str, str, str, _Attributes], str]]] = MappingProxyType(
    {
        LinkKind.GCP_SERVICE_ACCOUNT: _account,
        LinkKind.GCP_CUSTOM_ROLE: _role,
        LinkKind.GCP_WORKLOAD_IDENTITY_POOL: _pool,
        LinkKind.GCP_WORKLOAD_IDENTITY_PROVIDER: _provider,
        LinkKind.GCP_SECRET: _secret,
    }
)


def whole_name(
    kind: LinkKind, identity: str, environment: str, lease_id: str, suffix: str, attributes: _Attributes
) -> str | None:
    """The whole name of a link, by which it is known; None where its attributes tell of no project."""
    if PROJECT not in attributes or kind not in _WHOLE_NAMES:
        return None
    return _WHOLE_NAMES[kind](identity, environment, suffix, attributes)
