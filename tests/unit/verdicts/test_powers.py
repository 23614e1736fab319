"""Who may do more than they should need: what each system's grants amount to, and what only looks like it.

All cases stand in one estate, each in an account, project, subscription, cluster or Vault of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import pytest

from nhi_components.core.inventory.records import FoundCarrier, FoundDocument, FoundGrant, FoundIdentity, Guard, Record
from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.adapters.gcp.grants_of_policy import grants_of, grants_on
from nhi_components.lifecycle.verdicts.paths import path_to_admin
from nhi_components.lifecycle.verdicts.powers import over_privileged
from nhi_components.lifecycle.verdicts.readings import Readings
from nhi_components.lifecycle.verdicts.settings import Weights
from tests.unit.verdicts.planting import NOW
from tests.unit.verdicts.worlds import (
    ADMINISTRATOR,
    Told,
    allow,
    arn,
    assigned,
    bound,
    cluster_role,
    deny,
    estate_of,
    identity_id,
    in_aws,
    in_vault,
    judged,
    managed,
    managed_identity,
    member,
    pod_account,
    principal,
    role_bound,
    rule,
    service_account,
    trusting,
    vault_policy,
)

Made = Iterable[Record]


class Case(NamedTuple):
    """What an identity that a place holds amounts to.

    Attributes:
        place: an account, project, subscription, cluster or Vault of its own.
        key: of the identity.
        source: which discovery tells of it.
        records: what that tells.
        expected: its degree; empty for none.
    """

    place: str
    key: str
    source: str
    records: Sequence[Record]
    expected: str


def aws(number: int, expected: str, *statements: dict[str, Any], more: Callable[[str], Made] = lambda _: ()) -> Case:
    """A role `orders` with an inline policy, in an account of its own, `ACCOUNT` in the policy."""
    account = f"{100_000_000_000 + number}"
    written = [_in_account(each, account) for each in statements]
    records = [*more(account)] or [*principal("orders", *written, account=account)]
    return Case(account, arn("orders", account), f"aws/{account}", records, expected)


def _in_account(statement: dict[str, Any], account: str) -> dict[str, Any]:
    resource = statement["Resource"]
    return statement | ({"Resource": resource.replace("ACCOUNT", account)} if isinstance(resource, str) else {})


def carrying(*policies: tuple[str, dict[str, Any]], own: Sequence[dict[str, Any]] = (), cap: Any = None) -> Any:
    """A role with managed policies, and perhaps a boundary."""

    def made(account: str) -> Iterable[Record]:
        carriers = [arn(name, account, "policy") for name, _ in policies]
        boundary = arn("cap", account, "policy") if cap else ""
        yield from principal("orders", *own, account=account, carriers=carriers, boundary=boundary)
        for name, statement in policies:
            yield from managed(name, statement, account=account)
        if cap:
            yield from managed("cap", cap, account=account)

    return made


def in_a_group(*statements: dict[str, Any], own: dict[str, Any]) -> Any:
    def made(account: str) -> Iterable[Record]:
        group = arn("g", account, "group")
        yield from principal("orders", own, kind="user", account=account, carriers=[group])
        yield from managed("g", *statements, account=account, kind="group")

    return made


def bare(*grants: tuple[str, bool]) -> Any:
    """A role of which no document is told, only grants on everything."""

    def made(account: str) -> Iterable[Record]:
        key = arn("orders", account)
        yield FoundIdentity(key, System.AWS, account, "iam-role", "orders", "AROA")
        for privilege, denied in grants:
            yield FoundGrant(key, privilege, "*", denied)

    return made


def holding(*policies: str) -> Any:
    def made(account: str) -> Iterable[Record]:
        yield from principal("orders", account=account, carriers=policies)

    return made


PASSING, RUNNING = allow("iam:PassRole"), allow(["lambda:CreateFunction", "lambda:InvokeFunction"])
IN_AWS = (
    aws(1, "administrator", ADMINISTRATOR),
    aws(2, "administrator", ADMINISTRATOR, allow("s3:*")),
    aws(3, "self-escalating", allow("iam:CreatePolicyVersion")),
    aws(4, "self-escalating", allow("iam:PutRolePolicy", "arn:aws:iam::ACCOUNT:role/orders")),
    aws(5, "", allow("iam:PutRolePolicy", "arn:aws:iam::ACCOUNT:role/other")),
    aws(6, "wildcard", allow("s3:*")),
    aws(7, "", allow("s3:*", "arn:aws:s3:::orders/*")),
    aws(8, "", allow("s3:GetObject")),
    aws(9, "", ADMINISTRATOR, deny("*")),
    aws(10, "administrator", ADMINISTRATOR, deny(["iam:*", "sts:*"], "arn:aws:s3:::a/*")),
    aws(11, "", allow("s3:*"), deny("s3:*")),
    aws(12, "self-escalating", more=carrying(("run", RUNNING), own=[PASSING])),
    aws(13, "", more=carrying(("run", allow("lambda:InvokeFunction")), own=[PASSING])),
    aws(14, "", more=carrying(own=[ADMINISTRATOR], cap=allow("s3:GetObject"))),
    aws(15, "administrator", more=carrying(own=[ADMINISTRATOR], cap=ADMINISTRATOR)),
    aws(16, "administrator", more=holding("arn:aws:iam::aws:policy/AdministratorAccess")),
    aws(17, "unjudged", more=holding("arn:aws:iam::100000000017:policy/gone")),
    aws(18, "unjudged", more=holding("arn:aws:iam::aws:policy/NoSuchPolicy")),
    aws(19, "administrator", more=bare(("*", False))),
    aws(20, "", more=bare(("*", False), ("*", True))),
)
IN_GROUPS = (
    (21, "administrator", in_a_group(ADMINISTRATOR, own=allow("s3:GetObject"))),
    (22, "", in_a_group(deny("*"), own=ADMINISTRATOR)),
)


def gcp(project: str, expected: str, *bindings: dict[str, Any], target: str = "", more: Made = ()) -> Case:
    key = member("orders", project)
    named = [each | {"members": [key]} for each in bindings]
    grants = grants_on(target or f"projects/{project}", named)
    records = [*service_account("orders", project=project), *grants, *more]
    return Case(project, key, f"gcp/{project}", records, expected)


OWN_ROLE = {"name": "organizations/1/roles/own", "includedPermissions": ["resourcemanager.projects.setIamPolicy"]}
IN_GCP = (
    gcp("p1", "administrator", bound("roles/owner")),
    gcp("p2", "administrator", bound("roles/owner"), target="folders/7"),
    gcp("p3", "self-escalating", bound("roles/resourcemanager.projectIamAdmin")),
    gcp("p4", "self-escalating", bound("roles/iam.serviceAccountTokenCreator")),
    gcp("p5", "wildcard", bound("roles/storage.admin")),
    gcp("p6", "", bound("roles/storage.admin"), target="//storage.googleapis.com/projects/_/buckets/b"),
    gcp("p7", "", bound("roles/storage.objectViewer")),
    gcp("p8", "", bound("roles/owner", when="request.time < timestamp('2020-01-01T00:00:00Z')")),
    gcp("p9", "administrator", bound("roles/owner", when="request.time < timestamp('2099-01-01T00:00:00Z')")),
    gcp("p10", "unjudged", bound("projects/p10/roles/gone")),
    gcp("p11", "", bound("roles/iam.serviceAccountUser")),
    gcp("p12", "self-escalating", bound("roles/iam.serviceAccountUser"), bound("roles/run.developer")),
    gcp("p13", "self-escalating", bound("organizations/1/roles/own"), more=grants_of(OWN_ROLE)),
    gcp(
        "p14",
        "",
        bound("organizations/1/roles/off"),
        more=grants_of(OWN_ROLE | {"name": "organizations/1/roles/off", "stage": "DISABLED"}),
    ),
)
DOUBTFUL = gcp("p15", "administrator", bound("roles/owner", when="resource.name.startsWith('x')"))

CUSTOM = "/providers/Microsoft.Authorization/roleDefinitions/00000000-0000-0000-0000-0000000000"
OWN = '{"roleName": "own", "permissions": [{"actions": ["Microsoft.Authorization/*"]}]}'


def azure(name: str, expected: str, role: str, scope: str = "/subscriptions/s", more: Made = (), who: str = "") -> Case:
    grants = assigned(who or f"object-of-{name}", role, scope)
    records = [*managed_identity(name), *grants, *more]
    return Case(name, identity_id(name), f"azure/{name}", records, expected)


IN_AZURE = (
    azure("a1", "administrator", "Owner"),
    azure("a2", "administrator", "Owner", "/"),
    azure("a3", "self-escalating", "User Access Administrator"),
    azure("a4", "wildcard", "Contributor"),
    azure("a5", "", "Reader"),
    azure("a6", "", "Owner", "/subscriptions/s/resourceGroups/empty"),
    azure("a7", "", "Owner", who="object-of-nobody"),
    azure("a8", "administrator", "Owner", who="g8", more=[FoundCarrier("object-of-a8", "g8", "group")]),
    azure("a9", "administrator", "global administrator", "/"),
    azure("a10", "self-escalating", "application administrator", "/"),
    azure("a11", "", "application administrator", "/some-other-application"),
    azure("a12", "self-escalating", "RoleManagement.ReadWrite.Directory", "graph"),
    azure("a13", "", "User.Read.All", "graph"),
    azure("a14", "unjudged", f"{CUSTOM}0e"),
    azure("a16", "", "directory readers", "/"),
    azure("a17", "unjudged", "00000000-0000-0000-0000-000000000000", "/"),
    azure("a15", "self-escalating", f"{CUSTOM}0f", more=[FoundDocument(f"{CUSTOM}0f", "role definition", "own", OWN)]),
)

EVERYTHING = rule("*", "*", "*")


def k8s(cluster: str, expected: str, *more: Callable[[str, str], Made]) -> Case:
    """An account `shop/orders` in a cluster of its own."""
    key = f"{cluster}: kubernetes:shop/orders"
    records = [*pod_account("shop", "orders", cluster=cluster), *(r for each in more for r in each(cluster, key))]
    return Case(cluster, key, f"kubernetes/{cluster}", records, expected)


def with_role(name: str, *rules: dict[str, Any], subject: str = "", bindings: Sequence[str] = ("",)) -> Any:
    def made(cluster: str, key: str) -> Iterable[Record]:
        if rules:
            yield from cluster_role(name, *rules, cluster=cluster)
        for namespace in bindings:
            yield from role_bound(
                f"{cluster}: {subject}" if subject else key, name, namespace=namespace, cluster=cluster
            )

    return made


IN_KUBERNETES = (
    k8s("c1", "administrator", with_role("all", EVERYTHING)),
    k8s("c2", "wildcard", with_role("all", EVERYTHING, bindings=["shop"])),
    k8s("c3", "administrator", with_role("all", EVERYTHING, subject="kubernetes group:system:serviceaccounts")),
    k8s("c4", "self-escalating", with_role("pods", rule("create", "pods"))),
    k8s(
        "c5", "self-escalating", with_role("look", rule("get", "secrets")), with_role("make", rule("create", "secrets"))
    ),
    k8s("c6", "", with_role("look", rule("get list", "pods"))),
    k8s("c7", "", with_role("all", EVERYTHING, subject="kubernetes:shop/another")),
    k8s("c8", "unjudged", with_role("unread")),
    k8s("c9", "", with_role("dangling"), with_role("look", rule("get", "pods"), bindings=[])),
    k8s("c10", "self-escalating", with_role("pods", rule("create", "pods"), bindings=["kube-system"])),
    k8s("c11", "", with_role("pods", rule("create", "pods"), bindings=["shop"])),
)


def vault(place: str, expected: str, *policies: str) -> Case:
    names = [f"p{number}" for number in range(len(policies))]
    written = [vault_policy(name, text, place) for name, text in zip(names, policies, strict=True)]
    records = [*in_vault(LinkKind.VAULT_APPROLE, "auth/approle/role/orders", *names, place=place), *written]
    return Case(place, f"{place}/auth/approle/role/orders", f"vault/{place}", records, expected)


_ALL = '["create", "read", "update", "delete", "list", "sudo"]'
IN_VAULT = (
    vault("v1", "administrator", f'path "*" {{ capabilities = {_ALL} }}'),
    vault("v2", "self-escalating", 'path "sys/policies/acl/*" { capabilities = ["create", "update"] }'),
    vault("v3", "wildcard", f'path "secret/*" {{ capabilities = {_ALL} }}'),
    vault("v4", "", 'path "secret/data/orders" { capabilities = ["read"] }'),
    vault(
        "v5",
        "",
        'path "sys/policies/acl/*" { capabilities = ["update"] }',
        'path "sys/policies/acl/*" { capabilities = ["deny"] }',
    ),
    vault("v6", "unjudged", "path {"),
    Case(
        "v7",
        "v7/auth/approle/role/orders",
        "vault/v7",
        [*in_vault(LinkKind.VAULT_APPROLE, "auth/approle/role/orders", "root", place="v7")],
        "administrator",
    ),
)


def github(number: int, expected: str, privilege: str, target: str) -> Case:
    key = f"api.github.com/orgs/shop/installations/{number}"
    app = FoundIdentity(key, System.GITHUB, "api.github.com/shop", "github-app-installation", "bot", str(number))
    grant = FoundGrant(key, privilege, target, via="installation")
    return Case(f"github-{number}", key, "github/shop", [app, grant], expected)


IN_GITHUB = (
    github(1, "administrator", "organization_administration:write", "api.github.com/orgs/shop"),
    github(2, "self-escalating", "members:write", "api.github.com/orgs/shop"),
    github(3, "wildcard", "administration:write", "all repositories of shop"),
    github(4, "", "administration:write", "api.github.com/repos/shop/app"),
    github(5, "", "organization_administration:read", "api.github.com/orgs/shop"),
)
_IN_GROUPS = tuple(
    aws(number, expected, more=made)._replace(key=arn("orders", f"{100_000_000_000 + number}", "user"))
    for number, expected, made in IN_GROUPS
)
CASES = (*IN_AWS, *_IN_GROUPS, *IN_GCP, *IN_AZURE, *IN_KUBERNETES, *IN_VAULT, *IN_GITHUB)


@pytest.fixture(scope="module")
def told() -> Told:
    return judged(*((case.source, case.records) for case in (*CASES, DOUBTFUL)))[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.place)
def test_a_degree_is_told_of_whoever_has_it(told: Told, case: Case) -> None:
    assert told.get(case.key, ("", ""))[0] == case.expected


def test_reasons_tell_what_and_where(told: Told) -> None:
    reasons = [told[case.key][1] for case in (IN_AWS[0], IN_AWS[16], IN_GCP[0], IN_AZURE[0], IN_VAULT[1])]
    assert reasons == [
        "arn:aws:iam::100000000001:role/orders is administrator (* on *)",
        "arn:aws:iam::100000000017:role/orders holds arn:aws:iam::100000000017:policy/gone, which was not read",
        f"{member('orders', 'p1')} is administrator of a project (roles/owner on projects/p1)",
        f"{identity_id('a1')} is administrator of a subscription (Owner on /subscriptions/s)",
        "v2/auth/approle/role/orders rewrites policies (create, update on sys/policies/acl/*)",
    ]


def test_a_condition_that_cannot_be_decided_is_told(told: Told) -> None:
    assert told[DOUBTFUL.key][1].endswith(", under a condition that cannot be decided here")


def test_points_are_the_teams_and_guards_count() -> None:
    records = in_aws(
        principal("orders", ADMINISTRATOR, allow("s3:*")),
        [FoundDocument(arn("orders"), "identity policy", "odd", "{]")],
        principal("linked", ADMINISTRATOR, guard=Guard.SERVICE_LINKED),
        principal("glass", ADMINISTRATOR, guard=Guard.BREAK_GLASS),
        principal("ci", trust=trusting({"AWS": arn("orders")})),
    )
    with estate_of(records) as estate:
        readings = Readings(estate, NOW)
        weights = Weights(administrator=77, unjudged=3)
        tables = (over_privileged(estate, weights, readings), path_to_admin(estate, weights, readings))
        rows = [row for table in tables for row in table.to_pyarrow().to_pylist()]
    told = {(row["key"], row["degree"]): row for row in rows}
    own = told[arn("orders"), "administrator"]
    assert list(own) == ["key", "unique_id", "verdict", "degree", "reason", "points"]
    assert (own["points"], own["unique_id"], own["verdict"]) == (77, "IDorders", "over-privileged")
    assert told[arn("orders"), "unjudged"]["points"] == 3
    assert "odd" in told[arn("orders"), "unjudged"]["reason"]
    glass = told[arn("glass"), "administrator"]
    assert (glass["points"], glass["reason"].endswith("(guarded: break-glass)")) == (0, True)
    assert len(rows) == len(told) == 3
