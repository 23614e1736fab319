"""Records as discoveries write them, and what the verdicts on paths say of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nhi_components.core.inventory.records import (
    FoundCarrier,
    FoundDocument,
    FoundGrant,
    FoundIdentity,
    FoundStep,
    Record,
)
from nhi_components.core.links import LinkKind, System
from nhi_components.facts.documents import DocumentKind
from nhi_components.lifecycle.adapters.aws.found_documents import grants_in, steps_in
from nhi_components.lifecycle.adapters.gcp.grants_of_policy import grants_on
from nhi_components.lifecycle.discovery.ports import Page
from nhi_components.lifecycle.inventory.store import open_inventory
from nhi_components.lifecycle.verdicts.estate import Estate, duckdb_estate, export
from nhi_components.lifecycle.verdicts.paths import path_to_admin
from nhi_components.lifecycle.verdicts.powers import over_privileged
from nhi_components.lifecycle.verdicts.readings import Readings
from tests.unit.verdicts.planting import NOW

ACCOUNT, OTHER = "111122223333", "444455556666"
ADMINISTRATOR = {"Effect": "Allow", "Action": "*", "Resource": "*"}
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
VAULT = "vault-cluster-1"
CLUSTER = "11111111-2222-3333-4444-555555555555"
Told = dict[str, tuple[str, str]]
"""Degree and reason by key."""


def write(folder: Path, worlds: Iterable[tuple[str, Sequence[Record]]]) -> None:
    """Write the records of sources, `SYSTEM/PLACE`, as an estate."""
    inventory = open_inventory(str(folder / "inventory.db"))
    number = inventory.begin(NOW)
    for at, (source, records) in enumerate(worlds):
        inventory.write(number, source, f"section {at}", Page(records), NOW)
    tables = folder / "estate"
    tables.mkdir()
    export(inventory, tables)
    inventory.close()


@contextmanager
def estate_of(*worlds: tuple[str, Sequence[Record]]) -> Iterator[Estate]:
    with TemporaryDirectory() as folder:
        write(Path(folder), worlds)
        with duckdb_estate(Path(folder) / "estate") as estate:
            yield estate


def verdicts_of(estate: Estate) -> tuple[Told, Told]:
    """What an estate's identities may do, and which have a way to an administrator."""
    readings = Readings(estate, NOW)
    tables = (over_privileged(estate, readings=readings), path_to_admin(estate, readings=readings))
    powers, ways = ({row["key"]: (row["degree"], row["reason"]) for row in t.to_pyarrow().to_pylist()} for t in tables)
    return powers, ways


def judged(*worlds: tuple[str, Sequence[Record]]) -> tuple[Told, Told]:
    with estate_of(*worlds) as estate:
        return verdicts_of(estate)


def in_aws(*records: Iterable[Record], account: str = ACCOUNT) -> tuple[str, Sequence[Record]]:
    return f"aws/{account}", [record for each in records for record in each]


def arn(name: str, account: str = ACCOUNT, kind: str = "role") -> str:
    return f"arn:aws:iam::{account}:{kind}/{name}"


def trusting(principal: Any, action: str = "sts:AssumeRole", **condition: Any) -> dict[str, Any]:
    """A trust that lets a principal in."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return statement | ({"Condition": condition} if condition else {})


def allow(action: Any, resource: Any = "*", **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


def deny(action: Any, resource: Any = "*") -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def principal(
    name: str,
    *statements: dict[str, Any],
    trust: dict[str, Any] | None = None,
    kind: str = "role",
    account: str = ACCOUNT,
    boundary: str = "",
    carriers: Iterable[str] = (),
    **fields: Any,
) -> Iterator[Record]:
    """A role or user with one inline policy, as AWS's discovery tells it."""
    key = arn(name, account, kind)
    yield FoundIdentity(key, System.AWS, account, f"iam-{kind}", name, f"ID{name}", **fields)
    if kind == "role":
        yield from steps_in(key, policy(trust or trusting({"Service": "apigateway.amazonaws.com"})))
    if statements:
        yield from grants_in(key, "inline", policy(*statements))
    for carrier in carriers:
        yield FoundCarrier(key, carrier, "group" if ":group/" in carrier else "managed-policy")
    if boundary:
        yield FoundCarrier(key, boundary, "permissions-boundary")


def managed(name: str, *statements: dict[str, Any], account: str = ACCOUNT, kind: str = "policy") -> Iterator[Record]:
    yield from grants_in(arn(name, account, kind), name, policy(*statements))


def service_account(name: str, *bindings: dict[str, Any], project: str = "shop", **fields: Any) -> Iterator[Record]:
    """A service account of Google with what is bound on it, as its discovery tells it."""
    key, email = member(name, project), f"{name}@{project}.iam.gserviceaccount.com"
    yield FoundIdentity(key, System.GCP, project, "service-account", email, f"uid-{name}", **fields)
    if bindings:
        content = json.dumps({"bindings": bindings}, sort_keys=True)
        yield FoundDocument(key, "trust policy", "allow policy", content)
        yield from grants_on(f"projects/{project}/serviceAccounts/{email}", bindings)


