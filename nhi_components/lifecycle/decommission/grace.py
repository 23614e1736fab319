"""How long an identity stays disabled before it is deleted: the grace of the template of its kind, 7 to 30 days."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from nhi_components.core.identity import Kind
from nhi_components.core.links import LinkKind
from nhi_components.lifecycle.decommission.ports import Target
from nhi_components.templates import Template

SHORTEST_DAYS: Final = 7
LONGEST_DAYS: Final = 30

_KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "deploy-key": Kind.API_KEY,
        "github-app-installation": Kind.THIRD_PARTY,
        "personal-access-token": Kind.API_KEY,
        "repository-workflows": Kind.PIPELINE,
        LinkKind.IAM_ROLE: Kind.WORKLOAD,
        LinkKind.AZURE_MANAGED_IDENTITY: Kind.WORKLOAD,
        LinkKind.KUBERNETES_SERVICE_ACCOUNT: Kind.WORKLOAD,
        LinkKind.VAULT_TOKEN: Kind.API_KEY,
    }
)
"""What identities of a system's kind are for most of the time; others are taken for service accounts, which have the
longest grace."""


def kind_of(target: Target) -> Kind:
    """Tell which template an identity goes by."""
    return _KINDS.get(target.kind, Kind.SERVICE_ACCOUNT)


def grace_days_of(target: Target, templates: Mapping[Kind, Template]) -> int:
    """Tell how many days an identity stays disabled."""
    return min(max(templates[kind_of(target)].grace_days, SHORTEST_DAYS), LONGEST_DAYS)
