"""The api-versions that resource types take, of those that clients use: azure-native's and azure-mgmt-*'s.

Sources: the SDK of pulumi-azure-native 3.29.0 ('Uses Azure REST API version', 'Other available API versions'); azure-
mgmt-authorization 4.0.0 and azure-mgmt-msi 7.1.0. The first of each is azure-native's default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_IDENTITY = ("2023-01-31", "2018-11-30", "2022-01-31-preview", "2023-07-31-preview", "2024-11-30", "2025-01-31-preview")
_VAULT = ("2024-11-01", "2023-02-01", "2023-07-01", "2024-04-01-preview", "2024-12-01-preview", "2025-05-01")
_STORAGE = ("2024-01-01", "2022-09-01", "2023-01-01", "2023-04-01", "2023-05-01", "2025-01-01", "2025-06-01")
_BUS = ("2026-01-01", "2021-11-01", "2022-01-01-preview", "2022-10-01-preview", "2023-01-01-preview", "2024-01-01")
_HUBS = ("2024-01-01", "2021-11-01", "2022-01-01-preview", "2022-10-01-preview", "2023-01-01-preview", "2026-01-01")
_COSMOS = ("2025-10-15", "2023-11-15", "2024-05-15", "2024-08-15", "2024-11-15", "2025-04-15")
_SQL = ("2023-08-01", "2021-11-01", "2022-05-01-preview", "2023-05-01-preview", "2024-05-01-preview", "2025-01-01")
_REGISTRY = ("2023-01-01-preview", "2022-12-01", "2023-07-01", "2023-11-01-preview", "2025-04-01", "2025-11-01")
_WORKLOADS = {
    "Microsoft.App": ("2025-01-01", "2024-03-01"),
    "Microsoft.Automation": ("2024-10-23", "2023-11-01"),
    "Microsoft.Compute": ("2024-11-01", "2024-07-01"),
    "Microsoft.ContainerInstance": ("2024-05-01-preview", "2023-05-01"),
    "Microsoft.ContainerService": ("2024-10-01", "2024-09-01"),
    "Microsoft.DataFactory": ("2018-06-01",),
    "Microsoft.Logic": ("2019-05-01",),
    "Microsoft.Web": ("2024-04-01", "2023-12-01"),
}
_GROUPS = ("2024-03-01", "2020-10-01", "2021-04-01", "2022-09-01", "2023-07-01", "2024-07-01", "2024-11-01")

VERSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "Microsoft.Resources": (
        *_GROUPS,
        "2016-06-01",
        "2020-01-01",
        "2021-01-01",
        "2022-12-01",
        "2025-03-01",
        "2025-04-01",
    ),
    "Microsoft.Authorization/roleAssignments": (
        "2022-04-01",
        "2020-04-01-preview",
        "2020-08-01-preview",
        "2020-10-01-preview",
    ),
    "Microsoft.Authorization/roleDefinitions": ("2022-05-01-preview", "2018-01-01-preview", "2022-04-01"),
    "Microsoft.Authorization": ("2022-04-01",),
    "Microsoft.ManagedIdentity": _IDENTITY,
    "Microsoft.Management": ("2023-04-01", "2020-05-01"),
    "Microsoft.KeyVault": _VAULT,
    "Microsoft.Storage": _STORAGE,
    "Microsoft.ServiceBus": _BUS,
    "Microsoft.EventHub": _HUBS,
    "Microsoft.DocumentDB": _COSMOS,
    "Microsoft.Sql": _SQL,
    "Microsoft.ContainerRegistry": _REGISTRY,
    **_WORKLOADS,
}


def versions_of(type_: str) -> tuple[str, ...]:
    """The versions of a resource type, newest last."""
    namespace = type_.partition("/")[0]
    return tuple(sorted(VERSIONS.get(type_) or VERSIONS.get(namespace, ())))


def default_of(type_: str) -> str:
    """The version that azure-native uses for a resource type."""
    return (VERSIONS.get(type_) or VERSIONS[type_.partition("/")[0]])[0]
