"""One stack over two subscriptions of Azure through explicit providers, by the double: each bundle in its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.engine.azure import AzureCloud, azure_program
from tests.engine.azure_access import everything, workload
from tests.engine.programs import IDENTITY, evidence
from tools.doubles.azure.subscriptions import GROUP, LOCATION, SUBSCRIPTION
from tools.lab.project import Project

MEDIA = "0b1f6e5a-3c1d-4b8e-9f57-5a0f5a6b7c02"
PLACES = {"shop": (SUBSCRIPTION, GROUP), "media": (MEDIA, "media")}


def over_two_subscriptions(azure: AzureCloud) -> str:
    url = azure.double.url
    connections = ", ".join(
        f"{name!r}: azure.Connection(endpoint={url!r}, authority={url!r}, subscriptions=({place!r},))"
        for name, (place, _) in PLACES.items()
    )
    statements = [f"ours = nhi.Provider('nhi', azure={{{connections}}})"]
    for name, (place, group) in PLACES.items():
        own = f"opts=pulumi.ResourceOptions(provider={name})"
        statements += [
            f"{name} = pulumi_azure_native.Provider({name!r}, subscription_id={place!r})",
            f"bus_of_{name} = pulumi_azure_native.servicebus.Namespace('bus-of-{name}', namespace_name='nhi-{name}', "
            f"resource_group_name={group!r}, location={LOCATION!r}, sku={{'name': 'Standard'}}, {own})",
            f"queue_of_{name} = pulumi_azure_native.servicebus.Queue('queue-of-{name}', queue_name='orders', "
            f"namespace_name=bus_of_{name}.name, resource_group_name={group!r}, {own})",
            f"of_{name} = azure.WorkloadIdentity('orders-{name}', identity={dict(IDENTITY)!r}, "
            f"subscription={place!r}, resource_group={group!r}, connection={name!r}, "
            f"grants=azure.intents.servicebus.send_to_queue(queue_of_{name}.id), "
            f"opts=pulumi.ResourceOptions(providers=[ours, {name}]))",
            f"pulumi.export({name!r}, {{'identity': of_{name}.identity_id, 'client': of_{name}.client_id, "
            f"'lease': of_{name}.lease_id}})",
        ]
    # The same grants in two subscriptions: one identity in each, as its template asks to be told.
    return azure_program(*statements).replace(
        "'expires'", "'shares_grants_because': 'the shop runs in two subscriptions', 'expires'"
    )


def alive(azure: AzureCloud, subscription: str) -> dict[str, list[str]]:
    """What there is in a subscription, by the double's own state."""
    inside, double = f"/subscriptions/{subscription}", azure.double
    with double.lock:
        roles = double.rbac.roles.custom.written.values()
        assigned = double.rbac.assignments.written.values()
        return {
            "identities": [str(each["id"]) for each in double.identities.by_id.values() if inside in each["id"]],
            "roles": [each.name for each in roles if inside in str(each.properties["assignableScopes"])],
            "assignments": [each.id for each in assigned if each.scope.startswith(inside)],
            "queues": [key for key in double.resources.by_id if inside in key and "/queues/" in key],
        }


def test_each_bundle_lives_in_its_own_subscription_and_one_destroy_empties_both(
    project: Callable[..., Project], azure: AzureCloud
) -> None:
    with azure.double.lock:
        azure.double.subscriptions.make(MEDIA, "media")
        azure.double.subscriptions.make_group(MEDIA, "media")
    stack = azure.reached_by(project(over_two_subscriptions(azure)))
    stack.up()
    outputs: dict[str, Any] = stack.outputs()
    sessions = {name: workload(azure, outputs[name]) for name in PLACES}
    for name, (place, _) in PLACES.items():
        found = alive(azure, place)
        assert found["identities"] == [outputs[name]["identity"]]
        assert {kind: len(those) for kind, those in found.items()} == dict.fromkeys(found, 1)
        sent = {other: sessions[name].may("POST", f"/servicebus/nhi-{other}/orders/messages", b"1") for other in PLACES}
        assert sent == {other: other == name for other in PLACES}
    assert "unchanged" in stack.up("--expect-no-changes").text

    stack.destroy()
    assert stack.resources() == []
    assert everything(azure) == {}
    for name, (place, _) in PLACES.items():
        assert not any(alive(azure, place).values())
        removed = evidence(stack, outputs[name]["lease"])["removals"]
        assert {row["link"]["connection"] for row in removed} == {name}
        assert all(row["absent_at"]["state"] == "at" for row in removed)
