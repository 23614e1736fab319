"""A vendor's identity on AWS: a role that its account may assume with an external id, until a date.

What it has elsewhere comes and goes with it: a key that it is given, its user at the identity provider, its account at
a service.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import pulumi
from pydantic import Field, ValidationInfo, field_validator

from nhi_components.aws.bundle import AwsBundle
from nhi_components.aws.spec import AwsBundleSpec, parse_aws_spec
from nhi_components.aws.trusts import Trusted, account_statement
from nhi_components.core.arn import ROLE_ARN
from nhi_components.core.connection import DEFAULT
from nhi_components.core.credential.accounts import AccountSpec, SaasAccount, ScimAccount
from nhi_components.core.credential.dependents import Dependent
from nhi_components.core.credential.places import AnyPlace, PlaceSpec
from nhi_components.core.credential.rotation import Rotation
from nhi_components.core.credential.sources import ApiKeySource, CommandSource, HttpSource, SourceSpec
from nhi_components.core.credential.spec import MOST_PLACES, CredentialSpec, Dependents, home_first
from nhi_components.core.delegation import Delegation
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity, Kind, of_kind
from nhi_components.core.model import wrong
from nhi_components.core.trust import MOST_PRINCIPALS, AccountId, principals_of
from nhi_components.refusal import refusing_plainly

VendorSource = Annotated[ApiKeySource | CommandSource | HttpSource, Field(discriminator="kind")]
"""What issues keys to vendors: our own, for systems that take chosen ones; or a declared command or web hook."""


class AwsThirdPartySpec(AwsBundleSpec):
    """What a vendor's identity on AWS is made from.

    Attributes:
        vendor_account: the vendor's account, 12 digits.
        vendor_principals: ARNs of the roles of that account that may, at most 20; empty: whoever the vendor lets.
        source: what issues the key that the vendor is given; None: it is given none.
        places: where that key is delivered; the first is its home.
        rotation: when it is replaced.
        dependents: what uses it.
        generation: raise it to have the key replaced by the next `up`.
        idp_account: its user at the identity provider.
        saas_account: its account at a service.
    """

    subject: ClassVar[str] = "aws.ThirdPartyIdentity"

    vendor_account: AccountId
    vendor_principals: Annotated[tuple[Annotated[str, ROLE_ARN.validator], ...], Field(max_length=MOST_PRINCIPALS)] = ()

    source: VendorSource | None = None
    places: Annotated[tuple[AnyPlace, ...], Field(max_length=MOST_PLACES, validate_default=True)] = ()
    rotation: Rotation = Rotation()
    dependents: Dependents = ()
    generation: Annotated[int, Field(ge=1)] = 1
    idp_account: ScimAccount | None = None
    saas_account: SaasAccount | None = None

    @property
    def credential(self) -> CredentialSpec | None:
        """The key that the vendor is given."""
        if self.source is None:
            return None
        return CredentialSpec(
            source=self.source,
            places=self.places,
            rotation=self.rotation,
            dependents=self.dependents,
            generation=self.generation,
        )

    @property
    def accounts(self) -> tuple[AccountSpec, ...]:
        """Its user at the identity provider, and its account at a service."""
        return tuple(account for account in (self.idp_account, self.saas_account) if account)

    @field_validator("places")
    @classmethod
    def _of_its_source(cls, places: tuple[AnyPlace, ...], info: ValidationInfo) -> tuple[AnyPlace, ...]:
        _refuse_without_source(info, given=bool(places))
        return home_first(places) if info.data.get("source") else places

    @field_validator("rotation")
    @classmethod
    def _within_cadence(cls, rotation: Rotation, info: ValidationInfo) -> Rotation:
        _refuse_without_source(info, given=rotation != Rotation())
        source: SourceSpec | None = info.data.get("source")
        return rotation.judged_for(source.kind) if source else rotation

    @field_validator("dependents")
    @classmethod
    def _of_a_key(cls, dependents: tuple[Dependent, ...], info: ValidationInfo) -> tuple[Dependent, ...]:
        _refuse_without_source(info, given=bool(dependents))
        return dependents

    @field_validator("generation")
    @classmethod
    def _of_a_key_too(cls, generation: int, info: ValidationInfo) -> int:
        _refuse_without_source(info, given=generation != 1)
        return generation

    @field_validator("identity")
    @classmethod
    def _is_a_third_party(cls, identity: Identity) -> Identity:
        return of_kind(identity, Kind.THIRD_PARTY)

    @field_validator("vendor_principals")
    @classmethod
    def _of_that_account(cls, principals: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return principals_of(principals, info.data.get("vendor_account"))


class ThirdPartyIdentity(AwsBundle):
    """A vendor's identity on AWS.

    Attributes:
        role_arn: the principal; the vendor is told it.
        role_name: its name.
        secret_arn: None; a vendor has no secret here.
        external_id: what the vendor must send with each request for a session. It is the lease id: unique for this
            customer, vendor and lease, known at preview, no secret, and another one once the identity is made anew.
        key_id: the id of the key that it is given; None without one, and while it is suspended.
        credential_version: how many keys it has been given, this one included; None without one.
        idp_user_name: the name of its user at the identity provider; None without one.
        saas_account_name: the name of its account at a service; None without one.
    """

    results = (
        *AwsBundle.results,
        "external_id",
        "key_id",
        "credential_version",
        "idp_user_name",
        "saas_account_name",
    )

    external_id: pulumi.Output[str]
    key_id: pulumi.Output[str | None] | None
    credential_version: pulumi.Output[int | None] | None
    idp_user_name: pulumi.Output[str] | None
    saas_account_name: pulumi.Output[str] | None

    _spec: AwsThirdPartySpec

    def __init__(
        self,
        name: str,
        *,
        identity: Identity | Mapping[str, Any],
        vendor_account: str,
        vendor_principals: Sequence[str] = (),
        grants: Sequence[Grant | Mapping[str, Any]] = (),
        permissions_boundary: pulumi.Input[str] | None = None,
        session_seconds: int = 3600,
        delegations: Sequence[Delegation | Mapping[str, Any]] = (),
        source: ApiKeySource | CommandSource | HttpSource | Mapping[str, Any] | None = None,
        places: Sequence[PlaceSpec | Mapping[str, Any]] = (),
        rotation: Rotation | Mapping[str, Any] | None = None,
        dependents: Sequence[Dependent | Mapping[str, Any]] = (),
        generation: int = 1,
        idp_account: ScimAccount | Mapping[str, Any] | None = None,
        saas_account: SaasAccount | Mapping[str, Any] | None = None,
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the bundle.

        Args:
            name: the component's name in the program.
            identity: whose it is, of kind `third-party`; see `nhi_components.Identity`.
            vendor_account: the vendor's account, 12 digits.
            vendor_principals: ARNs of the vendor's roles that may; empty: whoever the vendor lets.
            grants: what it may do.
            permissions_boundary: ARN of a policy that caps the role.
            session_seconds: 3,600 to 43,200.
            delegations: what the policies of other resources give to it.
            source: what issues the key that the vendor is given: `api-key`, `command` or `http`; with `places`.
            places: where that key is delivered; the first is its home.
            rotation: when it is replaced; None: as is usual for its source.
            dependents: what uses it.
            generation: raise it to have the key replaced by the next `up`.
            idp_account: its user at the identity provider, by SCIM.
            saas_account: its account at a service, by a declared command or web hook.
            connection: the connection of `nhi.Provider` that reaches the account which the AWS provider reaches.
            opts: resource options; `providers` may name explicit AWS and nhi providers.

        Raises:
            SpecError: with every problem, before anything is registered.
        """
        fields = {
            "identity": identity,
            "vendor_account": vendor_account,
            "vendor_principals": vendor_principals,
            "grants": grants,
            "permissions_boundary": permissions_boundary,
            "session_seconds": session_seconds,
            "delegations": delegations,
            "source": source,
            "places": places,
            "rotation": rotation or Rotation(),
            "dependents": dependents,
            "generation": generation,
            "idp_account": idp_account,
            "saas_account": saas_account,
        }
        with refusing_plainly():
            spec = parse_aws_spec(AwsThirdPartySpec, name, fields)
        super().__init__(name, spec, connection=connection, opts=opts)

    def trust(self, lease_id: pulumi.Input[str]) -> pulumi.Input[Trusted]:
        """Let in the vendor, with the lease id as external id."""
        return account_statement(self._spec.vendor_account, self._spec.vendor_principals, lease_id)

    def make(self) -> None:
        """Make what every identity has; then its accounts, then its key."""
        super().make()
        spec = self._spec
        self.external_id = self.lease_id
        self.idp_user_name = self.hold(spec.idp_account) if spec.idp_account else None
        self.saas_account_name = self.hold(spec.saas_account) if spec.saas_account else None
        credential = self.issue() if spec.credential else None
        self.key_id = credential.key_id if credential else None
        self.credential_version = credential.version if credential else None


def _refuse_without_source(info: ValidationInfo, *, given: bool) -> None:
    if given and "source" in info.data and info.data["source"] is None:
        fix = "name the `source` that issues the vendor's key, or leave this out"
        raise wrong(got="it, without a source", expected="nothing, as long as there is no `source`", fix=fix)
