"""Pulumi mocks: they show which resources a component registers, and with what; the real engine is in tests/engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, set_mocks

from nhi_components import retention

LEASE_ID = "lease-abcdefghijklmnop"


class Recorder(mocks.Mocks):
    """Answers as the engine and the providers would, and remembers every registration."""

    def __init__(self) -> None:
        self.registered: list[dict[str, Any]] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Remember it, with the outputs that the components use."""
        self.registered.append({"type": args.typ, "name": args.name, "inputs": args.inputs})
        outputs = dict(args.inputs)
        if args.typ == "nhi:index:Lease":
            outputs |= {
                "leaseId": LEASE_ID,
                "issued": "2026-01-01",
                "ends": "2026-12-31",
                "state": _state_of(args.inputs),
            }
        if args.typ.startswith("aws:"):
            outputs |= {"arn": f"arn:aws:mock:::{args.inputs.get('name')}", "uniqueId": f"unique-{args.name}"}
        if args.typ == "aws:eks/podIdentityAssociation:PodIdentityAssociation":
            outputs |= {"associationId": f"id-of-{args.name}"}
        if args.typ.startswith("kubernetes:"):
            outputs["metadata"] = {**args.inputs["metadata"], "uid": f"uid-of-{args.name}"}
        if args.typ == "gcp:serviceaccount/account:Account":
            outputs |= {"uniqueId": f"unique-{args.name}"}
        if args.typ == "azure-native:managedidentity:UserAssignedIdentity":
            outputs |= {name: f"{name}-of-{args.name}" for name in ("principalId", "clientId", "tenantId")}
        if args.typ.startswith("azuread:"):
            names = ("objectId", "clientId", "applicationTenantId")
            outputs |= {name: f"{name}-of-{args.name}" for name in names if name not in args.inputs}
        if args.typ == "vault:appRole/authBackendRole:AuthBackendRole":
            outputs |= {"roleId": "role-id"}
        return f"{args.name}-id", outputs

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        """Answer the functions that are called."""
        if args.token == "pulumi:pulumi:readStackResourceOutputs":
            return {"outputs": {}}
        assert args.token == "vault:index/getAuthBackend:getAuthBackend", args.token
        return {"accessor": f"accessor-of-{args.args['path']}"}


def _state_of(lease: dict[str, Any]) -> str:
    """An identity of that name is suspended; every other is active."""
    return "suspended" if lease["identity"]["name"] == "suspended" else "active"


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], list[dict[str, Any]]]:
    """`registered(program)`: run a program under mocks and return what it registered, in order."""
    monkeypatch.setattr(retention, "guard_against_retention", lambda: None)
    monkeypatch.setattr("nhi_components.bundle.guard_against_retention", lambda: None)

    def run(program: Callable[[], object]) -> list[dict[str, Any]]:
        recorder = Recorder()
        asyncio.set_event_loop(asyncio.new_event_loop())
        set_mocks(recorder, project="shop", stack="dev", preview=False)
        pulumi.runtime.test(program)()
        return recorder.registered

    return run


IDENTITY: dict[str, Any] = {
    "name": "orders",
    "environment": "dev",
    "owner": {"team": "payments", "email": "payments@example.com"},
    "purpose": "send order events",
    "expires": date(2026, 12, 31),
}
