"""The resources of our own provider, as a Pulumi program registers them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from nhi_components.core.connection import AwsConnection, VaultConnection
from nhi_components.core.model import Spec
from nhi_components.version import VERSION


class Provider(pulumi.ProviderResource):
    """Tells our provider how to reach the systems, now and at a destroy, when no program runs.

    References only; credentials are resolved from the ambient chain whenever they are needed.
    """

    def __init__(
        self,
        name: str,
        *,
        aws: Mapping[str, AwsConnection] | None = None,
        vault: Mapping[str, VaultConnection] | None = None,
        approver: str | None = None,
        reason: str | None = None,
        evidence: Mapping[str, Any] | None = None,
        deadline_seconds: float | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Configure the provider.

        Args:
            name: the resource's name.
            aws: AWS connections by name; `default` replaces the ambient one.
            vault: Vault connections by name, likewise.
            approver: who approved; the environment's NHI_APPROVER, or the CI's user, comes first.
            reason: why; NHI_REASON comes first.
            evidence: `directory`, `signer`, `anchor`, as docs/evidence.md tells.
            deadline_seconds: how long a destroy waits at most, instead of the documented figures.
            opts: resource options.
        """
        settings: dict[str, Any] = {
            "aws": _plain(aws),
            "vault": _plain(vault),
            "approval": {k: v for k, v in (("approver", approver), ("reason", reason)) if v} or None,
            "evidence": dict(evidence) if evidence else None,
            "deadlineSeconds": deadline_seconds,
        }
        properties = {key: json.dumps(value, sort_keys=True) for key, value in settings.items() if value is not None}
        super().__init__("nhi", name, properties, _versioned(opts))


class Lease(pulumi.CustomResource):
    """The life of one identity: registered first, deleted last."""

    def __init__(
        self,
        name: str,
        *,
        identity: Mapping[str, Any],
        stack: str,
        revocation: str,
        parts: Sequence[Mapping[str, Any]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        stamped = {"leaseId": None, "issued": None, "ends": None, "state": None}
        properties = {"identity": identity, "stack": stack, "revocation": revocation, "parts": parts, **stamped}
        super().__init__("nhi:index:Lease", name, properties, _versioned(opts))

    @property
    def lease_id(self) -> pulumi.Output[str]:
        """What everything that belongs to the lease bears; known at preview."""
        known: pulumi.Output[str] = pulumi.get(self, "leaseId")
        return known

    @property
    def issued(self) -> pulumi.Output[str]:
        """The UTC day of issue, as `YYYY-MM-DD`; known at preview."""
        known: pulumi.Output[str] = pulumi.get(self, "issued")
        return known

    @property
    def ends(self) -> pulumi.Output[str]:
        """The UTC day at whose start access ends, as `YYYY-MM-DD`; known at preview."""
        known: pulumi.Output[str] = pulumi.get(self, "ends")
        return known

    @property
    def state(self) -> pulumi.Output[str]:
        """`active` or `suspended`; known at preview."""
        known: pulumi.Output[str] = pulumi.get(self, "state")
        return known


class Seal(pulumi.CustomResource):
    """The last resource of a bundle: at destroy it goes first, and cuts everything off."""

    def __init__(self, name: str, *, properties: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("nhi:index:Seal", name, {**properties, "admitted": None}, _versioned(opts))

    @property
    def admitted(self) -> pulumi.Output[list[dict[str, Any]] | None]:
        """The links as their systems know them, with `kind`, `name`, `uniqueId`, `attributes`."""
        known: pulumi.Output[list[dict[str, Any]] | None] = pulumi.get(self, "admitted")
        return known


def _versioned(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(pulumi.ResourceOptions(version=VERSION), opts)


def _plain(connections: Mapping[str, Spec] | None) -> dict[str, Any] | None:
    if not connections:
        return None
    return {name: connection.model_dump(mode="json", exclude_defaults=True) for name, connection in connections.items()}
