"""A vendor's identity on Google Cloud: an account that one principal of the vendor's may become, until a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import pulumi
from pydantic import Field, ValidationInfo, field_validator

from nhi_components.core.connection import DEFAULT
from nhi_components.core.gcp_federation import (
    Vendor,
    VendorAccount,
    VendorAwsRole,
    VendorSubject,
    admission_problems,
)
from nhi_components.core.gcp_grant import gcp_grant_problems
from nhi_components.core.gcp_trust import ACCOUNT_EMAIL, FEDERATES, MAKES_TOKENS, ProjectNumber
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity, Kind, of_kind
from nhi_components.core.links import LinkKind
from nhi_components.core.model import wrong
from nhi_components.core.spec import parse_spec
from nhi_components.gcp.account_bundle import AccountBundle
from nhi_components.gcp.accounts import Account
from nhi_components.gcp.pools import own_pool, pool_parts
from nhi_components.gcp.spec import GcpBundleSpec
from nhi_components.refusal import refusing_plainly


class GcpThirdPartySpec(GcpBundleSpec):
    """What a vendor's identity on Google Cloud is made from.

    Attributes:
        vendor: who the vendor is, on its side.
        project_number: the project's number, for a vendor that comes from elsewhere than Google Cloud: it is let in
            through a pool of the identity's own.
    """

    subject: ClassVar[str] = "gcp.ThirdPartyIdentity"

    vendor: Vendor
    project_number: Annotated[ProjectNumber | None, Field(validate_default=True)] = None

    @field_validator("identity")
    @classmethod
    def _is_a_third_party(cls, identity: Identity) -> Identity:
        return of_kind(identity, Kind.THIRD_PARTY)

    @field_validator("vendor")
    @classmethod
    def _is_another(cls, vendor: Vendor, info: ValidationInfo) -> Vendor:
        if not isinstance(vendor, VendorAccount):
            for problem in admission_problems("vendor", vendor.admission):
                raise wrong(got=problem.got, expected=problem.expected, fix=problem.fix)
        elif (found := ACCOUNT_EMAIL.fullmatch(vendor.email)) and found["project"] == info.data.get("project"):
            fix = "name the vendor's account, or declare an identity of your own kind of workload"
            raise wrong(got=vendor.email, expected="an account of another project", fix=fix)
        return vendor

    @field_validator("project_number")
    @classmethod
    def _for_a_pool(cls, number: str | None, info: ValidationInfo) -> str | None:
        if "vendor" not in info.data or (number is None) == isinstance(info.data["vendor"], VendorAccount):
            return number
        fix = "read it with `gcloud projects describe PROJECT --format='value(projectNumber)'`"
        if number is None:
            raise wrong(got="nothing", expected="the project's number, for a pool of its own", fix=fix)
        fix = "leave it out"
        raise wrong(got=number, expected="none: a service account needs no pool", fix=fix)


class ThirdPartyIdentity(AccountBundle):
    """A vendor's identity on Google Cloud: no key is given to it.

    A service account of the vendor's makes tokens of the identity's account; a role on AWS or a subject of its OIDC
    issuer is let in through a pool of the identity's own, which is removed with it. Each is pinned by its whole name.

    Attributes:
        email: the service account; the vendor is told it.
        member: the same as allow policies name it.
        unique_id: its unique id.
        secret_name: None; a vendor has no secret here.
        provider_name: whole name of the provider that lets the vendor in; None for a service account of its own.
        audience: for whom its OIDC tokens have to be issued; None unless it comes with such.
    """

    results = (*AccountBundle.results, "provider_name", "audience")

    provider_name: pulumi.Output[str] | None
    audience: pulumi.Output[str] | None

    _spec: GcpThirdPartySpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        project: str,
        vendor: VendorAccount | VendorAwsRole | VendorSubject | Mapping[str, Any],
        project_number: str | None = None,
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle.

        Args:
            name: the component's name in the program.
            identity: whose it is, of kind `third-party`; see `nhi_components.Identity`.
            project: id of the project that it lies in.
            vendor: a `VendorAccount`, a `VendorAwsRole` or a `VendorSubject`.
            project_number: the project's number, unless the vendor is a `VendorAccount`.
            grants: what it may do.
            connection: the connection of `nhi.Provider` that reaches the project.
            opts: resource options; `providers` may name explicit GCP and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "project": project,
            "vendor": vendor,
            "project_number": project_number,
            "grants": grants,
        }
        with refusing_plainly():
            spec = parse_spec(GcpThirdPartySpec, name, fields, gcp_grant_problems)
        super().__init__(name, spec, connection=connection, opts=opts)

    def parts(self) -> Sequence[tuple[LinkKind, Mapping[str, str]]]:
        """What every identity has, and a pool of its own for a vendor from elsewhere."""
        spec = self._spec
        if isinstance(spec.vendor, VendorAccount):
            return super().parts()
        return [*super().parts(), *pool_parts(spec.project, spec.vendor.admission.provider)]

    def admit(self, account: Account) -> None:
        """Let in the vendor."""
        spec, vendor = self._spec, self._spec.vendor
        self.provider_name = self.audience = None
        if isinstance(vendor, VendorAccount):
            self.let_in(account, MAKES_TOKENS, vendor.member, label="vendor")
            return
        own = own_pool(self, self._identity, spec.project, str(spec.project_number), vendor.admission)
        self.provider_name = own.provider
        self.audience = own.audience if isinstance(vendor, VendorSubject) else None
        self.let_in(account, FEDERATES, own.principal, label="vendor", after=[own.made])
