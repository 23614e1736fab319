"""Links of Kubernetes: the attributes by which an adapter finds what they name; a name is `NAMESPACE/NAME`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nhi_components.core.links import LinkKind

NAMESPACE: Final = "namespace"
"""Attribute: the namespace that it lies in."""

ACCOUNT: Final = "service_account"
"""Attribute of a role binding or a subject: the service account that it is about, `NAMESPACE/NAME`."""

ROLE: Final = "role"
"""Attribute of a role binding: the name of the role that it binds, which lies in the same namespace."""

AUDIENCES: Final = "audiences"
"""Attribute of a service account: for whom its tokens are made out besides the API server, joined by `, `."""

CLUSTER_WIDE: Final = "cluster"
"""Attribute of a subject: `true` when the binding that names it is one of the whole cluster."""

_NAMED_IN_A_NAMESPACE: Final = frozenset(
    {LinkKind.KUBERNETES_SERVICE_ACCOUNT, LinkKind.KUBERNETES_ROLE, LinkKind.KUBERNETES_ROLE_BINDING}
)


def whole_name(
    kind: LinkKind, identity: str, environment: str, lease_id: str, suffix: str, attributes: Mapping[str, str]
) -> str | None:
    """The whole name of a link, by which it is known; None where its attributes tell of no namespace."""
    if NAMESPACE not in attributes or kind not in _NAMED_IN_A_NAMESPACE:
        return None
    return object_name(attributes[NAMESPACE], f"{identity}-{environment}-{suffix}")


def object_name(namespace: str, name: str) -> str:
    """Name a link: namespace and name."""
    return f"{namespace}/{name}"


def subject_of(account: str) -> str:
    """Tell the user that the API server takes a service account for, `system:serviceaccount:NAMESPACE:NAME`.

    Args:
        account: `NAMESPACE/NAME`.
    """
    return f"system:serviceaccount:{account.replace('/', ':', 1)}"
