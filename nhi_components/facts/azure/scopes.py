"""How much a scope of Azure encloses.

Scopes come as resource ids (`/subscriptions/…/resourceGroups/…`), and in source code as expressions of ARM templates,
Bicep and Terraform, of which the function or the type of the resource tells the level.
Source: Azure RBAC documentation, 'Understand scope for Azure RBAC'.
"""

from __future__ import annotations

import re
from functools import lru_cache

from nhi_components.facts.azure.model import ScopeLevel

_CACHED = 4096
_EXPRESSION = re.compile(r"^\[|\$\{|^(data\.)?azurerm_|^(resourceGroup|subscription|managementGroup|tenant)\(")
_EXPRESSION_LEVELS = (
    (
        re.compile(
            r"(?<!subscription)(?<!extension)(?<!tenant)resourceid\(|azurerm_(?!subscription|management_group|resource_group|client_config)\w+"
        ),
        ScopeLevel.RESOURCE,
    ),
    (re.compile(r"resourcegroup\(\)|azurerm_resource_group|/resourcegroups/"), ScopeLevel.RESOURCE_GROUP),
    (
        re.compile(r"subscription\(\)|azurerm_subscription|/subscriptions/|azurerm_client_config"),
        ScopeLevel.SUBSCRIPTION,
    ),
    (re.compile(r"managementgroup|azurerm_management_group|microsoft\.management/"), ScopeLevel.MANAGEMENT_GROUP),
    (re.compile(r"^\[?tenant\("), ScopeLevel.TENANT),
)
_IN_DIRECTORY = re.compile(r"/(administrativeunits/)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MANAGEMENT_GROUP = "/providers/microsoft.management/managementgroups/"


@lru_cache(maxsize=_CACHED)
def level_of(scope: str) -> ScopeLevel | None:
    """Tell how much a scope encloses; None for what is no scope."""
    text = scope.strip().lower()
    if text == "/":
        return ScopeLevel.TENANT
    if _EXPRESSION.search(scope.strip()):
        return _level_of_expression(text)
    if text.startswith("/subscriptions/"):
        return _level_below_subscriptions(text.strip("/").split("/"))
    if text.startswith(_MANAGEMENT_GROUP) and text != _MANAGEMENT_GROUP:
        below = text.removeprefix(_MANAGEMENT_GROUP).strip("/")
        return ScopeLevel.RESOURCE if "/" in below else ScopeLevel.MANAGEMENT_GROUP
    if _IN_DIRECTORY.fullmatch(text):
        return ScopeLevel.RESOURCE
    return ScopeLevel.RESOURCE if text.startswith("/providers/") and text.count("/") > 3 else None


def _level_below_subscriptions(segments: list[str]) -> ScopeLevel | None:
    if len(segments) == 1 or not segments[1]:
        return None
    if len(segments) == 2:
        return ScopeLevel.TENANT if segments[1] == "*" else ScopeLevel.SUBSCRIPTION
    if segments[2] == "resourcegroups":
        if len(segments) == 3 or (len(segments) == 4 and segments[3] == "*"):
            return ScopeLevel.SUBSCRIPTION
        return ScopeLevel.RESOURCE_GROUP if len(segments) == 4 else ScopeLevel.RESOURCE
    return ScopeLevel.RESOURCE if segments[2] == "providers" and len(segments) > 4 else None


def _level_of_expression(text: str) -> ScopeLevel:
    for pattern, level in _EXPRESSION_LEVELS:
        if pattern.search(text):
            below = "/providers/" in text.partition("}")[2] and level is not ScopeLevel.MANAGEMENT_GROUP
            return ScopeLevel.RESOURCE if below else level
    return ScopeLevel.UNSTATED
