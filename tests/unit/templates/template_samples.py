"""Identities and an organisation's files for the tests of templates."""

from __future__ import annotations

from datetime import date
from typing import Any

from nhi_components.core.identity import Kind
from nhi_components.core.spec import BundleSpec
from nhi_components.templates.in_force import changed
from nhi_components.templates.model import Template
from nhi_components.templates.organisation import parse_organisation
from nhi_components.templates.standard import standard

TODAY = date(2026, 6, 1)
QUEUE = "arn:aws:sqs:eu-central-1:111111111111:orders"
SEND = {"actions": ["sqs:SendMessage"], "targets": [QUEUE]}
OWNER = {"team": "orders", "email": "orders@example.com"}


def spec(kind: Kind = Kind.WORKLOAD, *, grants: Any = (SEND,), secret: Any = None, **identity: Any) -> BundleSpec:
    """A specification that each kind's standard template accepts, outside production."""
    fields = {
        "name": "orders",
        "environment": "dev",
        "kind": kind,
        "owner": OWNER,
        "purpose": "sends the events of orders",
        "expires": {"after_days": 30},
        "sponsor": "ada@example.com",
        **identity,
    }
    return BundleSpec.parse({"identity": fields, "grants": list(grants), "secret": secret})


def organisation_file(**kinds: Any) -> dict[str, Any]:
    return {"version": 1, "revision": "7", "kinds": {name.replace("_", "-"): change for name, change in kinds.items()}}


def template(kind: Kind = Kind.WORKLOAD, content: dict[str, Any] | None = None) -> Template:
    """The standard template, or what an organisation's file makes of it."""
    base = standard()
    if content is None:
        return base.template(kind)
    return changed(base.template(kind), kind, parse_organisation("file", content, base), base)
