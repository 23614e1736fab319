"""The inline policy of a role or user from what a component grants: measured at once, written once all is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import pulumi

from nhi_components.aws.documents import grants_document
from nhi_components.aws.outputs import is_later
from nhi_components.aws.sizes import INLINE_POLICY, SizeLimit
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.grant import Grant
from nhi_components.refusal import refusing_plainly

ANY_DAY: Final = "2000-01-01"
"""As long as every other day, so that documents can be measured before theirs is known."""


def granted(
    grants: Sequence[Grant],
    ends: pulumi.Input[str],
    suspended: pulumi.Input[bool],
    *,
    secret: pulumi.Input[str] | None = None,
    limit: SizeLimit = INLINE_POLICY,
) -> pulumi.Output[str]:
    """Write the policy once its parts are known; a target that turns out wrong ends the program.

    Args:
        grants: what the identity may do.
        ends: the UTC day, `YYYY-MM-DD`, at whose start access ends.
        suspended: whether everything is denied.
        secret: ARN of the identity's own secret.
        limit: how long the policy may be.
    """
    known = pulumi.Output.all(
        targets=[list(grant.targets) for grant in grants], ends=ends, secret=secret, suspended=suspended
    )

    @refusing_plainly()
    def document(k: dict[str, Any]) -> str:
        return grants_document(grants, k["targets"], k["ends"], k["secret"], suspended=k["suspended"], limit=limit)

    return known.apply(document)


def length_problems(grants: Sequence[Grant], limit: SizeLimit = INLINE_POLICY) -> list[Problem]:
    """Measure the policy as far as its targets are known; what is not is measured when it is, before it is created."""
    if is_later(grants):
        return []
    targets = [grant.targets for grant in grants]
    return problems_of(lambda: grants_document(grants, targets, ANY_DAY, None, limit=limit))


def problems_of(write: Callable[[], str]) -> list[Problem]:
    """Write a document for its problems only."""
    try:
        write()
    except SpecError as error:
        return list(error.problems)
    return []
