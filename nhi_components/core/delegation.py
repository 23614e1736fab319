"""A delegated path: access that the policy of a resource gives to an identity, and how such a statement is named."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from nhi_components.core.aws_action import problem_of_action
from nhi_components.core.errors import Problem
from nhi_components.core.grant import Conditions
from nhi_components.core.lease_id import PREFIX
from nhi_components.core.model import Spec, wrong
from nhi_components.core.text import shown


class ResourceKind(StrEnum):
    """A kind of resource whose policy can name a principal."""

    BUCKET = "bucket"
    QUEUE = "queue"
    TOPIC = "topic"
    KEY = "key"
    SECRET = "secret"  # noqa: S105 - a kind, not a secret
    ROLE = "role"


_SHAPES = {
    ResourceKind.BUCKET: re.compile(r"arn:aws[\w-]*:s3:::(?P<name>[a-z0-9.-]{3,63})(?P<below>/.+)?", re.ASCII),
    ResourceKind.QUEUE: re.compile(r"arn:aws[\w-]*:sqs:[a-z0-9-]+:\d{12}:(?P<name>[\w-]+(\.fifo)?)", re.ASCII),
    ResourceKind.TOPIC: re.compile(r"arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:(?P<name>[\w-]+(\.fifo)?)", re.ASCII),
    ResourceKind.KEY: re.compile(r"arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:key/(?P<name>[\w-]+)", re.ASCII),
    ResourceKind.SECRET: re.compile(
        r"arn:aws[\w-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:(?P<name>[\w/+=.@-]+)", re.ASCII
    ),
    ResourceKind.ROLE: re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/(?:[\x21-\x7e]+/)?(?P<name>[\w+=,.@-]+)", re.ASCII),
}
_SERVICES = {
    ResourceKind.BUCKET: "s3",
    ResourceKind.QUEUE: "sqs",
    ResourceKind.TOPIC: "sns",
    ResourceKind.KEY: "kms",
    ResourceKind.SECRET: "secretsmanager",
    ResourceKind.ROLE: "sts",
}
_TRUST_ACTIONS = frozenset({"sts:assumerole", "sts:setsourceidentity", "sts:tagsession"})
MOST_ACTIONS_ON_A_QUEUE = 7
"""Actions of one statement in a queue's policy (SQS developer guide, 'Amazon SQS policy quotas')."""

_SID = re.compile(r"Nhi(?P<body>[a-z2-7]{16})(?P<index>\d+)")


@dataclass(frozen=True, slots=True)
class DelegatingResource:
    """A resource whose policy names principals.

    Attributes:
        kind: what it is.
        holder: the ARN of what holds the policy; a bucket's, also where only a prefix of it is meant.
        target: the ARN as it was given, such as `arn:aws:s3:::orders/in/*`.
        region: where it is; empty for buckets and roles.
        account: whose it is; empty for buckets.
        name: its name within its service.
    """

    kind: ResourceKind
    holder: str
    target: str
    region: str
    account: str
    name: str


def delegating_resource(arn: str) -> DelegatingResource | None:
    """Read the ARN of a bucket, queue, topic, key, secret or role; None when it is none of them."""
    for kind, shape in _SHAPES.items():
        if found := shape.fullmatch(arn):
            _, _, _, region, account, _ = arn.split(":", 5)
            holder = arn.removesuffix(found.groupdict().get("below") or "")
            return DelegatingResource(kind, holder, arn, region, account, found["name"])
    return None


def _resource(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | bytes | list | dict) or value == "":
        fix = "name the bucket, queue, topic, key, secret or role"
        raise wrong(got=value, expected="an ARN, or one that is known at deployment", fix=fix)
    return value


class Delegation(Spec):
    """Access that the policy of a resource gives to the identity.

    Attributes:
        resource: ARN of a bucket (or `…/prefix/*` in it), queue, topic, KMS key, Secrets Manager secret, or role; plain
            text, or a Pulumi output that is known at deployment.
        actions: what it allows; for a role `sts:AssumeRole`, `sts:TagSession`, `sts:SetSourceIdentity`.
        conditions: under which it holds.
    """

    subject: ClassVar[str] = "delegation"

    resource: Annotated[Any, AfterValidator(_resource)]
    actions: Annotated[tuple[str, ...], Field(min_length=1)]
    conditions: Conditions | None = None


def delegation_problems(delegations: Iterable[Delegation]) -> list[Problem]:
    """Find everything that is wrong with delegations, as far as their resources are known."""
    problems: list[Problem] = []
    for i, delegation in enumerate(delegations):
        place = f"delegations[{i}]"
        found = [problem_of_action(f"{place}.actions[{j}]", action) for j, action in enumerate(delegation.actions)]
        problems += [problem for problem in found if problem]
        if isinstance(delegation.resource, str):
            problems += known_resource_problems(f"{place}.resource", delegation.resource, delegation.actions)
        else:
            problems += _unknown_resource_problems(place, delegation.actions)
    return problems


