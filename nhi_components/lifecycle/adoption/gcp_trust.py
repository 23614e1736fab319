"""Which of the components' trusts says who may become a service account; what none of them says is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from nhi_components.core.errors import SpecError
from nhi_components.core.gcp_trust import (
    ATTACHES,
    FEDERATES,
    MAKES_TOKENS,
    AttachedTrust,
    GkeTrust,
    ImpersonationTrust,
    member_problems,
)
from nhi_components.lifecycle.adoption.aws_trust import Untranslatable
from nhi_components.lifecycle.adoption.ports import Bound

KnownAccountTrust = AttachedTrust | GkeTrust | ImpersonationTrust

_POD: Final = re.compile(
    r"serviceAccount:(?P<pool>[a-z0-9.-]+)\.svc\.id\.goog\[(?P<namespace>[^/\]]+)/(?P<name>[^\]]+)\]"
)
_DELETED: Final = "deleted:"

_T = TypeVar("_T")


def account_trust_of(let_in: Sequence[Bound]) -> KnownAccountTrust:
    """Read what is bound on an account as the one trust that stands for it, but for the end that it adds.

    Whoever is deleted gets in no more, so that nothing has to stand for them.

    Raises:
        Untranslatable: it lets in more, or somebody else, than any trust.
    """
    alive = [each for each in let_in if not each.member.startswith(_DELETED)]
    if dated := [each for each in alive if each.condition]:
        raise Untranslatable(f"{dated[0].role} under a condition, where a component writes its own")
    roles = sorted({each.role for each in alive})
    members = tuple(sorted({each.member for each in alive}))
    match roles:
        case []:
            return AttachedTrust()
        case [role] if role == ATTACHES:
            return _told(members, lambda: AttachedTrust(deployers=members))
        case [role] if role == MAKES_TOKENS:
            return _told(members, lambda: ImpersonationTrust(members=members))
        case [role] if role == FEDERATES:
            return _of_pod(members)
        case [role]:
            raise Untranslatable(f"{role}, where a component binds one of {ATTACHES}, {MAKES_TOKENS}, {FEDERATES}")
    raise Untranslatable(f"{' and '.join(roles)}, where a component binds one role")


def _of_pod(members: Sequence[str]) -> GkeTrust:
    pod = _POD.fullmatch(members[0]) if len(members) == 1 else None
    if pod is None:
        raise Untranslatable(f"{', '.join(members)}, which is not one service account of Kubernetes on GKE")
    name, _, domain = pod["pool"].partition(".")
    project = f"{domain}:{name}" if domain else name
    return _judged(lambda: GkeTrust(cluster_project=project, namespace=pod["namespace"], service_account=pod["name"]))


def _told(members: Sequence[str], make: Callable[[], _T]) -> _T:
    if wrong := [problem for member in members for problem in member_problems("", member)]:
        raise Untranslatable("; ".join(f"{each.got}, expected {each.expected}" for each in wrong))
    return _judged(make)


def _judged(make: Callable[[], _T]) -> _T:
    try:
        return make()
    except SpecError as error:
        raise Untranslatable("; ".join(f"{p.path} {p.got}" for p in error.problems)) from None
