"""What every identity on Azure is made of: a principal, its roles, and their assignments at the smallest scopes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pulumi
from pulumi_azure_native import authorization

from nhi_components.azure.cosmos import assign_in_account, cosmos_role
from nhi_components.azure.granting import (
    custom_roles,
    role_attributes,
    role_label,
    short_name,
    target_at_deployment,
)
from nhi_components.azure.principals import Principal
from nhi_components.azure.spec import AzureBundleSpec
from nhi_components.bundle import Bundle
from nhi_components.core.azure_grant import AssignmentNeeded, RoleNeeded, assignments_needed
from nhi_components.core.azure_links import PRINCIPAL, PRINCIPAL_ID
from nhi_components.core.azure_names import (
    assignment_guid,
    assignment_id,
    group_scope,
    role_id,
    role_name,
    subscription_scope,
)
from nhi_components.core.azure_resource import LaterTarget, Target
from nhi_components.core.connection import DEFAULT
from nhi_components.core.grant import Grant
from nhi_components.core.lease_id import name_of, suffix_of
from nhi_components.core.links import LinkKind, System
from nhi_components.core.tags import marked_description

_LONGEST_DESCRIPTION = 512
"""Bytes; of a role and an assignment, the recommended maximum (Azure RBAC documentation, conditions 'FAQ')."""

SERVICE_PRINCIPAL = authorization.PrincipalType.SERVICE_PRINCIPAL
"""Told along with each assignment, so that Azure looks for no principal that its directory does not show yet."""

Roles = Mapping[RoleNeeded, pulumi.Resource]


class AzureBundle(Bundle):
    """One identity on Azure: what every kind makes its roles and assignments with.

    Azure knows no assignment that ends: the end is recorded, and an identity is suspended at its end, when every
    assignment is removed.
    """

    system = System.AZURE

    _spec: AzureBundleSpec

    def __init__(
        self,
        name: str,
        spec: AzureBundleSpec,
        *,
        connection: str = DEFAULT,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        self._spec = spec
        self._account_roles: dict[RoleNeeded, pulumi.Resource] = {}
        super().__init__(name, spec, connection=connection, opts=opts)

    @staticmethod
    def declared_targets(grant: Grant) -> list[pulumi.Input[str]]:
        """Show the id of a target that is known at deployment only."""
        return [target.name if isinstance(target, LaterTarget) else target for target in grant.targets]

    @property
    def resource_group(self) -> str:
        """The resource group in which a target lies that does not tell; empty for none."""
        return ""

    @property
    def told(self) -> str:
        """What descriptions tell beside the lease: what the identity is for."""
        return self._identity.purpose

    @property
    def description(self) -> pulumi.Output[str]:
        """What roles and assignments bear, which take no tags; known at preview."""
        return self.lease_id.apply(lambda lease_id: marked_description(self.told, lease_id, _LONGEST_DESCRIPTION))

    def role_parts(self, grants: Sequence[Grant]) -> list[tuple[LinkKind, Mapping[str, str]]]:
        """Declare the custom roles that grants need; of one in an account that is not known yet, the seal tells."""
        needed = custom_roles(grants, self._spec.subscription, self.resource_group)
        told = [role for role in needed if role.account or not role.is_cosmos]
        return [(LinkKind.AZURE_ROLE_DEFINITION, role_attributes(role)) for role in told]

    def roles(self, grants: Sequence[Grant]) -> Roles:
        """Make the custom roles of Azure RBAC that grants need, each once."""
        needed = custom_roles(grants, self._spec.subscription, self.resource_group)
        return {role: self._role(role) for role in needed if not role.is_cosmos}

    def grant(self, principal: Principal, grants: Sequence[Grant], roles: Roles) -> None:
        """Assign a principal's roles at the scopes that they are granted at.

        Args:
            principal: the principal.
            grants: what it may do.
            roles: at least the custom roles of Azure RBAC that these grants need.
        """
        before: list[AssignmentNeeded] = []
        for needed in assignments_needed(grants, self._spec.subscription, self.resource_group):
            target, role = target_at_deployment(needed, before), needed.role
            name = f"{principal.label}-{short_name(needed)}"
            if role.is_cosmos:
                self._grant_in_account(name, principal, role, target)
            else:
                which = role_id(role.subscription, role.built_in) if role.built_in else self._role_id(role)
                after = [roles[role]] if role in roles else []
                self.assign(name, target.apply(lambda known: known.scope), which, principal, after=after)
            before.append(needed)

    def assign(
        self,
        name: str,
        scope: pulumi.Input[str],
        role: pulumi.Input[str],
        principal: Principal,
        *,
        after: Iterable[pulumi.Resource] = (),
    ) -> None:
        """Assign a role to a principal of the bundle while the identity is active.

        Args:
            name: of the resource of Pulumi.
            scope: where.
            role: the role definition's resource id.
            principal: who gets it.
            after: what has to be there before, such as the role.
        """
        attributes = {PRINCIPAL: principal.name}
        self._assign(name, scope, role, principal.name, principal.object_id, attributes, (principal.made, *after))

    def assign_to_other(
        self, name: str, scope: pulumi.Input[str], role: str, object_id: pulumi.Input[str], after: pulumi.Resource
    ) -> None:
        """Assign a role to a service principal that is none of the bundle's, likewise."""
        self._assign(name, scope, role, object_id, object_id, {PRINCIPAL_ID: object_id}, (after,))

    def _assign(
        self,
        name: str,
        scope: pulumi.Input[str],
        role: pulumi.Input[str],
        principal: pulumi.Input[str],
        object_id: pulumi.Input[str],
        attributes: Mapping[str, pulumi.Input[str]],
        after: Iterable[pulumi.Resource],
    ) -> None:
        guid = pulumi.Output.all(self.lease_id, scope, role, principal).apply(lambda known: assignment_guid(*known))
        place = pulumi.Output.all(scope, guid).apply(lambda known: assignment_id(*known))
        self.while_active(
            lambda: authorization.RoleAssignment(
                name,
                scope=scope,
                role_assignment_name=guid,
                role_definition_id=role,
                principal_id=object_id,
                principal_type=SERVICE_PRINCIPAL,
                description=self.description,
                opts=self.child_options(*after),
            )
        )
        self.link(LinkKind.AZURE_ROLE_ASSIGNMENT, place, attributes=attributes, active_only=True)

    def _grant_in_account(
        self, name: str, principal: Principal, role: RoleNeeded, target: pulumi.Output[Target]
    ) -> None:
        if not role.account:
            # Another principal's target may turn out to be in another account.
            role = replace(role, label=f"{role.label} {principal.label}")
        if not role.built_in and role not in self._account_roles:
            self._account_roles[role] = cosmos_role(self, self._identity, role, target)
        assign_in_account(self, name, principal, role, target, after=self._account_roles.get(role))

    def _role_id(self, role: RoleNeeded) -> pulumi.Output[str]:
        identity, attributes = self._identity, role_attributes(role)
        kind = LinkKind.AZURE_ROLE_DEFINITION
        return self.lease_id.apply(lambda it: name_of(kind, identity.name, identity.environment, it, attributes))

    def _role(self, role: RoleNeeded) -> authorization.RoleDefinition:
        identity, place = self._identity, self._role_id(role)
        guid = place.apply(lambda known: known.rpartition("/")[2])
        made = authorization.RoleDefinition(
            f"{self.name}-role-{role_label(role)}",
            scope=subscription_scope(role.subscription),
            role_definition_id=guid,
            role_name=pulumi.Output.all(guid, self.lease_id).apply(
                lambda known: role_name(identity.name, identity.environment, suffix_of(known[1]), known[0])
            ),
            role_type="CustomRole",
            description=self.description,
            permissions=[
                authorization.PermissionArgs(
                    actions=list(role.actions),
                    not_actions=[],
                    data_actions=list(role.data_actions),
                    not_data_actions=[],
                )
            ],
            assignable_scopes=[group_scope(role.subscription, role.resource_group)],
            opts=self.child_options(),
        )
        self.link(LinkKind.AZURE_ROLE_DEFINITION, place, made, attributes=role_attributes(role))
        return made
