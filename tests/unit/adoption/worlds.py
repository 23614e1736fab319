"""Roles as a test writes them, a reader that knows them, and an inventory that has seen them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundDependent,
    FoundDocument,
    FoundIdentity,
    Knowledge,
    Record,
    Subject,
)
from nhi_components.core.links import System
from nhi_components.facts.aws.document import read_policy
from nhi_components.facts.aws.model import GrantDocument, PolicyKind
from nhi_components.facts.model import Resource
from nhi_components.lifecycle.adoption.ports import Role
from nhi_components.lifecycle.adoption.reduction import Held
from nhi_components.lifecycle.adoption.usage import NotKnown, ServiceUse, Usage
from nhi_components.lifecycle.discovery.ports import Page
from nhi_components.lifecycle.inventory.store import Inventory, open_inventory

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)
LONG_AGO = NOW - timedelta(days=400)
ACCOUNT = "111122223333"
ARN = f"arn:aws:iam::{ACCOUNT}:role/app/legacy"
QUEUE = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders"
TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
MANAGED = f"arn:aws:iam::{ACCOUNT}:policy/wide"


def allow(actions: str | list[str], resources: str | list[str] = QUEUE, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def deny(actions: str | list[str], resources: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {**allow(actions, resources, **more), "Effect": "Deny"}


def document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def held(*statements: Mapping[str, Any], via: str = "by-hand") -> list[Held]:
    """Statements as they hang on a role."""
    facts = read_policy(Resource(via, "policy"), "policy", document(*statements), PolicyKind.IDENTITY)
    return [Held(via, statement) for fact in facts if isinstance(fact, GrantDocument) for statement in fact.statements]


def used(since: datetime = LONG_AGO, **services: tuple[datetime | None, Mapping[str, datetime | None]]) -> Usage:
    """What is known of uses: by service when it was used, and when each tracked action was."""
    told = {
        prefix: ServiceUse(at, {name.lower(): on for name, on in of.items()}) for prefix, (at, of) in services.items()
    }
    return Usage("a test", since, told)


def role(
    *,
    inline: Mapping[str, dict[str, Any]] | None = None,
    managed: Mapping[str, dict[str, Any]] | None = None,
    trust: Mapping[str, Any] = TRUST,
    **changes: Any,
) -> Role:
    """A role with these policies."""
    inline = {"by-hand": document(allow("sqs:*"))} if inline is None else inline
    managed = managed or {}
    documents = [FoundDocument(ARN, PolicyKind.TRUST, "trust", json.dumps(document(trust)))]
    documents += [FoundDocument(ARN, PolicyKind.IDENTITY, name, json.dumps(each)) for name, each in inline.items()]
    documents += [
        FoundDocument(arn, PolicyKind.IDENTITY, arn.rpartition("/")[2], json.dumps(each))
        for arn, each in managed.items()
    ]
    usual = Role(
        "legacy",
        "/app/",
        "AROALEGACY0000001",
        LONG_AGO,
        3600,
        "",
        {"team": "pay"},
        tuple(managed),
        tuple(inline),
        tuple(documents),
    )
    return replace(usual, **changes)


@dataclass
class Reader:
    """Knows one role, and its uses."""

    known: Role | None
    uses: Usage | NotKnown

    def role(self, arn: str) -> Role | None:
        return self.known

    def usage(self, role: Role, arn: str) -> Usage | NotKnown:
        return self.uses


def records(known: Role, **changes: Any) -> list[Record]:
    """What a scan tells of a role."""
    identity = FoundIdentity(
        ARN, System.AWS, ACCOUNT, "iam-role", known.name, known.unique_id, LONG_AGO, marks=known.tags
    )
    boundary = [FoundCarrier(ARN, known.boundary, "permissions-boundary")] if known.boundary else []
    return [
        replace(identity, **changes),
        *known.documents,
        *(FoundCarrier(ARN, arn, "managed-policy") for arn in known.attached),
        *boundary,
        FoundDependent(ARN, "function", f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:orders"),
        Knowledge(ARN, Subject.OWNER, "payments", "mark team"),
        Knowledge(ARN, Subject.OWNER, "payments@example.com", "mark contact"),
        Knowledge(ARN, Subject.ENVIRONMENT, "Prod", "mark env"),
        Knowledge(ARN, Subject.PURPOSE, "sends order events", "mark purpose"),
    ]


def inventory(folder: Path, found: Iterable[Record]) -> Inventory:
    """An inventory that a scan has written these records into."""
    opened = open_inventory(folder / "inventory.db")
    scan = opened.begin(NOW)
    opened.open_sections(scan, f"aws/{ACCOUNT}", ["iam/roles"])
    opened.write(scan, f"aws/{ACCOUNT}", "iam/roles", Page(list(found)), NOW)
    opened.end(scan, NOW)
    return opened
