"""One stack over two clusters through explicit providers, by two doubles: each identity lives in its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.engine.kubernetes import (
    SHOP,
    OneCluster,
    kubernetes_bundle,
    kubernetes_program,
    one_cluster,
    working,
)
from tests.engine.programs import IDENTITY, assert_told, evidence
from tools.lab.project import Project

# The same grants on two clusters: one identity on each, as its template asks to be told.
ON_BOTH = {**IDENTITY, "shares_grants_because": "the shop runs on two clusters"}


@pytest.fixture
def other(tmp_path: Path) -> Iterator[OneCluster]:
    """A second cluster."""
    folder = tmp_path / "other"
    folder.mkdir()
    with one_cluster(folder) as other:
        yield other


def over(clusters: Mapping[str, OneCluster], connections: Mapping[str, OneCluster]) -> str:
    """A bundle on each cluster, by its own provider of Pulumi; ours reaches them by these connections."""
    files = {name: each.kubeconfig() for name, each in clusters.items()}
    ours = ", ".join(
        f"{name!r}: kubernetes.Connection(kubeconfig={each.kubeconfig()!r})" for name, each in connections.items()
    )
    statements = [f"ours = nhi.Provider('nhi', kubernetes={{{ours}}})"]
    for name, file in files.items():
        statements += [
            f"{name} = pulumi_kubernetes.Provider({name!r}, kubeconfig={file!r})",
            kubernetes_bundle(
                f"orders-{name}",
                identity=ON_BOTH,
                connection=repr(name),
                opts=f"pulumi.ResourceOptions(providers=[ours, {name}])",
            ),
        ]
    return kubernetes_program(*statements)


def test_each_identity_lives_in_its_own_cluster_and_one_destroy_empties_both(
    project: Callable[..., Project], cluster: OneCluster, other: OneCluster
) -> None:
    clusters = {"east": cluster, "west": other}
    # Whose connection is another cluster's is told beforehand where the namespace is missing there.
    del other.double.cluster.namespaces[SHOP], other.double.cluster.spaces[SHOP]
    stack = project(over({"east": cluster}, {"east": other}))
    assert_told(stack.pulumi("up", "--yes", check=False), "kubernetes.east", "shop, which is not there")
    other.double.cluster.add_namespace(SHOP)
    # Else once the account is there and the connection does not find it.
    assert_told(stack.up(check=False), "found nothing of that name", "reaches what Pulumi's own provider reaches")
    assert other.everything() == {}

    # The connection is corrected, and another one comes in.
    stack.write({"__main__.py": over(clusters, clusters)})
    stack.up()
    outputs, sessions = {}, {}
    for name, each in clusters.items():
        outputs[name], sessions[name] = working(stack, each, f"orders-{name}")
        assert each.objects("serviceaccounts").keys() == {outputs[name]["account"]}
    # A token of one cluster is nobody's in the other.
    assert not any(
        other_one.double.cluster.tokens.valid(sessions[name].token)
        for name, other_one in (("east", other), ("west", cluster))
    )
    stack.up("--expect-no-changes")

    stack.destroy()
    for name, each in clusters.items():
        assert each.everything() == {}
        assert not sessions[name].reviewed()
        removed = evidence(stack, outputs[name]["lease"])["removals"]
        assert {row["link"]["connection"] for row in removed} == {name}
        assert {row["absent_at"]["state"] for row in removed} == {"at"}
    assert stack.resources() == []
