"""Chains over several hops and clouds to an administrator; the same on DuckDB and on Spark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from nhi_components.core.errors import NhiError
from nhi_components.core.inventory.records import FoundDependent, FoundDocument, FoundIdentity, FoundStep, Guard, Record
from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.adapters.gcp.grants_of_policy import grants_on
from nhi_components.lifecycle.verdicts.estate import Estate, duckdb_estate, spark_estate
from nhi_components.lifecycle.verdicts.paths import path_to_admin, paths_to_admin
from nhi_components.lifecycle.verdicts.powers import over_privileged
from nhi_components.lifecycle.verdicts.readings import Readings
from tests.unit.verdicts.planting import NOW
from tests.unit.verdicts.worlds import (
    ACCOUNT,
    ADMINISTRATOR,
    CLUSTER,
    SUBSCRIPTION,
    VAULT,
    allow,
    arn,
    assigned,
    bound,
    cluster_role,
    deny,
    edges,
    estate_of,
    identity_id,
    in_aws,
    in_vault,
    judged,
    managed_identity,
    member,
    pod_account,
    principal,
    role_bound,
    rule,
    service_account,
    trusting,
    vault_policy,
    workflows,
    write,
)

GITHUB = "token.actions.githubusercontent.com"
WEB = "sts:AssumeRoleWithWebIdentity"
OIDC = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"}
EKS = "oidc.eks.eu-west-1.amazonaws.com/id/ABC"
APP = "api.github.com/repos/shop/app"
PODS = f"{CLUSTER}: kubernetes:shop"
World = tuple[str, Sequence[Record]]


def aws() -> Iterator[Record]:
    """`deploy` may assume `admin`; workflows of `shop/app`, pods of `shop/orders` and a Vault become `deploy`."""
    of_app = {f"{GITHUB}:sub": "repo:shop/app:ref:refs/heads/main"}
    of_pods = {f"{EKS}:sub": "system:serviceaccount:shop:orders"}
    eks = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{EKS}"}
    yield from principal("admin", ADMINISTRATOR, trust=trusting({"AWS": arn("deploy")}))
    yield from principal("deploy", trust=trusting(OIDC, WEB, StringEquals=of_app))
    into_deploy = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    yield from principal("pods", allow("sts:AssumeRole", arn("broker")), trust=trusting(eks, WEB, StringEquals=of_pods))
    yield from principal("broker", allow("iam:UpdateAssumeRolePolicy", arn("deploy")), trust=trusting(into_deploy))
    yield from principal("reader", allow("sts:AssumeRole", arn("deploy")))
    yield from principal("denied", allow("sts:AssumeRole", arn("broker")), deny("sts:AssumeRole"))
    google = {"accounts.google.com:sub": "uid-bridge"}
    yield from principal(
        "bridged", ADMINISTRATOR, trust=trusting({"Federated": "accounts.google.com"}, WEB, StringEquals=google)
    )
    yield from principal("glass", trust=trusting(into_deploy), guard=Guard.BREAK_GLASS)


def google() -> Iterator[Record]:
    """`caller` makes tokens of `bridge`, which is a role of AWS; `owner` owns the project, by a condition of a host."""
    token = "roles/iam.serviceAccountTokenCreator"
    yield from service_account("bridge", bound(token, member("caller")))
    yield from service_account("caller")
    yield from service_account("owner", bound(token, member("guesser"), when="request.host == 'x'"))
    yield from service_account("guesser")
    yield from service_account("idle", disabled=True)
    yield from service_account("behind-idle")
    yield from service_account("bystander")
    yield from grants_on("projects/shop", [bound("roles/owner", member("owner"), member("idle"))])
    pool = "projects/42/locations/global/workloadIdentityPools/aws"
    role = f"arn:aws:sts::{ACCOUNT}:assumed-role/glass"
    by_role = f"principalSet://iam.googleapis.com/{pool}/attribute.aws_role/{role}"
    yield from service_account("of-glass", bound("roles/iam.workloadIdentityUser", by_role))
    told = f'{{"aws": {{"accountId": "{ACCOUNT}"}}, "name": "p"}}'
    yield FoundDocument(f"principalSet://iam.googleapis.com/{pool}/*", "identity provider", "p", told)
    yield from grants_on("projects/shop", [bound("roles/editor", member("of-glass"))])


def azure() -> Iterator[Record]:
    """`owner` owns the subscription, and federates with pods of `shop/azure`."""
    yield from managed_identity("owner")
    yield from assigned("object-of-owner", "Owner", SUBSCRIPTION)
    limits = f'{{"audiences": ["api://AzureADTokenExchange"], "issuer": "https://{EKS}"}}'
    yield FoundStep("system:serviceaccount:shop:azure", identity_id("owner"), "federate", limits)


def cluster() -> Iterator[Record]:
    """`shop/builder` runs pods in `shop`, so as `shop/orders`, which becomes a role of AWS."""
    yield from pod_account("shop", "orders", arn("pods"))
    yield from pod_account("shop", "azure", "11111111-1111-1111-1111-111111111111")
    yield from pod_account("shop", "builder")
    yield from pod_account("other", "bystander")
    yield from cluster_role("pods", rule("create", "pods"))
    yield from role_bound(f"{PODS}/builder", "pods", namespace="shop")


def vault() -> Iterator[Record]:
    """Pods of `other/ci` log in, and get credentials of `deploy`."""
    yield from in_vault("vault-aws-engine-role", "aws/roles/deploy")
    fields = f'{{"role_arns": ["{arn("deploy")}"]}}'
    yield FoundDocument(f"{VAULT}/aws/roles/deploy", "role_definition", "deploy", fields)
    yield from in_vault(LinkKind.VAULT_KUBERNETES_ROLE, "auth/kubernetes/role/ci", "deploys")
    yield vault_policy("deploys", 'path "aws/sts/deploy" { capabilities = ["update"] }')
    yield FoundStep("system:serviceaccount:other:bystander", f"{VAULT}/auth/kubernetes/role/ci", "log-in")


WORLDS: tuple[World, ...] = (
    in_aws(aws()),
    ("gcp/shop", list(google())),
    ("azure/tenant", list(azure())),
    (f"kubernetes/{CLUSTER}", list(cluster())),
    (f"vault/{VAULT}", list(vault())),
    ("github/shop", [workflows("shop/app"), workflows("shop/docs")]),
)
ADMIN = f"{arn('admin')}, which is administrator (* on *)"
DEPLOY = f"{arn('deploy')}, which may assume {ADMIN}"
EXPECTED = {
    arn("deploy"): f"may assume {ADMIN}",
    APP: f"may federate as {DEPLOY}",
    arn("broker"): f"may let itself into {DEPLOY}",
    arn("pods"): f"may assume {arn('broker')}, which may let itself into {DEPLOY}",
    f"{PODS}/orders": f"may federate as {arn('pods')}, which may assume {arn('broker')}, "
    f"which may let itself into {DEPLOY}",
    f"{PODS}/azure": f"may federate as {identity_id('owner')}, "
    f"which is administrator of a subscription (Owner on {SUBSCRIPTION})",
    member("bridge"): f"may federate as {arn('bridged')}, which is administrator (* on *)",
    member("caller"): f"may make tokens of {member('bridge')}, which may federate as {arn('bridged')}, "
    "which is administrator (* on *)",
    f"{VAULT}/aws/roles/deploy": f"may issue credentials of {DEPLOY}",
    f"{VAULT}/auth/kubernetes/role/ci": f"may get credentials of {VAULT}/aws/roles/deploy, "
    f"which may issue credentials of {DEPLOY}",
    f"{CLUSTER}: kubernetes:other/bystander": f"may log in as {VAULT}/auth/kubernetes/role/ci, "
    f"which may get credentials of {VAULT}/aws/roles/deploy, which may issue credentials of {DEPLOY}",
}
"""All ways that there are, but those that another test names."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("worlds")
    write(made, WORLDS)
    return made / "estate"