def member(name: str, project: str = "shop") -> str:
    return f"serviceAccount:{name}@{project}.iam.gserviceaccount.com"


def bound(role: str, *members: str, when: str = "") -> dict[str, Any]:
    binding: dict[str, Any] = {"role": role, "members": list(members)}
    return binding | ({"condition": {"title": "when", "expression": when}} if when else {})


def provider(pool: str, **told: Any) -> Record:
    """A provider of a pool of Google, as its discovery tells it."""
    name = f"{pool}/providers/ci"
    content = json.dumps({"name": name} | told, sort_keys=True)
    return FoundDocument(f"principalSet://iam.googleapis.com/{pool}/*", "identity provider", name, content)


def workflows(full_name: str) -> FoundIdentity:
    """The workflows of a repository."""
    key = f"api.github.com/repos/{full_name}".lower()
    place = f"api.github.com/{full_name.partition('/')[0]}".lower()
    return FoundIdentity(key, System.GITHUB, place, "repository-workflows", full_name, f"id-{full_name}")


def pod_account(namespace: str, name: str, *steps: str, cluster: str = CLUSTER, **fields: Any) -> Iterator[Record]:
    """A service account of Kubernetes, annotated with identities of clouds."""
    key = f"{cluster}: kubernetes:{namespace}/{name}"
    kind = LinkKind.KUBERNETES_SERVICE_ACCOUNT
    yield FoundIdentity(key, System.KUBERNETES, cluster, kind, f"{namespace}/{name}", f"uid-{name}", **fields)
    for group in ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"):
        yield FoundCarrier(key, f"{cluster}: kubernetes group:{group}", "kubernetes-group")
    for step in steps:
        yield FoundStep(key, step, "federate")


def cluster_role(name: str, *rules: dict[str, Any], namespace: str = "", cluster: str = CLUSTER) -> Iterator[Record]:
    kind = "Role" if namespace else "ClusterRole"
    holder = f"{cluster}: kubernetes {kind.lower()}:{namespace}{'/' if namespace else ''}{name}"
    manifest = {"kind": kind, "metadata": {"name": name}, "rules": list(rules)}
    yield FoundDocument(holder, DocumentKind.KUBERNETES_ROLE, name, json.dumps(manifest, sort_keys=True))


def role_bound(
    subject: str, role: str, *, namespace: str = "", of: str = "", cluster: str = CLUSTER
) -> Iterator[Record]:
    """A binding of a subject's key to a role, in a namespace or everywhere; `of` is the namespace of a Role."""
    kind = "rolebinding" if namespace else "clusterrolebinding"
    called = f"{subject.rpartition('/')[2]}-{role}"
    binding = f"{cluster}: kubernetes {kind}:{namespace}{'/' if namespace else ''}{called}"
    yield FoundCarrier(subject, binding, "kubernetes-role-binding" if namespace else "kubernetes-cluster-role-binding")
    holder = f"{cluster}: kubernetes role:{of}/{role}" if of else f"{cluster}: kubernetes clusterrole:{role}"
    yield FoundCarrier(binding, holder, "kubernetes-role" if of else "kubernetes-cluster-role")


def rule(verbs: str, resources: str, groups: str = "", **more: Any) -> dict[str, Any]:
    return {"apiGroups": groups.split() or [""], "resources": resources.split(), "verbs": verbs.split()} | more


def managed_identity(name: str, group: str = "shop", **fields: Any) -> Iterator[Record]:
    """A managed identity of Azure, with its service principal."""
    key, principal_id = identity_id(name, group), f"object-of-{name}"
    kind = LinkKind.AZURE_MANAGED_IDENTITY
    yield FoundIdentity(key, System.AZURE, "tenant", kind, name, principal_id, **fields)
    yield FoundCarrier(key, principal_id, "service-principal")


def identity_id(name: str, group: str = "shop") -> str:
    return f"{SUBSCRIPTION}/resourcegroups/{group}/providers/microsoft.managedidentity/userassignedidentities/{name}"


def assigned(principal_id: str, role: str, scope: str, condition: str = "") -> Iterator[Record]:
    yield FoundGrant(principal_id, role, scope, condition=condition, via="assignment")


def in_vault(kind: str, path: str, *policies: str, place: str = VAULT, **fields: Any) -> Iterator[Record]:
    """An identity of a Vault with its policies."""
    key = f"{place}/{path}"
    name = path.rpartition("/")[2]
    yield FoundIdentity(key, System.VAULT, place, kind, name, f"uid-{path}", **fields)
    for each in policies:
        yield FoundCarrier(key, f"{place}/sys/policies/acl/{each}", "vault-policy")


def vault_policy(name: str, text: str, place: str = VAULT) -> Record:
    return FoundDocument(f"{place}/sys/policies/acl/{name}", DocumentKind.VAULT_POLICY, name, text)


def edges(readings: Readings) -> Any:
    """A row for each pair of who may become whom: `source`, `target`, `how`, `certain`."""
    names, steps = readings.names, readings.steps
    found = names.join(steps, names.name == steps.source)
    found = found.select(source="node", target="target", how="how", certain="certain")
    return found.filter(found.source != found.target).distinct()
