"""Who may become a managed identity, and where it lies.

Source: Azure documentation, 'Azure built-in roles' (Managed Identity Operator attaches an identity to a resource).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Final

from pydantic import AfterValidator, Discriminator, Tag

from nhi_components.core.azure_federation import FederatedTrust, known_or_later
from nhi_components.core.azure_resource import KEY_VAULT_ID, RESOURCE_GROUP_NAME, SUBSCRIPTION_ID, Target, target_of
from nhi_components.core.errors import Problem
from nhi_components.core.model import Spec, wrong
from nhi_components.core.text import shown
from nhi_components.core.variants import one_of

MOST_DEPLOYERS: Final = 20
"""Of our own: each is a role assignment."""

_GUID: Final = re.compile(SUBSCRIPTION_ID, re.ASCII)
_FIX: Final = "read it with `az ad sp show --id CLIENT_ID --query id`; an identity's is its `principal_id`"


def principal_problems(path: str, principal: str) -> list[Problem]:
    """Judge the object id of a service principal that was known at deployment only."""
    return [] if _GUID.fullmatch(principal) else [Problem(path, shown(principal), "an object id, a GUID", _FIX)]


def _apart(deployers: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(deployers) > MOST_DEPLOYERS:
        fix = "let one principal attach it"
        raise wrong(got=f"{len(deployers)} principals", expected=f"at most {MOST_DEPLOYERS}", fix=fix)
    known = [each.lower() for each in deployers if isinstance(each, str)]
    if len(deployers) - len(known) > 1:
        fix = "write the others out"
        raise wrong(got="several that are known at deployment only", expected="at most one such principal", fix=fix)
    if twice := sorted({each for each in known if known.count(each) > 1}):
        raise wrong(got=", ".join(twice), expected="each principal once", fix="remove one")
    return deployers


class AttachedTrust(Spec):
    """The identity is attached to what it runs: a container app, a function, a machine.

    Attributes:
        deployers: object ids of the service principals, such as a pipeline's `principal_id`, that may attach it; one of
            them may be known at deployment only. Whoever holds that right for the whole resource group may as well.
    """

    subject: ClassVar[str] = "trust"

    deployers: Annotated[
        tuple[Annotated[Any, known_or_later(_GUID.fullmatch, "an object id, a GUID", _FIX)], ...],
        AfterValidator(_apart),
    ] = ()


TRUSTS = AttachedTrust | FederatedTrust


def _which(value: Any) -> str | None:
    return one_of(TRUSTS, value)


Trust = Annotated[
    Annotated[AttachedTrust, Tag("AttachedTrust")] | Annotated[FederatedTrust, Tag("FederatedTrust")],
    Discriminator(
        _which,
        custom_error_type="nhi",
        custom_error_message="a trust",
        custom_error_context={
            "got": "something else",
            "expected": "a trust",
            "fix": "give AttachedTrust(…) or FederatedTrust(…)",
        },
    ),
]
"""Who may become the identity."""


def _subscription(value: str) -> str:
    if not _GUID.fullmatch(value):
        fix = "read it with `az account show --query id`"
        raise wrong(got=value, expected="the id of a subscription, a GUID", fix=fix)
    return value.lower()


def _group(value: str) -> str:
    if not re.fullmatch(RESOURCE_GROUP_NAME, value, re.ASCII):
        raise wrong(got=value, expected="the name of one resource group", fix="read it with `az group list`")
    return value


def _location(value: str) -> str:
    if not re.fullmatch(r"[a-z]+[a-z0-9]*", value, re.ASCII):
        raise wrong(got=value, expected="a region by its short name", fix="write it like `westeurope`")
    return value


def _vault(value: str) -> str:
    if not KEY_VAULT_ID.fullmatch(value):
        fix = "read it with `az keyvault show --name NAME --query id`"
        raise wrong(got=value, expected="the resource id of a Key Vault, as plain text", fix=fix)
    return value


Subscription = Annotated[str, AfterValidator(_subscription)]
ResourceGroup = Annotated[str, AfterValidator(_group)]
Location = Annotated[str, AfterValidator(_location)]
VaultId = Annotated[str, AfterValidator(_vault)]
"""The resource id of a Key Vault."""


def vault_target(vault_id: str) -> Target:
    """Read the resource id of a Key Vault.

    Raises:
        ValueError: it is none.
    """
    target = target_of(vault_id)
    if target is None:
        raise ValueError(f"no id of a Key Vault: {vault_id!r}")
    return target
