"""Who may become an AWS role: a service of AWS, another account, a service account of Kubernetes."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator

from nhi_components.core.arn import CLUSTER_ARN, OIDC_PROVIDER_ARN, ROLE_ARN
from nhi_components.core.kubernetes_account import LaterAccountName
from nhi_components.core.model import Spec, wrong

SERVICES = ("ec2", "ecs-tasks", "lambda")

AccountId = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
"""The 12 digits of an AWS account."""

MOST_PRINCIPALS = 20
"""Of our own: with more, a trust policy comes near its 2,048 characters."""

_ClusterName = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$")]
_Namespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]


class ServiceTrust(Spec):
    """Trust in a service of AWS, for what runs there.

    Attributes:
        service: `ec2`, `ecs-tasks` or `lambda`.
    """

    subject: ClassVar[str] = "trust"

    service: Literal["ec2", "ecs-tasks", "lambda"]


class AccountTrust(Spec):
    """Trust in another account, for whoever it lets assume the role with the agreed external id.

    Attributes:
        account: its 12-digit id.
        external_id: 2 to 1,224 characters of letters, digits and `_ + = , . @ : / -` (AWS STS API, AssumeRole); it
            keeps a confused deputy out and is no secret.
        principals: ARNs of the roles of that account that may, at most 20; empty: whoever the account lets. A role
            must exist when it is named; when it is deleted, nobody is trusted in its place.
    """

    subject: ClassVar[str] = "trust"

    account: AccountId
    external_id: Annotated[str, StringConstraints(min_length=2, max_length=1224, pattern=r"^[\w+=,.@:/-]+$")]
    principals: Annotated[tuple[Annotated[str, ROLE_ARN.validator], ...], Field(max_length=MOST_PRINCIPALS)] = ()

    @field_validator("principals")
    @classmethod
    def _of_that_account(cls, principals: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return principals_of(principals, info.data.get("account"))


class EksPodIdentityTrust(Spec):
    """Trust in one service account of one EKS cluster, by EKS Pod Identity; the component makes the association.

    Attributes:
        cluster_name: the cluster, in the account and region of the AWS provider.
        namespace: the service account's Kubernetes namespace.
        service_account: its name; may be known at deployment only, as `kubernetes.WorkloadIdentity.service_account`.
        cluster_arn: pins the cluster by its whole ARN instead of its name; may be known at deployment only.
    """

    subject: ClassVar[str] = "trust"

    cluster_name: _ClusterName
    namespace: _Namespace
    service_account: LaterAccountName
    cluster_arn: Annotated[Any, CLUSTER_ARN.validator] | None = None


class IrsaTrust(Spec):
    """Trust in one service account of Kubernetes, by the tokens of its cluster: IAM roles for service accounts.

    Attributes:
        oidc_provider_arn: the cluster's OIDC provider in IAM, which exists already; may be known at deployment only.
        namespace: the service account's Kubernetes namespace.
        service_account: its name; may be known at deployment only.
    """

    subject: ClassVar[str] = "trust"

    oidc_provider_arn: Annotated[Any, OIDC_PROVIDER_ARN.validator]
    namespace: _Namespace
    service_account: LaterAccountName


TRUSTS = ServiceTrust | AccountTrust | EksPodIdentityTrust | IrsaTrust


def principals_of(principals: tuple[str, ...], account: str | None) -> tuple[str, ...]:
    """Check that roles are those of an account, which is None where it is wrong itself."""
    for principal in principals:
        if account and principal.split(":")[4] != account:
            raise wrong(got=principal, expected=f"roles of account {account}", fix="name the account's own roles")
    return principals


def _read(value: Any) -> Any:
    if isinstance(value, TRUSTS):
        return value
    if isinstance(value, str):
        if value not in SERVICES:
            expected = "one of " + ", ".join(SERVICES) + ", or a trust such as AccountTrust"
            raise wrong(got=value, expected=expected, fix="choose one")
        return ServiceTrust(service=value)
    return value


Trust = Annotated[
    Annotated[TRUSTS, Field(union_mode="smart")],
    BeforeValidator(_read),
]
"""Who may become the role; the name of a service stands for a `ServiceTrust`."""