Rows = list[dict[str, Any]]


def asked(estate: Estate) -> tuple[Rows, Rows, Rows]:
    """All three tables, in order."""
    readings = Readings(estate, NOW)
    tables = (
        over_privileged(estate, readings=readings),
        path_to_admin(estate, readings=readings),
        edges(readings),
    )
    first, second, third = (sorted(table.to_pyarrow().to_pylist(), key=repr) for table in tables)
    return first, second, third


@pytest.fixture(scope="module")
def on_duckdb(folder: Path) -> tuple[Rows, Rows, Rows]:
    with duckdb_estate(folder) as estate:
        return asked(estate)


def ways(rows: Rows, degree: str) -> dict[str, str]:
    return {row["key"]: row["reason"].removeprefix(f"{row['key']} ") for row in rows if row["degree"] == degree}


def test_every_way_over_identities_and_clouds_is_told(on_duckdb: tuple[Rows, Rows, Rows]) -> None:
    told = ways(on_duckdb[1], "path")
    builder, glass = told.pop(f"{PODS}/builder"), told.pop(arn("glass"))
    assert told == EXPECTED
    # Two accounts of the namespace lead on; the one that leads on sooner is taken.
    assert builder == f"may run pods as {PODS}/azure, which {EXPECTED[f'{PODS}/azure']}"
    assert glass.startswith("may federate as principalSet://")
    assert glass.endswith(
        f"which may make tokens of {member('of-glass')}, which is administrator of a project "
        "(roles/editor on projects/shop) (guarded: break-glass)"
    )


