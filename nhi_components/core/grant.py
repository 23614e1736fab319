"""A grant: which actions on which targets; the targets may be known only at deployment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, SerializerFunctionWrapHandler, WrapSerializer

from nhi_components.core.aws_action import problem_of_action, takes_no_resource
from nhi_components.core.errors import Problem
from nhi_components.core.model import Spec, wrong
from nhi_components.core.rule_exception import RuleException
from nhi_components.core.text import shown

_ARN = re.compile(r"arn:aws[\w-]*:[a-z0-9-]+:[a-z0-9-]*:(\d{12})?:.+", re.ASCII)
_CONDITION_OPERATOR = re.compile(
    r"(?:For(?:AllValues|AnyValue):)?(?:Null|(?:Bool|BinaryEquals|String(?:Not)?(?:Equals(?:IgnoreCase)?|Like)"
    r"|(?:Numeric|Date)(?:(?:Not)?Equals|LessThan(?:Equals)?|GreaterThan(?:Equals)?)|(?:Not)?IpAddress"
    r"|Arn(?:Not)?(?:Equals|Like))(?:IfExists)?)"
)
"""IAM user guide, 'IAM JSON policy elements: Condition operators'; `Null` knows no `IfExists`."""

_CONDITION_KEY = re.compile(r"[a-z][a-z0-9-]*:\S(?:.*\S)?", re.ASCII | re.IGNORECASE)

_NO_PLAIN_PATH = re.compile(r'["\\\x00-\x1f]|\$\{|\{\{')

VAULT_CAPABILITIES = ("create", "read", "update", "patch", "delete", "list")
"""What a policy may grant here; `sudo` and `root` are never an identity's (Vault documentation, 'Policies')."""


def _target(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | bytes) or value == "":
        raise wrong(got=value, expected="text, or a value that is known at deployment", fix="name what is granted")
    return value


def _frozen(values: Sequence[Any]) -> tuple[Any, ...]:
    if not values:
        raise wrong(got="an empty list", expected="at least one", fix="name what is granted, or remove the grant")
    return tuple(values)


def _condition_operator(value: str) -> str:
    if not _CONDITION_OPERATOR.fullmatch(value):
        raise wrong(got=value, expected="a condition operator of IAM", fix="write it like `StringEquals`")
    return value


def _condition_key(value: str) -> str:
    if not _CONDITION_KEY.fullmatch(value):
        raise wrong(got=value, expected="a condition key", fix="write it like `s3:prefix`")
    return value


def _condition_values(values: Sequence[str]) -> tuple[str, ...]:
    if not values:
        raise wrong(got="an empty list", expected="at least one value", fix="name a value, or remove the condition")
    return tuple(values)


def _frozen_mapping(tests: Mapping[str, Any]) -> Mapping[str, Any]:
    if not tests:
        raise wrong(got="nothing", expected="operator, key and values", fix="fill it in, or leave it out")
    return MappingProxyType(dict(tests))


def _thawed(tests: Mapping[str, Any], write: SerializerFunctionWrapHandler) -> Any:
    return write(dict(tests))


_Tests = Annotated[
    Mapping[
        Annotated[str, AfterValidator(_condition_key)], Annotated[Sequence[str], AfterValidator(_condition_values)]
    ],
    AfterValidator(_frozen_mapping),
    WrapSerializer(_thawed),
]
Conditions = Annotated[
    Mapping[Annotated[str, AfterValidator(_condition_operator)], _Tests],
    AfterValidator(_frozen_mapping),
    WrapSerializer(_thawed),
]
"""Operator -> key -> values, as IAM writes them: `{"StringLike": {"s3:prefix": ["in/*"]}}`."""


class Grant(Spec):
    """Actions on targets.

    Attributes:
        actions: IAM actions (`sqs:SendMessage`) on AWS; permissions (`pubsub.topics.publish`) or one predefined role on
            Google Cloud; capabilities (`read`) on Vault.
        targets: ARNs on AWS, relative resource names on Google Cloud, paths on Vault; plain text, or a Pulumi output
            that is known at deployment, which on Google Cloud stands in a `LaterTarget`.
        conditions: under which the grant holds, on AWS: operator -> key -> values. All operators and keys must be met,
            by one of their values each.
        exception: permits a wildcard, with reason, approver and end date.
    """

    subject: ClassVar[str] = "grant"

    actions: Annotated[Sequence[str], AfterValidator(_frozen)]
    targets: Annotated[Sequence[Annotated[Any, AfterValidator(_target)]], AfterValidator(_frozen)]
    conditions: Conditions | None = None
    exception: RuleException | None = None


def aws_grant_problems(grants: Iterable[Grant]) -> list[Problem]:
    """Find everything that is wrong with grants on AWS."""
    problems: list[Problem] = []
    for place, grant in _placed(grants):
        if grant.exception is None:
            found = [problem_of_action(f"{place}.actions[{j}]", action) for j, action in enumerate(grant.actions)]
            problems += [problem for problem in found if problem]
        unscoped = all(takes_no_resource(action) for action in grant.actions)
        for j, target in enumerate(grant.targets):
            if isinstance(target, str) and not (target == "*" and (unscoped or grant.exception)):
                problems += aws_target_problems(f"{place}.targets[{j}]", target, excepted=grant.exception is not None)
    return problems


def aws_target_problems(path: str, target: str, *, excepted: bool = False) -> list[Problem]:
    """Judge one ARN that is granted on; used again at deployment for a target that was unknown before."""
    if not _ARN.fullmatch(target):
        fix = "write it as arn:aws:<service>:<region>:<account>:<resource>"
        return [Problem(path, shown(target), "an ARN", fix)]
    if not excepted and set(target.split(":", 5)[5]) <= set("*?/"):
        return [Problem(path, target, "an ARN that names a resource", "name the resource, or name an exception")]
    return []


def vault_grant_problems(grants: Iterable[Grant]) -> list[Problem]:
    """Find everything that is wrong with grants on Vault."""
    problems: list[Problem] = []
    for place, grant in _placed(grants):
        if grant.conditions is not None:
            fix = "remove them, and name narrower paths"
            problems.append(Problem(f"{place}.conditions", shown(", ".join(grant.conditions)), "none on Vault", fix))
        for j, capability in enumerate(grant.actions):
            if capability not in VAULT_CAPABILITIES:
                expected = "one of " + ", ".join(VAULT_CAPABILITIES)
                problems.append(
                    Problem(f"{place}.actions[{j}]", capability, expected, "choose the capabilities needed")
                )
        for j, target in enumerate(grant.targets):
            if isinstance(target, str):
                problems += vault_path_problems(f"{place}.targets[{j}]", target, excepted=grant.exception is not None)
    return problems


def vault_path_problems(path: str, target: str, *, excepted: bool = False) -> list[Problem]:
    """Judge one Vault path that is granted on.

    What a policy's syntax reads as something else is refused: escapes and interpolations of HCL, templates of Vault.
    """
    if target.startswith("/") or _NO_PLAIN_PATH.search(target):
        fix = "write it out, without leading slash, quotes, backslashes, `${`, `{{` and control characters"
        return [Problem(path, shown(target), "a path such as `secret/data/orders`", fix)]
    first = target.split("/", 1)[0]
    if not excepted and ("*" in first or "+" in first or "/" not in target):
        return [Problem(path, shown(target), "a path below one mount", "begin with the mount, or name an exception")]
    return []


def _placed(grants: Iterable[Grant]) -> Iterable[tuple[str, Grant]]:
    return ((f"grants[{i}]", grant) for i, grant in enumerate(grants))
