"""An identity: its name, kind, environment, owner, purpose and end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, StringConstraints

from nhi_components.core.expiry import Expiry
from nhi_components.core.life import LONGEST_GRACE_DAYS, State
from nhi_components.core.model import Spec, wrong
from nhi_components.core.revocation import Revocation

MAXIMUM_NAME_LENGTH = 40
MAXIMUM_ENVIRONMENT_LENGTH = 16
"""40 + 1 + 16 + 1 + 6 (the suffix) = 64, the longest name of an IAM role (IAM user guide, 'IAM and AWS STS quotas')."""

_LABEL = re.compile(r"[a-z](-?[a-z0-9])*", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


class Kind(StrEnum):
    """What sort of non-human identity it is."""

    SERVICE_ACCOUNT = "service-account"
    API_KEY = "api-key"
    PIPELINE = "pipeline"
    WORKLOAD = "workload"
    AI_AGENT = "ai-agent"
    THIRD_PARTY = "third-party"


def _label(longest: int) -> AfterValidator:
    def check(value: str) -> str:
        if len(value) > longest:
            raise wrong(got=f"{len(value)} characters", expected=f"at most {longest} characters", fix="shorten it")
        if not _LABEL.fullmatch(value):
            raise wrong(
                got=value,
                expected="lower-case letters, digits and single hyphens, beginning with a letter",
                fix="write it like `orders-api`",
            )
        return value

    return AfterValidator(check)


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise wrong(got=value, expected="an e-mail address", fix="give the address that the team reads")
    return value


Environment = Annotated[str, _label(MAXIMUM_ENVIRONMENT_LENGTH)]
"""Where it runs, such as `prod`."""

Purpose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=8, max_length=200)]
"""What it is for, in words that a reviewer understands."""


class Owner(Spec):
    """Who answers for an identity.

    Attributes:
        team: the team's name.
        email: an address that the team reads; reviews and alarms go there.
    """

    subject: ClassVar[str] = "owner"

    team: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=64)]
    email: Annotated[str, AfterValidator(_email)]


class Identity(Spec):
    """One non-human identity.

    Attributes:
        name: at most 40 characters: lower-case letters, digits, single hyphens.
        environment: at most 16 characters of the same alphabet.
        kind: what sort of identity it is.
        owner: who answers for it.
        purpose: what it is for, 8 to 200 characters.
        expires: when it ends: an `Expiry`, a date, or a date as text (`2027-03-31`).
        state: `active`, `suspended` (everything stays, everything is denied) or `retired` (everything is removed).
        grace_days: days after its end until it is retired, 0 to 90; None: as long as the template of its kind says.
        sponsor: address of the person who answers for what an AI agent does.
        approvers: who approved that it exists, where its template asks for approvals.
        revocation: how fast its access must end everywhere; only stricter than its template. None: as that says.
        shares_grants_because: why another identity of the program holds exactly the same grants, if one does.
    """

    subject: ClassVar[str] = "identity"

    name: Annotated[str, _label(MAXIMUM_NAME_LENGTH)]
    environment: Environment
    kind: Kind = Kind.WORKLOAD
    owner: Owner
    purpose: Purpose
    expires: Expiry
    state: State = State.ACTIVE
    grace_days: Annotated[int, Field(ge=0, le=LONGEST_GRACE_DAYS)] | None = None
    revocation: Revocation | None = None
    sponsor: Annotated[str, AfterValidator(_email)] | None = None
    approvers: tuple[Annotated[str, StringConstraints(strip_whitespace=True, min_length=2)], ...] = ()
    shares_grants_because: Annotated[str, StringConstraints(strip_whitespace=True, min_length=8)] | None = None


def of_kind(identity: Identity, kind: Kind) -> Identity:
    """Check, in a specification, that an identity is of the only kind that its component makes."""
    if identity.kind is not kind:
        fix = f"set kind to `{kind}`, so that the template of that kind judges it"
        raise wrong(got=f"kind {identity.kind}", expected=f"an identity of kind {kind}", fix=fix)
    return identity


def with_sponsor(identity: Identity | Mapping[str, Any], sponsor: str | None) -> Any:
    """Give an identity, as a component takes it, the sponsor that stands beside it; None leaves it as it is."""
    if sponsor is None:
        return identity
    told = (
        {field: getattr(identity, field) for field in identity.model_fields_set}
        if isinstance(identity, Identity)
        else identity
    )
    return {**told, "sponsor": sponsor}
