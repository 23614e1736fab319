"""What every identity on Azure is made from; all problems of its arguments are reported at once."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from nhi_components.core.azure_trust import Location, ResourceGroup, Subscription, VaultId
from nhi_components.core.model import wrong
from nhi_components.core.spec import BundleSpec


class AzureBundleSpec(BundleSpec):
    """The part of an Azure identity's specification that is the same for every kind.

    No session is declared: Azure looks a principal's roles up at each request, so that a token which lives on, of a
    managed identity for up to a day, permits nothing any more once its assignments are gone. Container Registry alone
    hands out tokens with rights of their own, for 75 minutes.

    Attributes:
        subscription: id of the subscription that its identities lie in.
    """

    subject: ClassVar[str] = "Azure identity"
    grants_on_paths: ClassVar[bool] = False

    subscription: Subscription


class ManagedIdentitySpec(AzureBundleSpec):
    """The part that is the same for everything that is a managed identity.

    Attributes:
        resource_group: name of the resource group that its identities lie in; it must exist.
        location: the region of its identities, such as `westeurope`; None: the resource group's.
        vault: resource id of the Key Vault that its secret is kept in; it must exist, and take roles, not access
            policies.
        secret: a secret of its own, in that vault.
    """

    resource_group: ResourceGroup
    location: Location | None = None
    vault: Annotated[VaultId | None, Field(validate_default=True)] = None

    @field_validator("vault")
    @classmethod
    def _for_a_secret(cls, vault: str | None, info: ValidationInfo) -> str | None:
        if "secret" in info.data and (info.data["secret"] is None) != (vault is None):
            got = "no vault" if vault is None else "a vault without a secret"
            fix = "give both `secret` and `vault`, or neither"
            raise wrong(got=got, expected="the Key Vault that the secret is kept in", fix=fix)
        return vault
