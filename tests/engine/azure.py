"""Azure for tests on the engine: a double in the test's own process, programs, and what is asked of them.

    def test_something(project, azure):
        stack = azure.reached_by(project(azure_program(bus_queue(), azure_bundle(azure, grants=SEND))))
        stack.up()
        assert azure.double.identities.by_id

Pulumi's own resources go through the test plugins `pulumi-resource-azure-native` and `pulumi-resource-azuread`
(tools/plugins/azure, tools/plugins/azuread); our provider and the `nhi` command use azure-identity. All of them speak
as one operator, by a client secret, and believe the double's certificate by SSL_CERT_FILE and REQUESTS_CA_BUNDLE.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.engine.programs import IDENTITY
from tools.doubles.azure import AzureDouble
from tools.doubles.azure.subscriptions import GROUP, LOCATION, SUBSCRIPTION
from tools.doubles.tls import write_authority
from tools.lab.project import Project
from tools.plugins.azure.settings import environment_for

IN_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers"
BUS = "nhi-orders"
QUEUE = f"{IN_GROUP}/Microsoft.ServiceBus/namespaces/{BUS}/queues/orders"

SEND = (
    "[nhi.Grant(actions=['Microsoft.ServiceBus/namespaces/messages/send/action'], "
    "targets=[azure.LaterTarget(kind=azure.ResourceKind.SERVICE_BUS_QUEUE, name=queue.id)])]"
)
"""Source of grants on the queue that `bus_queue()` makes."""

_IMPORTS = """\
import pulumi
import pulumi_azure_native
import pulumi_azuread
import nhi_components as nhi
from nhi_components import azure
"""
_OUTPUTS = {
    "principal": "principal_id",
    "client": "client_id",
    "identity": "identity_id",
    "secret": "secret_name",
}


@dataclass(frozen=True)
class AzureCloud:
    """A double, and how it is reached.

    Attributes:
        double: the double itself.
        operator: the client id of who may do everything.
        environment: variables for the plugins, our own provider and `nhi`.
    """

    double: AzureDouble
    operator: str
    environment: Mapping[str, str] = field(repr=False)

    def reached_by(self, stack: Project) -> Project:
        """Let a project's commands reach the double, and return the project."""
        stack.environment.update(self.environment)
        return stack

    @property
    def provider(self) -> str:
        """The variable `ours`: our own provider, connected to the double."""
        url = self.double.url
        return (
            f"ours = nhi.Provider('nhi', azure={{'default': azure.Connection(endpoint={url!r}, authority={url!r}, "
            f"subscriptions=({SUBSCRIPTION!r},))}})"
        )

    def roles_of(self, principal: str) -> list[tuple[str, str]]:
        """The scopes and the names of the roles that are assigned to a principal, by its object id."""
        with self.double.lock:
            rbac = self.double.rbac
            own = [each for each in rbac.assignments.written.values() if each.principal == principal]
            found = [(each.scope, rbac.roles.find(each.role)) for each in own]
        return sorted((scope, role.name if role else "a role that is gone") for scope, role in found)


@contextmanager
def azure_cloud(folder: Path) -> Iterator[AzureCloud]:
    """A double with one operator; the certificate of its authority lies in the folder."""
    with AzureDouble() as double:
        variables, authority = double.ambient(), str(write_authority(folder))
        believed = {"SSL_CERT_FILE": authority, "REQUESTS_CA_BUNDLE": authority}
        environment = {**environment_for(double.url, variables, SUBSCRIPTION), **variables, **believed}
        yield AzureCloud(double, variables["AZURE_CLIENT_ID"], environment)


def azure_program(*statements: str) -> str:
    """A program of these, with `nhi`, `azure`, `pulumi`, `pulumi_azure_native` and `pulumi_azuread` at hand."""
    return "\n".join([_IMPORTS, *statements, ""])


def bus_queue(name: str = "orders") -> str:
    """The variables `bus` and `queue`: a queue of Service Bus in a namespace of its own; its id is exported."""
    return (
        f"bus = pulumi_azure_native.servicebus.Namespace({BUS!r}, namespace_name={BUS!r}, "
        f"resource_group_name={GROUP!r}, location={LOCATION!r}, sku={{'name': 'Standard'}}, disable_local_auth=True)\n"
        f"queue = pulumi_azure_native.servicebus.Queue({name!r}, queue_name={name!r}, namespace_name=bus.name, "
        f"resource_group_name={GROUP!r})\n"
        "pulumi.export('queue', queue.id)"
    )


def another_queue(name: str) -> str:
    """A further queue of Service Bus in the namespace of `bus_queue()`, which comes before it."""
    return (
        f"pulumi_azure_native.servicebus.Queue({name!r}, queue_name={name!r}, namespace_name=bus.name, "
        f"resource_group_name={GROUP!r})"
    )


def azure_bundle(
    cloud: AzureCloud,
    component: str = "orders-azure",
    *,
    identity: Mapping[str, Any] = IDENTITY,
    kind: str = "WorkloadIdentity",
    outputs: Mapping[str, str] = _OUTPUTS,
    **arguments: str,
) -> str:
    """Our provider, once a program, and a component that exports lease, ends and `outputs` under its own name.

    Args:
        cloud: where it is made.
        component: its name.
        identity: as data.
        kind: the class in `nhi_components.azure`.
        outputs: by the name that is exported, the attribute.
        arguments: source texts of further arguments, such as `grants=SEND`; `opts` must name the provider `ours`, and
            `resource_group` is given unless it is named here, also as "None" for a kind that takes none.
    """
    variable = component.replace("-", "_")
    defaults = {"opts": "pulumi.ResourceOptions(providers=[ours])", "resource_group": repr(GROUP)}
    told = {name: source for name, source in {**defaults, **arguments}.items() if source != "None"}
    given = "".join(f", {name}={source}" for name, source in told.items())
    shown = {"lease": "lease_id", "ends": "ends", **outputs}
    exported = ", ".join(f"{key!r}: {variable}.{attribute}" for key, attribute in shown.items())
    return (
        f"if 'ours' not in globals():\n    {cloud.provider}\n"
        f"{variable} = azure.{kind}({component!r}, identity={dict(identity)!r}, subscription={SUBSCRIPTION!r}{given})\n"
        f"pulumi.export({component!r}, {{{exported}}})"
    )
