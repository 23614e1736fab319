"""The policy document of an identity on Vault; pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.grant import Grant, vault_path_problems
from nhi_components.core.tags import policy_mark

OwnPath = tuple[str, Sequence[str]]
"""A path that belongs to the identity itself, and the capabilities that it has there."""

PathJudge = Callable[[str, str, frozenset[str]], Iterable[Problem]]
"""Judges a path that is granted on, by its place in the specification, itself and the capabilities."""


def policy_document(
    grants: Sequence[Grant],
    targets: Sequence[Sequence[str]],
    lease_id: str,
    own_paths: Sequence[OwnPath],
    *,
    suspended: bool = False,
    judge: PathJudge = lambda *_: (),
) -> str:
    """Write the policy in Vault's HCL; while the identity is suspended, it grants nothing and says so.

    Args:
        grants: what the identity may do.
        targets: for each grant, its paths, all known by now.
        lease_id: what the policy is marked with.
        own_paths: what it may do with what is its own.
        suspended: whether everything is denied.
        judge: holds the paths that are known only now against the identity's template.

    Raises:
        SpecError: when a path turned out not to be one, or to be forbidden.
    """
    _check_paths(grants, targets, judge)
    rules = [(path, grant.actions) for grant, paths in zip(grants, targets, strict=True) for path in paths]
    if suspended:
        # A Deny wins over what any other policy of the same path allows (Vault documentation, 'Policies').
        rules = [(path, ["deny"]) for path, _ in [*rules, *own_paths]]
    else:
        rules += own_paths
    return "\n".join([policy_mark(lease_id), *(policy_rule(path, capabilities) for path, capabilities in rules)]) + "\n"


def policy_rule(path: str, capabilities: Sequence[str]) -> str:
    """Write the rule for one path in Vault's policy language."""
    quoted = ", ".join(f'"{capability}"' for capability in capabilities)
    return f'path "{path}" {{\n  capabilities = [{quoted}]\n}}'


def _check_paths(grants: Sequence[Grant], targets: Sequence[Sequence[str]], judge: PathJudge) -> None:
    problems: list[Problem] = []
    for i, (grant, paths) in enumerate(zip(grants, targets, strict=True)):
        for j, (declared, path) in enumerate(zip(grant.targets, paths, strict=True)):
            if not isinstance(declared, str):
                place = f"grants[{i}].targets[{j}]"
                problems += vault_path_problems(place, path, excepted=grant.exception is not None)
                problems += judge(place, path, frozenset(grant.actions))
    if problems:
        raise SpecError("targets known at deployment", problems)
