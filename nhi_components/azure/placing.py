"""That a managed identity is made in the subscription that its component names.

Azure's resources are made wherever Pulumi's own provider works; no resource names its subscription itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

import pulumi

from nhi_components.core.azure_resource import target_of
from nhi_components.core.errors import Problem, SpecError
from nhi_components.refusal import refusing_plainly

_PACKAGE: Final = "azure-native"
_TYPE: Final = f"{_PACKAGE}:managedidentity:UserAssignedIdentity"
_FIX: Final = (
    "correct it, set azure-native:subscriptionId, or give the component a provider of azure-native that works there"
)


def refuse_elsewhere(subject: str, subscription: str, opts: pulumi.ResourceOptions | None) -> None:
    """Refuse a subscription that is not the default provider's, as far as configuration and environment tell that.

    Raises:
        ProgramRefused: before anything is registered.
    """
    if opts is not None and _has_own_provider(opts):
        return
    told = pulumi.Config(_PACKAGE).get("subscriptionId") or os.environ.get("ARM_SUBSCRIPTION_ID")
    if told:
        _judge(subject, subscription, told)


def made_there(subject: str, subscription: str, made: str) -> None:
    """Refuse to go on when a resource, by its id, was made in another subscription.

    Raises:
        ProgramRefused: before anything is assigned to it.
    """
    where = target_of(made)
    if where is not None:
        _judge(subject, subscription, where.subscription)


@refusing_plainly()
def _judge(subject: str, named: str, used: str) -> None:
    if named.lower() != used.lower():
        expected = f"{used}, in which Pulumi's azure-native provider works"
        raise SpecError(subject, [Problem("subscription", named, expected, _FIX)])


def _has_own_provider(opts: pulumi.ResourceOptions) -> bool:
    given = opts.providers or ()
    listed = list(given.values()) if isinstance(given, Mapping) else list(given)
    if any(each.package == _PACKAGE for each in [*listed, *([opts.provider] if opts.provider else [])]):
        return True
    return opts.parent is not None and opts.parent.get_provider(_TYPE) is not None
