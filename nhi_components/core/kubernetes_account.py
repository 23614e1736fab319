"""A service account's name, which a trust may know at deployment only, and the namespace that one of ours lives in."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, StringConstraints

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.kubernetes_grant import NAMESPACE_NAME
from nhi_components.core.model import wrong
from nhi_components.core.text import shown

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_LONGEST: Final = 253
"""Kubernetes documentation, 'Object names and IDs': a service account's is a DNS subdomain."""

_EXPECTED: Final = f"the name of a service account that only one workload has, at most {_LONGEST} characters"
_FIX: Final = "name one service account, never `default`, which every pod has that names none"
_OF_THE_CLUSTER: Final = ("kube-system", "kube-public", "kube-node-lease")
_PLAIN: Final = str | bool | int | float | bytes | list | tuple | dict | None


def account_name_problems(path: str, name: str) -> list[Problem]:
    """Judge the name of a service account."""
    if name != "default" and len(name) <= _LONGEST and _NAME.fullmatch(name):
        return []
    return [Problem(path, shown(name), _EXPECTED, _FIX)]


def known_account(path: str, name: str) -> str:
    """Give a name that was known at deployment only, once it is.

    Args:
        path: the field that names it.
        name: what it turned out to be.

    Raises:
        SpecError: it is none of a service account.
    """
    if problems := account_name_problems(path, name):
        raise SpecError("service account known at deployment", problems)
    return name


def _judged(value: Any) -> Any:
    if not isinstance(value, _PLAIN) or (isinstance(value, str) and not account_name_problems("", value)):
        return value
    raise wrong(got=value, expected=f"{_EXPECTED}, or one that is known at deployment", fix=_FIX)


LaterAccountName = Annotated[Any, AfterValidator(_judged)]
"""The name of a service account, as text or as an output such as `kubernetes.WorkloadIdentity.service_account`."""


def _for_workloads(value: str) -> str:
    if value in _OF_THE_CLUSTER:
        fix = "give the workload a namespace of its own"
        raise wrong(got=value, expected="a namespace that is not the cluster's own", fix=fix)
    return value


AccountNamespace = Annotated[str, StringConstraints(pattern=rf"^{NAMESPACE_NAME}$"), AfterValidator(_for_workloads)]
"""Where an identity of ours lives on Kubernetes; it must exist."""
