"""A vendor's identity on Azure: a managed identity that one subject of the vendor's may become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pulumi
from pydantic import field_validator

from nhi_components.azure.identity_bundle import SingleIdentity
from nhi_components.azure.spec import ManagedIdentitySpec
from nhi_components.core.azure_federation import Admission, VendorSubject
from nhi_components.core.azure_grant_problems import azure_grant_problems
from nhi_components.core.connection import DEFAULT
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity, Kind, of_kind
from nhi_components.core.spec import parse_spec
from nhi_components.refusal import refusing_plainly


class AzureThirdPartySpec(ManagedIdentitySpec):
    """What a vendor's identity on Azure is made from.

    Attributes:
        vendor: who the vendor is, on its side.
    """

    subject: ClassVar[str] = "azure.ThirdPartyIdentity"

    vendor: VendorSubject

    @field_validator("identity")
    @classmethod
    def _is_a_third_party(cls, identity: Identity) -> Identity:
        return of_kind(identity, Kind.THIRD_PARTY)


class ThirdPartyIdentity(SingleIdentity):
    """A vendor's identity on Azure: no key is given to it, and no application of it is admitted to the tenant.

    Attributes:
        principal_id: the managed identity's object id, the principal.
        client_id: the vendor is told it, with tenant and audience.
        tenant_id: the tenant that it lives in.
        identity_id: its resource id.
        secret_name: None; a vendor has no secret here.
        secret_uri: None, likewise.
        audience: for whom the vendor's tokens have to be issued.
    """

    results = (*SingleIdentity.results, "audience")

    audience: pulumi.Output[str]

    _spec: AzureThirdPartySpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        subscription: str,
        resource_group: str,
        vendor: VendorSubject | Mapping[str, Any],
        location: str | None = None,
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle.

        Args:
            name: the component's name in the program.
            identity: whose it is, of kind `third-party`; see `nhi_components.Identity`.
            subscription: id of the subscription that it lies in.
            resource_group: name of the resource group that it lies in; it must exist.
            vendor: a `VendorSubject`.
            location: its region; by default the resource group's.
            grants: what it may do.
            connection: the connection of `nhi.Provider` that reaches the subscription.
            opts: resource options; `providers` may name explicit azure-native and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "subscription": subscription,
            "resource_group": resource_group,
            "location": location,
            "vendor": vendor,
            "grants": grants,
        }
        with refusing_plainly():
            spec = parse_spec(AzureThirdPartySpec, name, fields, azure_grant_problems)
        super().__init__(name, spec, connection=connection, opts=opts)

    def admissions(self) -> Sequence[Admission]:
        """Let in the vendor."""
        return [self._spec.vendor.admission]

    def make(self) -> None:
        """Make what every identity has."""
        super().make()
        self.audience = pulumi.Output.from_input(self._spec.vendor.audience)