def test_points_are_for_those_who_are_not_guarded(on_duckdb: tuple[Rows, Rows, Rows]) -> None:
    points = {row["key"]: row["points"] for row in on_duckdb[1]}
    assert points[arn("deploy")] == 30
    assert points[member("guesser")] == 15
    assert points[arn("glass")] == 0


def test_a_way_on_an_undecided_condition_is_doubtful(on_duckdb: tuple[Rows, Rows, Rows]) -> None:
    owner = f"{member('owner')}, which is administrator of a project (roles/owner on projects/shop)"
    assert ways(on_duckdb[1], "doubtful") == {member("guesser"): f"may make tokens of {owner}"}


def test_what_is_administrator_itself_or_disabled_is_no_way(on_duckdb: tuple[Rows, Rows, Rows]) -> None:
    powers = {row["key"]: row["degree"] for row in on_duckdb[0]}
    admins = (arn("admin"), arn("bridged"), member("owner"), member("idle"), member("of-glass"), identity_id("owner"))
    assert powers == dict.fromkeys(admins, "administrator")


def test_a_disabled_identity_leads_nowhere() -> None:
    token = bound("roles/iam.serviceAccountTokenCreator", member("caller"))
    for disabled in (False, True):
        records = [*service_account("idle", token, disabled=disabled), *service_account("caller")]
        owns = grants_on("projects/shop", [bound("roles/owner", member("idle"))])
        _, paths = judged(("gcp/shop", [*records, *owns]))
        assert set(paths) == (set() if disabled else {member("caller")})


def test_edges_are_of_identities_and_of_what_stands_between_them(on_duckdb: tuple[Rows, Rows, Rows]) -> None:
    known = {(row["source"], row["target"]): row["certain"] for row in on_duckdb[2]}
    assert known[arn("deploy"), arn("admin")] is True
    assert known[member("guesser"), member("owner")] is False
    assert known[APP, arn("deploy")] is True
    assert not any(source.startswith(("aws: ", "object-of")) for source, _ in known)


def test_spark_tells_the_same(folder: Path, on_duckdb: tuple[Rows, Rows, Rows]) -> None:
    with spark_estate(folder, "local[1]") as estate:
        assert asked(estate) == on_duckdb


def chain(length: int) -> Iterable[Record]:
    """Roles of which each is named by the trust of the next; the last is administrator."""
    for at in range(length + 1):
        trust = trusting({"AWS": arn(f"r{at - 1:03}")}) if at else None
        yield from principal(f"r{at:03}", *([ADMINISTRATOR] if at == length else []), trust=trust)


def test_a_long_way_is_told_in_short_and_a_longer_one_than_is_followed_is_refused() -> None:
    with estate_of(in_aws(chain(20))) as estate:
        readings = Readings(estate, NOW)
        rows = {row["key"]: row["reason"] for row in path_to_admin(estate, readings=readings).to_pyarrow().to_pylist()}
        with pytest.raises(NhiError, match="more than 19 steps"):
            paths_to_admin(estate, readings, most=19)
        assert paths_to_admin(estate, readings, most=20).count().to_pyarrow().as_py() == 21
    assert rows[arn("r000")] == (
        f"{arn('r000')} may assume {arn('r001')}, which in 19 more steps becomes {arn('r020')}, "
        "which is administrator (* on *)"
    )
    assert rows[arn("r008")].count("may assume") == 12


def test_of_two_shortest_ways_the_first_in_the_alphabet_is_told() -> None:
    trust = trusting({"AWS": arn("ci")})
    roles = [record for each in ("b-admin", "a-admin") for record in principal(each, ADMINISTRATOR, trust=trust)]
    _, paths = judged(in_aws(roles, principal("ci")))
    assert paths[arn("ci")][1] == f"{arn('ci')} may assume {arn('a-admin')}, which is administrator (* on *)"


def test_an_identity_made_anew_and_one_without_anything_are_no_trouble() -> None:
    lonely = FoundIdentity("hook:x", System.HOOK, "hook", "bot", "x", "1")
    assert judged(("hook/x", [lonely, FoundDependent("hook:x", "job", "j")])) == ({}, {})
