"""The policy document of an identity on Vault; pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.grant import Grant, vault_path_problems
from nhi_components.core.tags import policy_mark


def policy_document(
    grants: Sequence[Grant], targets: Sequence[Sequence[str]], lease_id: str, secret_path: tuple[str, str] | None
) -> str:
    """Write the policy in Vault's HCL.

    Args:
        grants: what the identity may do.
        targets: for each grant, its paths, all known by now.
        lease_id: what the policy is marked with.
        secret_path: mount and path of the identity's own KV v2 entry.

    Raises:
        SpecError: when a path turned out not to be one.
    """
    _check_paths(grants, targets)
    rules = [(path, grant.actions) for grant, paths in zip(grants, targets, strict=True) for path in paths]
    if secret_path:
        mount, path = secret_path
        rules += [(f"{mount}/data/{path}", ("read",)), (f"{mount}/metadata/{path}", ("read",))]
    return "\n".join([policy_mark(lease_id), *(_rule(path, capabilities) for path, capabilities in rules)]) + "\n"


def _rule(path: str, capabilities: Sequence[str]) -> str:
    quoted = ", ".join(f'"{capability}"' for capability in capabilities)
    return f'path "{path}" {{\n  capabilities = [{quoted}]\n}}'


def _check_paths(grants: Sequence[Grant], targets: Sequence[Sequence[str]]) -> None:
    problems: list[Problem] = []
    for i, (grant, paths) in enumerate(zip(grants, targets, strict=True)):
        for j, path in enumerate(paths):
            excepted = grant.exception is not None
            problems += vault_path_problems(f"grants[{i}].targets[{j}]", path, excepted=excepted)
    if problems:
        raise SpecError("targets known at deployment", problems)
