"""The resources of our own provider, as a Pulumi program registers them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from nhi_components.core.connection import (
    AwsConnection,
    AzureConnection,
    GcpConnection,
    GitHubConnection,
    GitLabConnection,
    HostConnection,
    KubernetesConnection,
    ScimConnection,
    VaultConnection,
)
from nhi_components.core.credential.dependents import CommandHook, HttpHook
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
        gcp: Mapping[str, GcpConnection] | None = None,
        azure: Mapping[str, AzureConnection] | None = None,
        kubernetes: Mapping[str, KubernetesConnection] | None = None,
        github: Mapping[str, GitHubConnection] | None = None,
        gitlab: Mapping[str, GitLabConnection] | None = None,
        host: Mapping[str, HostConnection] | None = None,
        scim: Mapping[str, ScimConnection] | None = None,
        approver: str | None = None,
        reason: str | None = None,
        notify: Sequence[CommandHook | HttpHook] = (),
        evidence: Mapping[str, Any] | None = None,
        deadline_seconds: float | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Configure the provider.

        Args:
            name: the resource's name.
            aws: AWS connections by name; `default` replaces the ambient one.
            vault: Vault connections by name, likewise; so are the following.
            gcp: for Google Cloud.
            azure: for Azure and Entra.
            kubernetes: for Kubernetes clusters.
            github: for GitHub.
            gitlab: for GitLab.
            host: for files of the machine that delivers.
            scim: for identity providers; there is no ambient one.
            approver: who approved; the environment's NHI_APPROVER, or the CI's user, comes first.
            reason: why; NHI_REASON comes first.
            notify: who is told when a key leaked: commands and web hooks.
            evidence: `directory`, `signer`, `anchor`, as docs/evidence.md tells.
            deadline_seconds: how long a destroy waits at most, instead of the documented figures.
            opts: resource options.
        """
        settings: dict[str, Any] = {
            "aws": _plain(aws),
            "vault": _plain(vault),
            "gcp": _plain(gcp),
            "azure": _plain(azure),
            "kubernetes": _plain(kubernetes),
            "github": _plain(github),
            "gitlab": _plain(gitlab),
            "host": _plain(host),
            "scim": _plain(scim),
            "approval": {k: v for k, v in (("approver", approver), ("reason", reason)) if v} or None,
            "notify": [hook.model_dump(mode="json", exclude_none=True) for hook in notify] or None,
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


class Credential(pulumi.CustomResource):
    """A credential that our provider issues, delivers and rotates; its value is in none of its properties."""

    def __init__(self, name: str, *, properties: Mapping[str, Any], opts: pulumi.ResourceOptions | None = None) -> None:
        known = {"keyId": None, "version": None, "issuedAt": None, "dueAt": None}
        super().__init__("nhi:index:Credential", name, {**properties, **known}, _versioned(opts))

    @property
    def key_id(self) -> pulumi.Output[str | None]:
        """The source's own id of the key that every place holds; None while suspended without one."""
        known: pulumi.Output[str | None] = pulumi.get(self, "keyId")
        return known

    @property
    def version(self) -> pulumi.Output[int | None]:
        """How many keys have been delivered, this one included: dependents that take it as an input roll with it."""
        known: pulumi.Output[int | None] = pulumi.get(self, "version")
        return known

    @property
    def issued_at(self) -> pulumi.Output[str | None]:
        """When the key was made, ISO 8601 in UTC."""
        known: pulumi.Output[str | None] = pulumi.get(self, "issuedAt")
        return known

    @property
    def due_at(self) -> pulumi.Output[str | None]:
        """From when on it is replaced, ISO 8601 in UTC."""
        known: pulumi.Output[str | None] = pulumi.get(self, "dueAt")
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
