"""An Entra application with a client secret on the real engine: made, suspended, restored, destroyed for good."""

from __future__ import annotations

from collections.abc import Callable

from tests.engine.azure import SEND, AzureCloud, azure_bundle, azure_program, bus_queue
from tests.engine.programs import IDENTITY
from tools.doubles.azure.directory import TENANT
from tools.doubles.azure.subscriptions import GROUP, LOCATION
from tools.lab.project import Project

VAULT = "nhi-vault"
_PROPERTIES = {
    "tenant_id": TENANT,
    "sku": {"family": "A", "name": "standard"},
    "enable_rbac_authorization": True,
}
_VAULT = (
    f"vault = pulumi_azure_native.keyvault.Vault('vault', vault_name={VAULT!r}, resource_group_name={GROUP!r}, "
    f"location={LOCATION!r}, properties={_PROPERTIES!r})"
)


def program(azure: AzureCloud, state: str) -> str:
    return azure_program(
        bus_queue(),
        _VAULT,
        azure_bundle(
            azure,
            identity={**IDENTITY, "kind": "service-account", "state": state},
            kind="AppIdentity",
            resource_group="None",
            why_not_federated="'the product signs in with a client secret, and with nothing else'",
            places=f"[{{'kind': 'key-vault', 'vault': {VAULT!r}}}]",
            grants=SEND.replace("name=queue.id", f"name=queue.id, resource_group={GROUP!r}"),
            opts="pulumi.ResourceOptions(providers=[ours], depends_on=[vault])",
            outputs={
                "principal": "principal_id",
                "client": "client_id",
                "key": "key_id",
                "version": "credential_version",
            },
        ),
    )


def test_it_lives_rests_and_goes_with_all_its_secrets(project: Callable[[str], Project], azure: AzureCloud) -> None:
    stack = azure.reached_by(project(program(azure, "active")))
    stack.up()
    made = stack.outputs()["orders-azure"]
    assert [scope.rpartition("/")[2] for scope, _ in azure.roles_of(made["principal"])] == ["orders"]
    assert made["version"] == 1

    stack.write({"__main__.py": program(azure, "suspended")})
    stack.up()
    assert azure.roles_of(made["principal"]) == []
    assert azure.double.directory.by_id[made["principal"]].facts["accountEnabled"] is False

    stack.write({"__main__.py": program(azure, "active")})
    stack.up()
    again = stack.outputs()["orders-azure"]
    assert (again["principal"], again["client"]) == (made["principal"], made["client"])
    assert len(azure.roles_of(made["principal"])) == 1
    assert again["key"] != made["key"]

    stack.destroy()
    assert azure.roles_of(made["principal"]) == []
    assert [each["displayName"] for each in azure.double.applications.by_id.values()] == ["operator"]
    assert not azure.double.applications.restorable()
    assert azure.double.vaults.by_name == {}
