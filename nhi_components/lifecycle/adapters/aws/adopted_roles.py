"""Roles that were there before their lease: whether they still are what was adopted, and what leaves them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from nhi_components.core.adoption import ADOPTED, ADOPTED_ID, superseded_on
from nhi_components.core.errors import Problem
from nhi_components.core.links import Link, LinkKind
from nhi_components.lifecycle.adapters.aws.cut_off import PROPAGATION_SECONDS
from nhi_components.lifecycle.adapters.aws.roles import Role, Roles


def is_yet_to_be_adopted(role: Role, link: Link | None) -> bool:
    """Tell whether a role is only meant to be adopted: it bears no lease yet, and no seal has its unique id.

    It is nobody's namesake, and must not be swept: the run that was to take it over has not come that far.
    """
    return link is not None and ADOPTED in link.attributes and link.unique_id is None and role.lease is None


def adoption_problems(roles: Roles, link: Link) -> Iterator[Problem]:
    """Find why a role is not the one that was adopted, if it is not."""
    if link.kind is not LinkKind.IAM_ROLE or ADOPTED not in link.attributes:
        return
    role, expected = roles.find(link.name), link.attributes[ADOPTED_ID]
    if role is None or role.unique_id != expected:
        got = f"a role with the unique id {role.unique_id}" if role else "no role of that name"
        fix = "run `nhi adopt` for the role that is there, or remove `adopts`, so that a role is made"
        yield Problem(f"adopts, role {link.name}", got, f"the role {expected}, which was adopted", fix)


def supersede(roles: Roles, link: Link, sleep: Callable[[float], None] = time.sleep) -> None:
    """Take off an adopted role what its lease's own policy stands for by now; safe to repeat.

    IAM is given the time to see that policy everywhere before anything leaves.
    """
    wanted = superseded_on(link)
    if not wanted:
        return
    attached = roles.attached(link.name)
    managed = [arn for arn in attached.managed if arn in wanted]
    inline = [name for name in attached.inline if name in wanted]
    if managed or inline:
        sleep(PROPAGATION_SECONDS)
    for arn in managed:
        roles.detach(link.name, arn)
    for name in inline:
        roles.delete_inline(link.name, name)
