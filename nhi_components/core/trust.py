"""Who may become an AWS role: a service of AWS, or another account that knows an external id."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from nhi_components.core.model import Spec, wrong

SERVICES = ("ec2", "ecs-tasks", "lambda")


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
    """

    subject: ClassVar[str] = "trust"

    account: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
    external_id: Annotated[str, StringConstraints(min_length=2, max_length=1224, pattern=r"^[\w+=,.@:/-]+$")]


def _read(value: Any) -> Any:
    if isinstance(value, ServiceTrust | AccountTrust):
        return value
    if isinstance(value, str):
        if value not in SERVICES:
            raise wrong(got=value, expected="one of " + ", ".join(SERVICES) + ", or an AccountTrust", fix="choose one")
        return ServiceTrust(service=value)
    return value


Trust = Annotated[
    Annotated[ServiceTrust | AccountTrust, Field(union_mode="smart")],
    BeforeValidator(_read),
]
"""Who may become the role; the name of a service stands for a `ServiceTrust`."""
