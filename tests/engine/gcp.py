"""Google Cloud for tests on the engine: a double in the test's own process, programs, and what is asked of them.

    def test_something(project, gcp):
        stack = gcp.reached_by(project(gcp_program(topic(), gcp_bundle(gcp, grants=PUBLISH))))
        stack.up()
        assert gcp.double.accounts.by_email

Pulumi's own resources go through the test plugin `pulumi-resource-gcp` (tools/plugins/gcp); our provider and the `nhi`
command reach the double with an operator's key file, through `nhi.Provider`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.engine.programs import IDENTITY
from tools.doubles.gcp.double import PROJECT, GcpDouble
from tools.lab.gate import Gate
from tools.lab.project import Project
from tools.plugins.gcp.settings import environment_for

TOKEN = "operators-token"

PUBLISH = (
    "[nhi.Grant(actions=['pubsub.topics.publish'], "
    "targets=[gcp.LaterTarget(kind=gcp.ResourceKind.TOPIC, name=topic.id)])]"
)
"""Source of grants on the topic that `topic()` makes."""

_IMPORTS = """\
import pulumi
import pulumi_gcp
import nhi_components as nhi
from nhi_components import gcp
"""
_OUTPUTS = {"email": "email", "member": "member", "unique_id": "unique_id", "secret": "secret_name"}


@dataclass(frozen=True)
class GoogleCloud:
    """A double, and how it is reached.

    Attributes:
        double: the double itself.
        operator: the address of the account that may do everything.
        key_file: that account's key, for google-auth.
        environment: variables for the plugin, our own provider and `nhi`.
        url: at which our own provider and `nhi` reach it.
    """

    double: GcpDouble
    operator: str
    key_file: Path
    environment: Mapping[str, str]
    url: str

    def through(self, gate: Gate) -> GoogleCloud:
        """The same, reached through a gate by the plugin, our own provider and `nhi`."""
        environment = {**self.environment, **environment_for(gate.url, TOKEN, PROJECT)}
        return replace(self, environment=environment, url=gate.url)

    def reached_by(self, stack: Project) -> Project:
        """Let a project's commands reach the double, and return the project."""
        stack.environment.update(self.environment)
        return stack

    @property
    def provider(self) -> str:
        """The variable `ours`: our own provider, connected to the double."""
        return (
            f"ours = nhi.Provider('nhi', gcp={{'default': gcp.Connection(endpoint={self.url!r}, "
            f"projects=({PROJECT!r},))}})"
        )

    def bindings(self, resource: str) -> list[dict[str, Any]]:
        """The bindings on a resource, by its relative name, with their conditions."""
        with self.double.lock:
            found: list[dict[str, Any]] = self.double.policies.get(resource, 3).get("bindings", [])
        return found

    def members(self, resource: str, role: str) -> list[str]:
        """Who has a role on a resource, under whatever condition."""
        return sorted(m for each in self.bindings(resource) if each["role"] == role for m in each["members"])


@contextmanager
def google_cloud(folder: Path, project: str = PROJECT) -> Iterator[GoogleCloud]:
    """A double with one operator, whose key file lies in the folder."""
    with GcpDouble() as double:
        key_file = double.ambient(folder, project=project)
        operator = f"operator@{project}.iam.gserviceaccount.com"
        # It does not end when the double's clock is moved, as one that is issued would.
        double.grant(TOKEN, operator)
        environment = environment_for(double.url, TOKEN, project) | {
            "GOOGLE_APPLICATION_CREDENTIALS": str(key_file),
            "GOOGLE_CLOUD_PROJECT": project,
        }
        yield GoogleCloud(double, operator, key_file, environment, double.url)


def gcp_program(*statements: str) -> str:
    """A program of these statements, with `nhi`, `gcp`, `pulumi` and `pulumi_gcp` at hand."""
    return "\n".join([_IMPORTS, *statements, ""])


def topic(name: str = "orders") -> str:
    """The variable `topic`: a topic of Pub/Sub, exported by its relative name as `topic`."""
    return f"topic = pulumi_gcp.pubsub.Topic({name!r}, name={name!r})\npulumi.export('topic', topic.id)"


def bucket(name: str = "nhi-orders") -> str:
    """The variable `bucket`: a bucket with uniform access that goes with its objects, exported by its name."""
    return (
        f"bucket = pulumi_gcp.storage.Bucket({name!r}, name={name!r}, location='EU', force_destroy=True, "
        "uniform_bucket_level_access=True)\npulumi.export('bucket', bucket.name)"
    )


def gcp_bundle(
    cloud: GoogleCloud,
    component: str = "orders-gcp",
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
        kind: the class in `nhi_components.gcp`.
        outputs: by the name that is exported, the attribute.
        arguments: source texts of further arguments, such as `grants=PUBLISH` or `secret="nhi.SecretSpec()"`; `opts`
            must name the provider `ours`.
    """
    variable = component.replace("-", "_")
    arguments.setdefault("opts", "pulumi.ResourceOptions(providers=[ours])")
    given = "".join(f", {name}={source}" for name, source in arguments.items())
    shown = {"lease": "lease_id", "ends": "ends", **outputs}
    exported = ", ".join(f"{key!r}: {variable}.{attribute}" for key, attribute in shown.items())
    return (
        f"if 'ours' not in globals():\n    {cloud.provider}\n"
        f"{variable} = gcp.{kind}({component!r}, identity={dict(identity)!r}, project={PROJECT!r}{given})\n"
        f"pulumi.export({component!r}, {{{exported}}})"
    )
