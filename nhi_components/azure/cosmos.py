"""Roles on the data of Cosmos DB for NoSQL, which each account keeps itself: definitions and assignments below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_azure_native import cosmosdb

from nhi_components.azure.granting import role_attributes, role_label
from nhi_components.azure.principals import Principal
from nhi_components.core.azure_grant import RoleNeeded
from nhi_components.core.azure_links import ACCOUNT, DIGEST, PRINCIPAL
from nhi_components.core.azure_names import (
    assignment_guid,
    cosmos_assignment_id,
    cosmos_role_id,
    role_guid,
    role_name,
)
from nhi_components.core.azure_resource import CosmosScope, Target
from nhi_components.core.identity import Identity
from nhi_components.core.lease_id import suffix_of
from nhi_components.core.links import LinkKind

if TYPE_CHECKING:
    from nhi_components.azure.bundle import AzureBundle


def cosmos_role(
    bundle: AzureBundle, identity: Identity, role: RoleNeeded, target: pulumi.Output[Target]
) -> cosmosdb.SqlResourceSqlRoleDefinition:
    """Make a role of an account's own, which bears the lease in its name: it takes neither tags nor a description.

    Args:
        bundle: whose it is.
        identity: the bundle's.
        role: what it permits.
        target: the account, or something in it.
    """
    account = _account_of(role, target)
    place = _role_place(bundle, role, account)
    made = cosmosdb.SqlResourceSqlRoleDefinition(
        f"{bundle.name}-role-{role_label(role)}",
        account_name=account.apply(lambda known: known.rpartition("/")[2]),
        resource_group_name=target.apply(lambda known: known.resource_group),
        role_definition_id=place.apply(_last),
        role_name=pulumi.Output.all(place, bundle.lease_id).apply(
            lambda known: role_name(identity.name, identity.environment, suffix_of(known[1]), _last(known[0]))
        ),
        type=cosmosdb.RoleDefinitionType.CUSTOM_ROLE,
        assignable_scopes=[account],
        permissions=[cosmosdb.PermissionArgs(data_actions=list(role.data_actions))],
        opts=bundle.child_options(),
    )
    attributes: dict[str, pulumi.Input[str]] = {**role_attributes(role), ACCOUNT: account}
    bundle.link(LinkKind.AZURE_ROLE_DEFINITION, place, made, attributes=attributes)
    return made


def assign_in_account(
    bundle: AzureBundle,
    name: str,
    principal: Principal,
    role: RoleNeeded,
    target: pulumi.Output[Target],
    *,
    after: pulumi.Resource | None,
) -> None:
    """Assign a role of an account's own to a principal while the identity is active.

    Args:
        bundle: whose it is.
        name: of the resource of Pulumi.
        principal: who gets it.
        role: a custom one, or one that every account has.
        target: the account, or a database or container in it.
        after: the custom role; None for a built-in one.
    """
    account = _account_of(role, target)
    scope = target.apply(lambda known: _cosmos(known).scope)
    which = (
        account.apply(lambda known: cosmos_role_id(known, role.built_in))
        if role.built_in
        else _role_place(bundle, role, account)
    )
    told = pulumi.Output.all(bundle.lease_id, scope, which, principal.name)
    guid = told.apply(lambda known: assignment_guid(*known))
    before = [principal.made, *([after] if after is not None else [])]
    bundle.while_active(
        lambda: cosmosdb.SqlResourceSqlRoleAssignment(
            name,
            account_name=account.apply(_last),
            resource_group_name=target.apply(lambda known: known.resource_group),
            role_assignment_id=guid,
            role_definition_id=which,
            principal_id=principal.object_id,
            scope=scope,
            opts=bundle.child_options(*before),
        )
    )
    place = pulumi.Output.all(account, guid).apply(lambda known: cosmos_assignment_id(*known))
    attributes: dict[str, pulumi.Input[str]] = {PRINCIPAL: principal.name, ACCOUNT: account}
    bundle.link(LinkKind.AZURE_ROLE_ASSIGNMENT, place, attributes=attributes, active_only=True)


def _role_place(bundle: AzureBundle, role: RoleNeeded, account: pulumi.Output[str]) -> pulumi.Output[str]:
    digest = role_attributes(role)[DIGEST]
    return pulumi.Output.all(bundle.lease_id, account).apply(
        lambda known: cosmos_role_id(known[1], role_guid(known[0], known[1], digest))
    )


def _account_of(role: RoleNeeded, target: pulumi.Output[Target]) -> pulumi.Output[str]:
    """Give the account's id, as its role is known by where it is known now."""
    if role.account:
        return pulumi.Output.from_input(role.account)
    return target.apply(lambda known: _cosmos(known).account)


def _cosmos(target: Target) -> CosmosScope:
    if target.cosmos is None:
        raise ValueError(f"nothing of a Cosmos DB account: {target.scope}")
    return target.cosmos


def _last(name: str) -> str:
    return name.rpartition("/")[2]
