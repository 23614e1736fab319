"""What every identity on AWS is made from; all problems of its arguments are reported at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import Field

from nhi_components.core.adoption import AdoptedRole
from nhi_components.core.delegation import Delegation, delegation_problems
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.grant import Grant, aws_grant_problems
from nhi_components.core.model import Spec
from nhi_components.core.spec import BundleSpec, parse_spec

LONGEST_SESSION_SECONDS = 43_200
"""12 hours (IAM API, CreateRole: MaxSessionDuration, 3,600 to 43,200)."""


class AwsBundleSpec(BundleSpec):
    """The part of an AWS identity's specification that is the same for every kind.

    Attributes:
        permissions_boundary: ARN of the policy that caps what the role can become; may be known at deployment only.
        session_seconds: how long a session lives at most: 3,600 to 43,200 (IAM API, CreateRole: MaxSessionDuration).
        delegations: what the policies of other resources give to the identity; removed with it.
        adopts: a role that was there before and becomes the identity's; None: one is made.
    """

    subject: ClassVar[str] = "AWS identity"

    permissions_boundary: Any = None
    session_seconds: Annotated[int, Field(ge=3600, le=LONGEST_SESSION_SECONDS)] = 3600
    delegations: tuple[Delegation, ...] = ()
    adopts: AdoptedRole | None = None

    @property
    def sessions(self) -> Mapping[str, int]:
        """The role's longest session."""
        return {"session_seconds": self.session_seconds}


class _Delegations(Spec):
    delegations: tuple[Delegation, ...] = ()


_S = TypeVar("_S", bound=AwsBundleSpec)


def parse_aws_spec(
    model: type[_S],
    name: str,
    fields: Mapping[str, Any],
    grant_problems: Callable[[Iterable[Grant]], list[Problem]] = aws_grant_problems,
) -> _S:
    """Read the arguments of a component on AWS.

    Args:
        model: the specification of that component.
        name: the component's name, for the report.
        fields: its arguments.
        grant_problems: what finds the problems of its grants.

    Raises:
        SpecError: with every problem of every field, grant and delegation.
    """
    problems: list[Problem] = []
    with suppress(SpecError):  # the delegations' own fields are wrong then, and reported below
        problems += delegation_problems(_Delegations.parse({"delegations": fields["delegations"]}).delegations)
    try:
        spec = parse_spec(model, name, fields, grant_problems)
    except SpecError as error:
        raise SpecError(error.subject, [*error.problems, *problems]) from None
    if problems:
        raise SpecError(f"{model.subject} {name!r}", problems)
    return spec
