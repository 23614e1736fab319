"""What every component does: Lease first, Seal last, everything else between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pulumi

from nhi_components.core.connection import DEFAULT
from nhi_components.core.lease_id import name_of
from nhi_components.core.links import LinkKind, System
from nhi_components.core.spec import WorkloadSpec
from nhi_components.core.tags import LeaseTags
from nhi_components.refusal import ProgramRefused
from nhi_components.resources import Lease, Seal
from nhi_components.retention import guard_against_retention, retention_problem


class Bundle(pulumi.ComponentResource):
    """One identity on one system: its lease, its linked resources, its seal.

    Attributes:
        lease_id: what everything that belongs to it bears.
        ends: the UTC day at whose start access ends, as `YYYY-MM-DD`.
    """

    lease_id: pulumi.Output[str]
    ends: pulumi.Output[str]

    def __init__(
        self,
        token: str,
        name: str,
        *,
        system: System,
        spec: WorkloadSpec,
        parts: Sequence[tuple[LinkKind, Mapping[str, str]]],
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        _refuse_own_retention(name, opts)
        guard_against_retention()
        fields = spec.identity.model_dump(mode="json", exclude_none=True)
        # As structure, so that a policy pack sees the actions while a target is unknown.
        grants = [{"actions": list(grant.actions), "targets": list(grant.targets)} for grant in spec.grants]
        super().__init__(token, name, {"identity": fields, "grants": grants}, _not_inheriting_retention(opts))
        self._name, self._identity, self._system, self._connection = name, spec.identity, system, connection
        self._stack = f"{pulumi.get_project()}/{pulumi.get_stack()}"
        self._links: list[dict[str, Any]] = []
        self._linked: list[pulumi.Resource] = []
        self._lease = Lease(
            f"{name}-lease",
            identity=fields,
            stack=self._stack,
            parts=[
                {"system": str(system), "connection": connection, "kind": str(kind), "attributes": dict(attributes)}
                for kind, attributes in parts
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.lease_id, self.ends = self._lease.lease_id, self._lease.ends

    def name_of(self, kind: LinkKind) -> pulumi.Output[str]:
        """Tell the physical name of the linked resource of that kind; known at preview."""
        identity, environment = self._identity.name, self._identity.environment
        return self.lease_id.apply(lambda lease_id: name_of(kind, identity, environment, lease_id))

    @property
    def tags(self) -> pulumi.Output[dict[str, str]]:
        """The tags that everything of this bundle bears."""
        return pulumi.Output.all(self.lease_id, self.ends).apply(lambda known: self._lease_tags(*known).to_tags())

    @property
    def metadata(self) -> pulumi.Output[dict[str, str]]:
        """The same for systems whose keys take no colon, such as Vault's metadata."""
        return pulumi.Output.all(self.lease_id, self.ends).apply(lambda known: self._lease_tags(*known).to_metadata())

    def child_options(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        """Make the options of a linked resource: a child that comes after the lease.

        Its physical name is the lease's, so a replacement can be made only once its predecessor is gone.
        """
        return pulumi.ResourceOptions(parent=self, depends_on=[self._lease, *depends_on], delete_before_replace=True)

    def link(
        self,
        kind: LinkKind,
        name: pulumi.Input[str],
        *resources: pulumi.Resource,
        unique_id: pulumi.Input[str] | None = None,
        attributes: Mapping[str, pulumi.Input[str]] | None = None,
    ) -> None:
        """Hand a linked resource to the seal: where it is, its unique id, and what its adapter needs."""
        link: dict[str, Any] = {
            "system": str(self._system),
            "connection": self._connection,
            "kind": str(kind),
            "name": name,
            "uniqueId": unique_id,
            "attributes": dict(attributes) if attributes else None,
        }
        self._links.append({key: value for key, value in link.items() if value is not None})
        self._linked += resources

    def seal(self, outputs: Mapping[str, Any]) -> None:
        """Register the seal after everything else, and the component's outputs."""
        properties = {
            "leaseId": self.lease_id,
            "identity": self._identity.name,
            "environment": self._identity.environment,
            "owner": self._identity.owner.email,
            "purpose": self._identity.purpose,
            "issued": self._lease.issued,
            "ends": self.ends,
            "stack": self._stack,
            "links": self._links,
        }
        Seal(f"{self._name}-seal", properties=properties, opts=self.child_options(*self._linked))
        self.register_outputs({**outputs, "leaseId": self.lease_id, "ends": self.ends})

    def _lease_tags(self, lease_id: str, ends: str) -> LeaseTags:

        identity = self._identity
        return LeaseTags(
            lease=lease_id,
            identity=identity.name,
            environment=identity.environment,
            owner=identity.owner.email,
            purpose=identity.purpose,
            ends=date.fromisoformat(ends),
            stack=self._stack,
        )


def _refuse_own_retention(name: str, opts: pulumi.ResourceOptions | None) -> None:
    if opts is not None and opts.retain_on_delete:
        raise ProgramRefused(f"component {name!r}", [retention_problem("opts.retain_on_delete")])


def _not_inheriting_retention(opts: pulumi.ResourceOptions | None) -> pulumi.ResourceOptions:
    """Say no ourselves: the engine lets a component that says nothing retain what its parent retains."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(retain_on_delete=False))
