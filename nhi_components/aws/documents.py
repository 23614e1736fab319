"""The policy documents of an identity on AWS; pure functions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from nhi_components.aws.sizes import INLINE_POLICY, TRUST_POLICY, SizeLimit, refuse_too_long
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.grant import Grant, aws_target_problems

_VERSION = "2012-10-17"
_ASSUME_ROLE = ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"]


def trust_document(trusted: Mapping[str, Any] | Sequence[Mapping[str, Any]], ends: str, *, suspended: bool) -> str:
    """Write the trust policy; nobody can assume the role from the end date on, nor while it is suspended.

    Args:
        trusted: who may assume it, how, and under which conditions: one statement, or several.
        ends: the UTC day, `YYYY-MM-DD`, at whose start access ends.
        suspended: whether nobody may.

    Raises:
        SpecError: when the document is too long.
    """
    if suspended:
        return _document([{"Sid": "Suspended", "Effect": "Deny", "Principal": {"AWS": "*"}, "Action": _ASSUME_ROLE}])
    until = {"DateLessThan": {"aws:CurrentTime": _start_of(ends)}}
    statements = [trusted] if isinstance(trusted, Mapping) else trusted
    document = _document(
        [
            {
                "Sid": f"TrustUntilEnd{i or ''}",
                "Effect": "Allow",
                **statement,
                "Condition": {**statement.get("Condition", {}), **until},
            }
            for i, statement in enumerate(statements)
        ]
    )
    refuse_too_long(TRUST_POLICY, document)
    return document


def grants_document(
    grants: Sequence[Grant],
    targets: Sequence[Sequence[str]],
    ends: str,
    secret_arn: str | None,
    *,
    suspended: bool = False,
    limit: SizeLimit = INLINE_POLICY,
) -> str:
    """Write the inline policy: the grants, the reading of the own secret, and a dated Deny of everything.

    The Deny is explicit, because a date on each Allow would miss policies that somebody attaches later. While the
    identity is suspended it is all that there is, without a date: sessions that were opened before are refused, too.

    Args:
        grants: what the identity may do.
        targets: for each grant, its targets, all known by now.
        ends: the UTC day, `YYYY-MM-DD`, at whose start access ends.
        secret_arn: the identity's own secret.
        suspended: whether everything is denied.
        limit: how long it may be.

    Raises:
        SpecError: when a target turned out to be no ARN, or the document is too long.
    """
    _check_targets(grants, targets)
    if suspended:
        return _document([{"Sid": "Suspended", "Effect": "Deny", "Action": "*", "Resource": "*"}])
    statements = [_statement(f"Grant{i}", grant, targets[i]) for i, grant in enumerate(grants)]
    if secret_arn:
        read = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
        statements.append({"Sid": "ReadOwnSecret", "Effect": "Allow", "Action": read, "Resource": [secret_arn]})
    after = {"DateGreaterThanEquals": {"aws:CurrentTime": _start_of(ends)}}
    statements.append({"Sid": "DenyAfterEnd", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": after})
    document = _document(statements)
    refuse_too_long(limit, document)
    return document


def _statement(sid: str, grant: Grant, targets: Sequence[str]) -> dict[str, Any]:
    statement = {"Sid": sid, "Effect": "Allow", "Action": list(grant.actions), "Resource": list(targets)}
    if grant.conditions is None:
        return statement
    tests = {
        operator: {key: list(values) for key, values in tests.items()} for operator, tests in grant.conditions.items()
    }
    return statement | {"Condition": tests}


def secret_document(role_id: str) -> str:
    """Write the secret's resource policy: nobody but the identity's role reads the value, whatever else allows it.

    The role is told by its unique id, which a role made anew under the same name does not have. Source: IAM user guide,
    'Policy variables': `aws:userid` of a role's session is `<unique id>:<session name>`.
    """
    statement = {
        "Sid": "OnlyItsIdentityReads",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
        "Condition": {"StringNotLike": {"aws:userid": f"{role_id}:*"}},
    }
    return _document([statement])


def _start_of(day: str) -> str:
    return f"{day}T00:00:00Z"


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": _VERSION, "Statement": statements}, separators=(",", ":"))


def _check_targets(grants: Sequence[Grant], targets: Sequence[Sequence[str]]) -> None:
    problems: list[Problem] = []
    for i, (grant, known) in enumerate(zip(grants, targets, strict=True)):
        for j, (declared, target) in enumerate(zip(grant.targets, known, strict=True)):
            if not isinstance(declared, str):
                path = f"grants[{i}].targets[{j}]"
                problems += aws_target_problems(path, target, excepted=grant.exception is not None)
    if problems:
        raise SpecError("targets known at deployment", problems)
