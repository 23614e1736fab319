"""A vendor's identity on AWS: a role that its account may assume with an external id, until a date."""

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
from nhi_components.core.delegation import Delegation
from nhi_components.core.grant import Grant
from nhi_components.core.identity import Identity, Kind, of_kind
from nhi_components.core.trust import MOST_PRINCIPALS, AccountId, principals_of
from nhi_components.refusal import refusing_plainly


class AwsThirdPartySpec(AwsBundleSpec):
    """What a vendor's identity on AWS is made from.

    Attributes:
        vendor_account: the vendor's account, 12 digits.
        vendor_principals: ARNs of the roles of that account that may, at most 20; empty: whoever the vendor lets.
    """

    subject: ClassVar[str] = "aws.ThirdPartyIdentity"

    vendor_account: AccountId
    vendor_principals: Annotated[tuple[Annotated[str, ROLE_ARN.validator], ...], Field(max_length=MOST_PRINCIPALS)] = ()

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
    """

    results = (*AwsBundle.results, "external_id")

    external_id: pulumi.Output[str]

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
        }
        with refusing_plainly():
            spec = parse_aws_spec(AwsThirdPartySpec, name, fields)
        super().__init__(name, spec, connection=connection, opts=opts)

    def trust(self, lease_id: pulumi.Input[str]) -> pulumi.Input[Trusted]:
        """Let in the vendor, with the lease id as external id."""
        return account_statement(self._spec.vendor_account, self._spec.vendor_principals, lease_id)

    def make(self) -> None:
        """Make what every identity has."""
        super().make()
        self.external_id = self.lease_id
