"""A made-up estate of any size: the same for the same size, page by page, so that it is never whole in memory."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from nhi_components.core.inventory.records import (
    Declaration,
    FoundCarrier,
    FoundCredential,
    FoundDependent,
    FoundDocument,
    FoundGrant,
    FoundIdentity,
    FoundPerson,
    FoundStep,
    Knowledge,
    Manager,
    Record,
    Subject,
    Use,
)
from nhi_components.core.links import System

NOW: Final = datetime(2026, 11, 30, tzinfo=UTC)
GRANTS_EACH: Final = 10
_SEED: Final = 20261130
_PAGE: Final = 500
"""Identities of one page."""
_TEAMS: Final = 200
_POLICIES: Final = 300
_ADMINISTRATORS: Final = 333
"""One in so many is administrator."""
_SERVICES: Final = ("s3", "sqs", "sns", "dynamodb", "lambda", "logs", "kms", "ec2", "rds", "ssm")
_VERBS: Final = ("GetObject", "SendMessage", "Publish", "GetItem", "PutItem", "DescribeItems", "ListItems", "Decrypt")


@dataclass(frozen=True, slots=True)
class Part:
    """A page of one section of one source."""

    source: str
    section: str
    records: list[Record]


def parts(identities: int) -> Iterator[Part]:
    """Yield an estate page by page.

    Args:
        identities: how many in all; ten grants each.
    """
    chance = random.Random(_SEED)  # noqa: S311 - the same every time is what is wanted
    yield Part("people/file", "people", list(_people()))
    yield Part("aws/111122223333", "iam/policies", list(_policies(chance)))
    for start in range(0, identities, _PAGE):
        numbers = range(start, min(start + _PAGE, identities))
        records = [record for number in numbers for record in _identity(number, identities, chance)]
        yield Part("aws/111122223333", f"iam/roles/{start}", records)
        declared = [_declaration(number) for number in numbers if number % 3]
        yield Part("pulumi/file", f"stacks/{start}", list(declared))


def arn(number: int) -> str:
    """Give the key of an identity."""
    return f"arn:aws:iam::111122223333:role/app/service-{number:06}"


def administrators(identities: int) -> list[str]:
    """Give the keys of all who are administrators by themselves."""
    return [arn(number) for number in range(0, identities, _ADMINISTRATORS)]


def _people() -> Iterator[Record]:
    for team in range(_TEAMS):
        yield FoundPerson(f"team-{team}", (f"team-{team}@example.com",), active=team % 10 != 0)


def _policies(chance: random.Random) -> Iterator[Record]:
    yield _document(_administrator(), "administration", _statement(["*"], "*"))
    yield FoundGrant(_administrator(), "*", "*", via="administration")
    for number in range(_POLICIES):
        actions = _actions(chance, 5)
        target = f"arn:aws:s3:::bucket-{number}/*"
        yield _document(_policy(number), f"policy-{number}", _statement(actions, target))
        for action in actions:
            yield FoundGrant(_policy(number), action, target, via=f"policy-{number}")


def _identity(number: int, identities: int, chance: random.Random) -> Iterator[Record]:
    key = arn(number)
    yield FoundIdentity(
        key=key,
        system=System.AWS,
        place="111122223333",
        kind="iam-role",
        name=f"service-{number:06}",
        unique_id=f"AROA{number:017}",
        created_at=NOW - timedelta(days=chance.randrange(1, 2000)),
        use=Use(NOW - timedelta(days=chance.randrange(0, 200)), NOW - timedelta(days=400)),
        marks={"team": f"team-{number % _TEAMS}"},
    )
    if number % 7:
        owner = f"team-{number % _TEAMS}@example.com"
        yield Knowledge(key, Subject.OWNER, owner, "mark team")
    yield Knowledge(key, Subject.ENVIRONMENT, ("prod", "stage", "dev")[number % 3], "mark env")
    if number % 5 == 0:
        made = NOW - timedelta(days=chance.randrange(1, 500))
        yield FoundCredential(key, "access-key", f"AKIA{number:016}", made, use=Use(made, NOW - timedelta(days=400)))
    yield FoundCarrier(key, _policy(number % _POLICIES), "managed-policy")
    if number % _ADMINISTRATORS == 0:
        yield FoundCarrier(key, _administrator(), "managed-policy")
    # Half of all may be assumed by a role that comes later, which makes chains of a few steps; the rest by a service.
    caller = arn(chance.randrange(number, identities)) if number % 2 else "lambda.amazonaws.com"
    yield FoundStep(caller, key, "assume")
    yield _document(key, "trust", _trust(caller), kind="trust policy")
    if number % 4 == 0:
        yield FoundDependent(key, "function", f"arn:aws:lambda:eu-central-1:111122223333:function:f-{number}")
    actions = _actions(chance, GRANTS_EACH)
    target = f"arn:aws:s3:::service-{number}/*"
    yield _document(key, "inline", _statement(actions, target))
    for action in actions:
        yield FoundGrant(key, action, target, via="inline")


def _declaration(number: int) -> Declaration:
    return Declaration(
        identity=arn(number),
        unique_id="",
        system=System.AWS,
        kind="iam-role",
        manager=Manager.PULUMI,
        where=f"shop/stack-{number % 900}/prod",
        address=f"urn:{number}",
    )


def _actions(chance: random.Random, many: int) -> list[str]:
    every = [f"{service}:{verb}" for service in _SERVICES for verb in _VERBS]
    return sorted(chance.sample(every, many))


def _policy(number: int) -> str:
    return f"arn:aws:iam::111122223333:policy/policy-{number}"


def _administrator() -> str:
    return "arn:aws:iam::111122223333:policy/administration"


def _statement(actions: list[str], target: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": target}


def _trust(caller: str) -> dict[str, Any]:
    kind = "AWS" if caller.startswith("arn:") else "Service"
    return {"Effect": "Allow", "Principal": {kind: caller}, "Action": "sts:AssumeRole"}


def _document(holder: str, name: str, statement: dict[str, Any], *, kind: str = "identity policy") -> FoundDocument:
    return FoundDocument(holder, kind, name, json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