def known_resource_problems(path: str, resource: str, actions: Sequence[str]) -> list[Problem]:
    """Judge a resource and the actions on it; used again at deployment for one that was unknown before."""
    read = delegating_resource(resource)
    if read is None:
        expected = "the ARN of a bucket, queue, topic, KMS key, secret or role"
        return [Problem(path, shown(resource), expected, "name what has a policy of its own, by its whole ARN")]
    service = _SERVICES[read.kind]
    problems = [
        Problem(path, f"{action} on a {read.kind}", f"actions of {service}", "one delegation for each resource")
        for action in actions
        if action.lower().partition(":")[0] != service
    ]
    if read.kind is ResourceKind.ROLE:
        trusting = ", ".join(("sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"))
        problems += [
            Problem(path, action, f"one of {trusting}", "a trust policy lets a role be assumed, nothing else")
            for action in actions
            if action.lower().startswith("sts:") and action.lower() not in _TRUST_ACTIONS
        ]
    if read.kind is ResourceKind.QUEUE and len(actions) > MOST_ACTIONS_ON_A_QUEUE:
        expected = f"at most {MOST_ACTIONS_ON_A_QUEUE} for one statement in a queue's policy"
        problems.append(Problem(path, f"{len(actions)} actions", expected, "split the delegation"))
    return problems


def _unknown_resource_problems(place: str, actions: Sequence[str]) -> list[Problem]:
    services = {action.lower().partition(":")[0] for action in actions}
    if len(services) == 1 and services <= set(_SERVICES.values()):
        return []
    expected = "actions of one service of " + ", ".join(sorted(_SERVICES.values()))
    return [Problem(f"{place}.actions", ", ".join(actions), expected, "one delegation for each resource")]


def delegation_sid(lease_id: str, index: int) -> str:
    """Name the statement of a lease's delegation: alphanumeric, bears the whole lease id.

    Args:
        lease_id: the lease.
        index: the delegation's place in the program, from 0.
    """
    return f"Nhi{lease_id.removeprefix(PREFIX)}{index}"


def lease_of_sid(sid: str) -> str | None:
    """Tell the lease that a statement's Sid bears."""
    found = _SID.fullmatch(sid)
    return PREFIX + found["body"] if found else None


def delegated_path_name(resource: str, sid: str) -> str:
    """Name a delegated path: the ARN of what holds the policy, `#`, and its statement's Sid."""
    read = delegating_resource(resource)
    return f"{read.holder if read else resource}#{sid}"


def parts_of_path(name: str) -> tuple[str, str]:
    """Take a delegated path's name apart: the holder's ARN and the statement's Sid, digest or grant id."""
    holder, _, mark = name.partition("#")
    return holder, mark


def delegated_path_attributes(
    role_name: str,
    role_arn: str,
    resource: str,
    actions: Sequence[str],
    conditions: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
) -> dict[str, str]:
    """Write a declared path's attributes, from which its statement can be made again."""
    plain = {
        operator: {key: list(values) for key, values in tests.items()} for operator, tests in (conditions or {}).items()
    }
    attributes = {
        "role": role_name,
        "principal": role_arn,
        "resource": resource,
        "actions": json.dumps(list(actions)),
    }
    return attributes | ({"conditions": json.dumps(plain, sort_keys=True)} if plain else {})


def delegation_statement(name: str, attributes: Mapping[str, str]) -> dict[str, Any]:
    """Write the statement of a declared path.

    Args:
        name: as `delegated_path_name` gives it.
        attributes: as `delegated_path_attributes` gives them.
    """
    holder, sid = parts_of_path(name)
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": attributes["principal"]},
        "Action": json.loads(attributes["actions"]),
    }
    match delegating_resource(attributes.get("resource", holder)):
        case DelegatingResource(kind=ResourceKind.ROLE):
            pass
        case DelegatingResource(kind=ResourceKind.KEY | ResourceKind.SECRET):
            # Such a policy speaks of its own key or secret only, as the KMS and Secrets Manager guides write it.
            statement["Resource"] = "*"
        case DelegatingResource(kind=ResourceKind.BUCKET, target=target) if target == holder:
            statement["Resource"] = [holder, f"{holder}/*"]
        case DelegatingResource(target=target):
            statement["Resource"] = target
        case None:
            raise ValueError(f"{holder} has no policy of its own")
    if "conditions" in attributes:
        statement["Condition"] = json.loads(attributes["conditions"])
    return statement
