"""Who may become whom, system by system; and near misses: another account, a deny, a boundary, another subject.

All cases stand in one estate. Names tell what is expected: `yes-…` may become what the case names, for certain,
`perhaps-…` under a condition, and `no-…` may not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from nhi_components.core.inventory.records import (
    FoundCredential,
    FoundDependent,
    FoundDocument,
    FoundGrant,
    FoundIdentity,
    FoundStep,
    Record,
)
from nhi_components.core.links import LinkKind, System
from nhi_components.lifecycle.verdicts.readings import Readings
from tests.unit.verdicts.planting import NOW
from tests.unit.verdicts.worlds import (
    ACCOUNT,
    CLUSTER,
    OTHER,
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
    managed,
    managed_identity,
    member,
    pod_account,
    principal,
    provider,
    role_bound,
    rule,
    service_account,
    trusting,
    vault_policy,
    workflows,
)

Edges = dict[tuple[str, str], bool]
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
GITHUB = "token.actions.githubusercontent.com"
OIDC = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"}
EKS = "oidc.eks.eu-west-1.amazonaws.com/id/ABC"
WEB = "sts:AssumeRoleWithWebIdentity"
CAP = arn("cap", kind="policy")
POOL = "projects/42/locations/global/workloadIdentityPools"


def aws() -> Iterator[Record]:
    assume = allow("sts:AssumeRole", arn("target"))
    yield from principal("target", trust=trusting(ROOT))
    yield from principal("yes-exact", assume)
    yield from principal("yes-pattern", allow("sts:*", arn("tar*")))
    yield from principal("yes-condition-met", allow("sts:AssumeRole", arn("target"), StringEquals=in_account(ACCOUNT)))
    yield from principal("no-condition", allow("sts:AssumeRole", arn("target"), StringEquals=in_account(OTHER)))
    yield from principal(
        "perhaps-network", allow("sts:AssumeRole", arn("target"), IpAddress={"aws:SourceIp": "10.0.0.0/8"})
    )
    yield from principal("no-permission", allow("s3:GetObject"))
    yield from principal("no-denied", assume, deny("sts:AssumeRole", arn("tar*")))
    yield from principal("no-denied-by-policy", assume, carriers=[arn("denying", kind="policy")])
    yield from managed("denying", deny("sts:*"))
    yield from principal("no-capped", assume, boundary=CAP)
    yield from managed("cap", allow("s3:*"))
    yield from principal("no-other-name", allow("sts:AssumeRole", arn("target2")))

    named = ("yes-named", "no-named-but-denied", "no-named-but-capped")
    yield from principal("named", trust=trusting({"AWS": [arn(each) for each in named]}))
    yield from principal("yes-named")
    yield from principal("no-named-but-denied", deny("sts:AssumeRole"))
    yield from principal("no-named-but-capped", boundary=CAP)

    by_arn = {"aws:PrincipalArn": arn("yes-by-arn*")}
    yield from principal("by-arn", trust=trusting(ROOT, ArnLike=by_arn))
    yield from principal("yes-by-arn-1", allow("sts:AssumeRole", arn("by-arn")))
    yield from principal("no-by-arn", allow("sts:AssumeRole", arn("by-arn")))

    group = arn("admins", kind="group")
    yield from managed("admins", allow("sts:AssumeRole", arn("behind-group")), kind="group")
    yield from principal("behind-group", trust=trusting(ROOT))
    yield from principal("member", kind="user", carriers=[group])
    yield from principal("yes-joins", allow("iam:AddUserToGroup", group), kind="user")
    yield from principal("no-role-joins", allow("iam:AddUserToGroup", group))
    yield from principal("boss", kind="user")
    yield from principal("yes-key", allow("iam:CreateAccessKey", arn("boss", kind="user")))
    yield from principal("no-key", allow("iam:CreateAccessKey", arn("clerk", kind="user")))

    run = allow(["lambda:CreateFunction", "lambda:InvokeFunction"])
    yield from principal("passed", trust=trusting({"Service": "lambda.amazonaws.com"}))
    yield from principal("yes-pass", allow("iam:PassRole", arn("passed")), run)
    yield from principal("no-pass-only", allow("iam:PassRole", arn("passed")))
    passing = allow("iam:PassRole", arn("passed"), StringEquals={"iam:PassedToService": "ec2.amazonaws.com"})
    yield from principal("no-pass-elsewhere", passing, run)

    yield from principal("no-pass-to-what-its-trust-shuts-out", allow("iam:PassRole", arn("web")), run)

    function = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:report"
    yield FoundDependent(arn("passed"), "function", function)
    yield from principal("yes-code", allow("lambda:UpdateFunctionCode", function))
    yield from principal("no-code", allow("lambda:UpdateFunctionCode", f"{function}2"))
    profile = f"arn:aws:iam::{ACCOUNT}:instance-profile/web"
    yield from principal("web", trust=trusting({"Service": "ec2.amazonaws.com"}))
    yield FoundDependent(arn("web"), "instance-profile", profile)
    yield FoundDependent(profile, "instance", "eu-west-1/i-1")
    yield from principal("yes-session", allow("ssm:StartSession", f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1"))


def in_account(account: str) -> dict[str, str]:
    return {"aws:ResourceAccount": account}


def aws_of_others() -> Iterator[Record]:
    """Across accounts both sides have to allow it."""
    yield from principal("across", trust=trusting({"AWS": [f"arn:aws:iam::{ACCOUNT}:root"]}), account=OTHER)
    yield from principal("no-across-alone", account=OTHER)
    yield from principal("by-name", trust=trusting({"AWS": [arn("yes-both"), arn("no-one-side")]}), account=OTHER)
    yield from principal("anyone", trust=trusting({"AWS": "*"}), account=OTHER)
    yield from principal("yes-neighbour", account=OTHER)
    yield from principal("no-capped-neighbour", account=OTHER, boundary=arn("cap", OTHER, "policy"))
    yield from managed("cap", allow("s3:*"), account=OTHER)


def across() -> Iterator[Record]:
    yield from principal("yes-both", allow("sts:AssumeRole", [arn("across", OTHER), arn("by-name", OTHER)]))
    yield from principal("yes-stranger", allow("sts:AssumeRole", arn("anyone", OTHER)))
    yield from principal("no-one-side")


def federated() -> Iterator[Record]:
    """Roles of AWS that take tokens of others."""
    of_app = {f"{GITHUB}:sub": "repo:shop/app:ref:refs/heads/main", f"{GITHUB}:aud": "sts.amazonaws.com"}
    yield from principal("of-app", trust=trusting(OIDC, WEB, StringEquals=of_app))
    yield from principal("of-shop", trust=trusting(OIDC, WEB, StringLike={f"{GITHUB}:sub": "repo:shop/*"}))
    yield from principal("of-nobody", trust=trusting(OIDC, WEB, StringLike={f"{GITHUB}:sub": "repo:shop/app"}))
    irsa = {f"{EKS}:sub": "system:serviceaccount:shop:orders"}
    eks = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{EKS}"}
    yield from principal("of-pods", trust=trusting(eks, WEB, StringEquals=irsa))
    google = {"accounts.google.com:sub": "uid-caller"}
    yield from principal("of-google", trust=trusting({"Federated": "accounts.google.com"}, WEB, StringEquals=google))
    yield from principal("into-google")
    yield from principal("not-into-google")


def google() -> Iterator[Record]:
    token = "roles/iam.serviceAccountTokenCreator"
    ended = "request.time < timestamp('2020-01-01T00:00:00Z')"
    pods = "serviceAccount:shop.svc.id.goog[shop/orders]"
    by_repository = f"principalSet://iam.googleapis.com/{POOL}/ci/attribute.repository/shop/app"
    by_role = f"arn:aws:sts::{ACCOUNT}:assumed-role/into-google"
    yield from service_account(
        "impersonated",
        bound(token, member("caller")),
        bound(token, member("ended"), when=ended),
        bound(token, member("when"), when="request.host == 'x'"),
        bound("roles/iam.serviceAccountViewer", member("viewer")),
        bound("roles/iam.serviceAccountUser", member("runner"), member("idle")),
        bound("roles/iam.workloadIdentityUser", pods, by_repository),
        bound(
            "roles/iam.workloadIdentityUser",
            f"principalSet://iam.googleapis.com/{POOL}/aws/attribute.aws_role/{by_role}",
        ),
    )
    for name in ("caller", "ended", "when", "viewer", "runner", "idle"):
        yield from service_account(name)
    yield FoundGrant(member("runner"), "roles/run.developer", "projects/shop", via="allow policy")
    mapping = {"google.subject": "assertion.sub", "attribute.repository": "assertion.repository"}
    issuer = {"issuerUri": f"https://{GITHUB}"}
    owner = "assertion.repository_owner == 'shop'"
    yield provider(f"{POOL}/ci", oidc=issuer, attributeMapping=mapping, attributeCondition=owner)
    yield provider(f"{POOL}/aws", aws={"accountId": ACCOUNT})
    everybody = bound("roles/iam.workloadIdentityUser", f"principalSet://iam.googleapis.com/{POOL}/ci/*")
    yield from service_account("of-the-pool", everybody)
    strict = bound(
        "roles/iam.workloadIdentityUser",
        f"principalSet://iam.googleapis.com/{POOL}/closed/attribute.repository/shop/app",
    )
    yield from service_account("of-a-closed-pool", strict)
    other = "assertion.repository_owner == 'somebody-else'"
    yield provider(f"{POOL}/closed", oidc=issuer, attributeMapping=mapping, attributeCondition=other)


def azure() -> Iterator[Record]:
    names = (
        "yes-contributor",
        "no-reader",
        "no-elsewhere",
        "perhaps-conditioned",
        "yes-commands",
        "yes-runs",
        "no-runs",
    )
    for name in ("target", *names):
        yield from managed_identity(name)
    group = f"{SUBSCRIPTION}/resourceGroups/shop"
    yield from assigned("object-of-yes-contributor", "Contributor", group)
    yield from assigned("object-of-no-reader", "Reader", group)
    for name in ("yes-runs", "no-runs"):
        yield from assigned(f"object-of-{name}", "Managed Identity Operator", group)
    yield from assigned("object-of-yes-runs", "Logic App Contributor", group)
    yield from assigned("object-of-no-elsewhere", "Contributor", f"{group}2")
    yield from assigned("object-of-perhaps-conditioned", "Owner", group, "@Resource[x] StringEquals 'y'")
    machine = f"{group}/providers/microsoft.compute/virtualmachines/web"
    yield FoundDependent(identity_id("target"), "Microsoft.Compute/virtualMachines", machine.lower())
    yield from assigned("object-of-yes-commands", "Virtual Machine Contributor", machine)
    yield FoundIdentity("app", System.AZURE, "tenant", LinkKind.ENTRA_APPLICATION, "app", "app")
    yield FoundStep("owner", "app", "make-key")
    yield FoundIdentity("owner", System.AZURE, "tenant", LinkKind.ENTRA_SERVICE_PRINCIPAL, "owner", "owner")
    limits = f'{{"audiences": ["api://AzureADTokenExchange"], "issuer": "https://{GITHUB}"}}'
    yield FoundStep("repo:shop/app:environment:prod", "app", "federate", limits)


def cluster() -> Iterator[Record]:
    key = f"{CLUSTER}: kubernetes:shop"
    yield from pod_account("shop", "orders", arn("of-pods"), member("impersonated"))
    for name in ("yes-pods", "no-look", "yes-token", "no-token", "yes-exec", "yes-secret", "no-secret"):
        yield from pod_account("shop", name)
    yield from pod_account("other", "apart")
    yield FoundDependent(f"{key}/orders", "pod", f"{CLUSTER}: kubernetes pod:shop/orders-1")
    yield from cluster_role("pods", rule("create", "pods"))
    yield from role_bound(f"{key}/yes-pods", "pods", namespace="shop")
    yield from cluster_role("look", rule("get list", "pods"))
    yield from role_bound(f"{key}/no-look", "look", namespace="shop")
    yield from cluster_role("token", rule("create", "serviceaccounts/token", resourceNames=["orders"]))
    yield from role_bound(f"{key}/yes-token", "token", namespace="shop")
    yield from cluster_role("others-token", rule("create", "serviceaccounts/token", resourceNames=["billing"]))
    yield from role_bound(f"{key}/no-token", "others-token", namespace="shop")
    yield from cluster_role("exec", rule("create", "pods/exec"))
    yield from role_bound(f"{key}/yes-exec", "exec", namespace="shop")
    yield FoundCredential(f"{key}/orders", "token-secret", "shop/orders-token")
    for name, secret in (("yes-secret", "orders-token"), ("no-secret", "billing-token")):
        yield from cluster_role(name, rule("get", "secrets", resourceNames=[secret]))
        yield from role_bound(f"{key}/{name}", name, namespace="shop")


def second_cluster() -> Iterator[Record]:
    """The same namespace and name in another cluster, which nothing is annotated with."""
    yield from pod_account("shop", "orders", cluster="cluster-2")


def vault() -> Iterator[Record]:
    approle, jwt = LinkKind.VAULT_APPROLE, LinkKind.VAULT_JWT_ROLE
    yield from in_vault(approle, "auth/approle/role/target")
    yield from in_vault(approle, "auth/approle/role/yes-secret-id", "ids")
    yield vault_policy("ids", 'path "auth/approle/role/target/secret-id" { capabilities = ["update"] }')
    yield from in_vault(approle, "auth/approle/role/no-read", "reads")
    yield vault_policy("reads", 'path "auth/approle/role/target/secret-id" { capabilities = ["read"] }')
    yield from in_vault(approle, "auth/approle/role/no-denied", "ids", "denies")
    yield vault_policy("denies", 'path "auth/approle/role/target/secret-id" { capabilities = ["deny"] }')
    yield from in_vault("vault-aws-engine-role", "aws/roles/deploy")
    fields = f'{{"role_arns": ["{arn("target")}"]}}'
    yield FoundDocument(f"{VAULT}/aws/roles/deploy", "role_definition", "deploy", fields)
    yield from in_vault(approle, "auth/approle/role/yes-engine", "engine")
    yield vault_policy("engine", 'path "aws/creds/+" { capabilities = ["read"] }')
    yield from in_vault(jwt, "auth/jwt/role/ci")
    yield FoundStep("repo:shop/app:*", f"{VAULT}/auth/jwt/role/ci", "log-in", f'{{"issuer": "https://{GITHUB}"}}')
    yield from in_vault("vault-aws-role", "auth/aws/role/web")
    yield FoundStep(arn("web"), f"{VAULT}/auth/aws/role/web", "log-in")
    yield FoundStep(f"{VAULT}/auth/approle/role/target", f"{VAULT}/auth/approle/role-id/f", "log-in")
    yield from in_vault(LinkKind.VAULT_ENTITY, "identity/entity/id/e")
    yield FoundStep(f"{VAULT}/auth/approle/role-id/f", f"{VAULT}/identity/entity/id/e", "alias")


def github() -> Iterator[Record]:
    yield from map(workflows, ("shop/app", "Shop/Other", "stranger/app"))
    for number, (privilege, target) in enumerate(
        [
            ("contents:write", "api.github.com/repos/shop/app"),
            ("contents:read", "api.github.com/repos/shop/app"),
        ]
    ):
        key = f"api.github.com/repos/shop/app/keys/{number}"
        yield FoundIdentity(key, System.GITHUB, "api.github.com/shop", "deploy-key", "key", str(number))
        yield FoundGrant(key, privilege, target, via="deploy key")
    app = "api.github.com/orgs/shop/installations/1"
    yield FoundIdentity(app, System.GITHUB, "api.github.com/shop", "github-app-installation", "bot", "1")
    for privilege in ("contents:write", "workflows:write"):
        yield FoundGrant(app, privilege, "all repositories of shop", via="installation")


@pytest.fixture(scope="module")
def told() -> Edges:
    """Who may become whom, through what stands between them, and whether for certain."""
    worlds = (
        in_aws(aws(), across(), federated()),
        in_aws(aws_of_others(), account=OTHER),
        ("gcp/shop", list(google())),
        ("azure/tenant", list(azure())),
        (f"kubernetes/{CLUSTER}", list(cluster())),
        ("kubernetes/cluster-2", list(second_cluster())),
        (f"vault/{VAULT}", list(vault())),
        ("github/shop", list(github())),
    )
    with estate_of(*worlds) as estate:
        rows = edges(Readings(estate, NOW)).to_pyarrow().to_pylist()
    direct: Edges = {}
    for row in rows:
        pair = row["source"], row["target"]
        direct[pair] = direct.get(pair, False) or row["certain"]
    between = {pair: certain for pair, certain in direct.items() if pair[1].startswith("principal")}
    through = {
        (source, target): certain and direct[member_, target]
        for (source, member_), certain in between.items()
        for pool_member, target in direct
        if pool_member == member_
    }
    return direct | through


def sources(told: Edges, target: str) -> dict[str, bool]:
    """Who may become an identity, by the last part of its name."""
    return {
        source.rpartition("/")[2].partition("@")[0].removeprefix("serviceAccount:"): certain
        for (source, of), certain in told.items()
        if of == target
    }


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (
            arn("target"),
            {
                "yes-exact": True,
                "yes-pattern": True,
                "yes-condition-met": True,
                "perhaps-network": False,
                "deploy": True,
            },
        ),
        (arn("named"), {"yes-named": True}),
        (arn("by-arn"), {"yes-by-arn-1": True}),
        (arn("boss", kind="user"), {"yes-key": True}),
        (arn("admins", kind="group"), {"yes-joins": True}),
        (arn("behind-group"), {"member": True, "admins": True}),
        (arn("passed"), {"yes-pass": True, "yes-code": True}),
        (arn("web"), {"yes-session": True}),
        (arn("across", OTHER), {"yes-both": True}),
        (arn("by-name", OTHER), {"yes-both": True}),
        (
            arn("anyone", OTHER),
            dict.fromkeys(("yes-neighbour", "yes-stranger", "across", "no-across-alone", "by-name"), True),
        ),
        (
            identity_id("target"),
            {"yes-contributor": True, "perhaps-conditioned": False, "yes-commands": True, "yes-runs": True},
        ),
        ("app", {"owner": True, "app": True}),
        (f"{VAULT}/auth/approle/role/target", {"yes-secret-id": True}),
        (f"{VAULT}/aws/roles/deploy", {"yes-engine": True}),
        (f"{VAULT}/auth/jwt/role/ci", {"app": True}),
        (f"{VAULT}/auth/aws/role/web", {"web": True}),
        (f"{VAULT}/auth/approle/role-id/f", {"target": True}),
        (f"{VAULT}/identity/entity/id/e", {"f": True}),
        (
            f"{CLUSTER}: kubernetes:shop/orders",
            dict.fromkeys(("yes-pods", "yes-token", "yes-exec", "yes-secret"), True),
        ),
        (f"{CLUSTER}: kubernetes:other/apart", {}),
    ],
)
def test_steps_to_an_identity(told: Edges, target: str, expected: dict[str, bool]) -> None:
    assert sources(told, target) == expected


APP, SHOPS_OTHER = "api.github.com/repos/shop/app", "api.github.com/repos/shop/other"
PODS, PODS_ELSEWHERE = f"{CLUSTER}: kubernetes:shop/orders", "cluster-2: kubernetes:shop/orders"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (arn("of-app"), {APP: True}),
        (arn("of-shop"), {APP: True, SHOPS_OTHER: True}),
        (arn("of-nobody"), {}),
        (arn("of-pods"), {PODS: True, PODS_ELSEWHERE: False}),
        (arn("of-google"), {member("caller"): True}),
        (
            member("impersonated"),
            {
                member("caller"): True,
                member("when"): False,
                member("runner"): True,
                APP: True,
                arn("into-google"): True,
            },
        ),
        (member("of-the-pool"), {APP: True, SHOPS_OTHER: True}),
        (member("of-a-closed-pool"), {}),
        (
            APP,
            {f"{APP}/keys/0": True, "api.github.com/orgs/shop/installations/1": True},
        ),
    ],
)
def test_steps_between_clouds(told: Edges, target: str, expected: dict[str, bool]) -> None:
    assert {
        source: certain
        for (source, of), certain in told.items()
        if of == target and not source.startswith(("principal", "serviceAccount:shop.svc"))
    } == expected


def test_pods_of_an_annotated_account_federate_as_the_member_of_their_cluster(told: Edges) -> None:
    pods = "serviceAccount:shop.svc.id.goog[shop/orders]"
    assert told[PODS, pods] is True
    assert told[PODS_ELSEWHERE, pods] is False
    assert told[pods, member("impersonated")] is True


def test_nobody_becomes_what_the_names_deny(told: Edges) -> None:
    wrong: Iterable[Any] = [pair for pair in told if "/no-" in pair[0] and pair[1] != arn("anyone", OTHER)]
    assert list(wrong) == []
    assert (arn("no-capped-neighbour", OTHER), arn("anyone", OTHER)) not in told
