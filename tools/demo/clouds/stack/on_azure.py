"""On Azure: a managed identity of a pod on AKS, which sends to its queue and reads its secret."""

from typing import Any

import pulumi
from pulumi_azure_native import authorization, servicebus

import nhi_components as nhi
from nhi_components import azure

CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"


def declare(identity: dict[str, Any], *, shortcut: bool) -> dict[str, Any]:
    """Declare the identity; with the shortcut, somebody in a hurry makes it a contributor of the subscription."""
    config = pulumi.Config("demo")
    group = config.require("resource_group")
    queue = servicebus.Queue(
        "orders", queue_name="orders", namespace_name=config.require("bus"), resource_group_name=group
    )
    subscription = config.require("subscription")
    orders = azure.AksWorkloadIdentity(
        "orders-azure",
        identity=identity,
        subscription=subscription,
        resource_group=group,
        issuer=config.require("issuer"),
        namespace="shop",
        service_account="orders",
        grants=azure.intents.servicebus.send_to_queue(queue.id),
        secret=nhi.SecretSpec(description="signs order events"),
        vault=config.require("vault"),
    )
    if shortcut:
        scope = f"/subscriptions/{subscription}"
        authorization.RoleAssignment(
            "anything",
            scope=scope,
            principal_id=orders.principal_id,
            principal_type=authorization.PrincipalType.SERVICE_PRINCIPAL,
            role_definition_id=f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{CONTRIBUTOR}",
        )
    return {
        "lease": orders.lease_id,
        "client_id": orders.client_id,
        "queue": queue.name,
        "secret": orders.secret_name,
    }
