"""What a federated identity refuses before anything is registered: all problems of all clouds at once."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks, set_mocks

import nhi_components as nhi
from nhi_components import Grant
from nhi_components.refusal import ProgramRefused
from tests.components.conftest import IDENTITY, LEASE_ID, Recorder
from tests.components.test_golden_graphs_federated import (
    AKS,
    CLUSTER,
    GITHUB,
    OBJECT,
    PIPELINE,
    TENANT,
    UNIQUE_ID,
    on_aws,
    on_azure,
    on_gcp,
    on_vault,
    provider,
)

KUBERNETES = nhi.home.Kubernetes(issuer=f"https://{CLUSTER}", namespace="shop", service_account="orders")
GOOGLE = nhi.home.Gcp(unique_id=UNIQUE_ID)
ENTRA = nhi.home.Azure(tenant=TENANT, object_id=OBJECT, audience="api://shop")
GITHUB_PROVIDER = provider("token.actions.githubusercontent.com")
ANYTHING = [Grant(actions=["read"], targets=["/"])]
STAGE = nhi.home.GitLab(project="example/shop/orders", environment="prod")
LONG = nhi.home.Kubernetes(issuer=f"https://{CLUSTER}", namespace="n" * 63, service_account="a" * 120)
MANY = [
    Grant(actions=["sqs:SendMessage"], targets=[f"arn:aws:sqs:eu-central-1:111111111111:{'q' * 70}{i}"])
    for i in range(99)
]


@pytest.mark.parametrize(
    ("home", "identity", "on", "paths"),
    [
        (
            GITHUB,
            {**PIPELINE, "owner": None},
            [
                on_aws("arn:aws:iam::1:oidc-provider/x", session_seconds=60),
                on_gcp(project="No", project_number="x"),
                on_azure(subscription="none", location="West Europe"),
                on_vault(mount="/", audience="vault"),
            ],
            [
                "identity.owner",
                "on[0].session_seconds",
                "on[0].oidc_provider_arn",
                "on[1].project",
                "on[1].project_number",
                "on[2].subscription",
                "on[2].location",
                "on[3].audience",
                "on[3].mount",
            ],
        ),
        (GITHUB, IDENTITY, [on_vault()], ["identity"]),
        (KUBERNETES, PIPELINE, [on_vault()], ["identity"]),
        (KUBERNETES, IDENTITY, [], ["on"]),
        (KUBERNETES, IDENTITY, [on_gcp(), on_gcp(project="shop-prod")], ["on"]),
        (GOOGLE, IDENTITY, [on_gcp(), on_vault(audience="*")], ["on", "on[1].audience"]),
        ("github", IDENTITY, ["aws"], ["home", "on[0]"]),
        (GITHUB, PIPELINE, [on_aws(provider("gitlab.com"))], ["on[0].oidc_provider_arn"]),
        (KUBERNETES, IDENTITY, [on_aws(GITHUB_PROVIDER)], ["on[0].oidc_provider_arn"]),
        (KUBERNETES, IDENTITY, [on_aws(None), on_vault(mount="a b")], ["on[0].oidc_provider_arn", "on[1].mount"]),
        (KUBERNETES, IDENTITY, [on_aws(17)], ["on[0].oidc_provider_arn"]),
        (GOOGLE, IDENTITY, [on_aws(provider("accounts.google.com"))], ["on[0].oidc_provider_arn"]),
        (
            ENTRA,
            IDENTITY,
            [on_aws(provider(f"sts.windows.net/{TENANT}")), on_vault(audience="vault")],
            ["on[0].oidc_provider_arn", "on[1].audience"],
        ),
        (STAGE, PIPELINE, [on_aws(provider("gitlab.com")), on_gcp(), on_azure(), on_vault()], ["home", "home", "home"]),
        (LONG, IDENTITY, [on_gcp()], ["home"]),
        (
            GITHUB,
            PIPELINE,
            [on_vault(grants=ANYTHING), on_aws(GITHUB_PROVIDER, grants=MANY)],
            ["on[0].grants[0].targets[0]", "on[1].grants"],
        ),
        (GITHUB, PIPELINE, [on_vault(token_ttl_seconds=9000)], ["on[0].(whole)"]),
    ],
)
def test_every_problem_is_told_before_anything_is_registered(
    home: Any, identity: Any, on: list[Any], paths: list[str], registered: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    new_resource = Recorder.new_resource

    def noting(self: Recorder, args: mocks.MockResourceArgs) -> Any:
        seen.append(args.typ)
        return new_resource(self, args)

    monkeypatch.setattr(Recorder, "new_resource", noting)
    with pytest.raises(nhi.SpecError) as caught:
        registered(lambda: nhi.FederatedIdentity("orders", identity=identity, home=home, on=on))
    assert [problem.path for problem in caught.value.problems] == paths
    assert all(problem.fix for problem in caught.value.problems)
    assert [kind for kind in seen if kind.startswith("nhi:")] == []


@pytest.mark.parametrize(
    ("made", "paths"),
    [
        (lambda: nhi.home.Aws(issuer="https://sts.amazonaws.com", role_arn="*"), ["issuer", "role_arn"]),
        (lambda: nhi.home.Gcp(unique_id="orders@shop-dev.iam.gserviceaccount.com"), ["unique_id"]),
        (
            lambda: nhi.home.Azure.parse({"tenant": "common", "object_id": "*", "audience": "api://*", "version": 3}),
            ["tenant", "object_id", "audience", "version"],
        ),
        (
            lambda: nhi.home.Kubernetes(issuer="http://cluster", namespace="*", service_account="default"),
            ["issuer", "namespace", "service_account"],
        ),
        (lambda: nhi.on.Vault.parse({"role": "x"}), ["role"]),
    ],
)
def test_a_home_is_one_workload(made: Callable[[], object], paths: list[str]) -> None:
    with pytest.raises(nhi.SpecError) as caught:
        made()
    assert [problem.path for problem in caught.value.problems] == paths


@pytest.mark.parametrize(
    ("home", "on", "told"),
    [
        (
            nhi.home.Kubernetes(issuer=f"https://{AKS}", namespace="shop", service_account="orders"),
            lambda: on_aws(pulumi.Output.from_input(provider(AKS.rstrip("/")))),
            "the provider of",
        ),
        (ENTRA, lambda: on_aws(pulumi.Output.from_input(GITHUB_PROVIDER)), "the provider of"),
        (
            KUBERNETES.model_copy(update={"service_account": pulumi.Output.from_input("default")}),
            on_gcp,
            "the name of a service account",
        ),
        (
            KUBERNETES.model_copy(update={"service_account": pulumi.Output.from_input("a" * 120)}),
            on_gcp,
            "at most 127 bytes",
        ),
        (KUBERNETES.model_copy(update={"issuer": pulumi.Output.from_input("http://cluster")}), on_gcp, "an https URL"),
    ],
)
def test_what_turns_out_wrong_ends_the_program(home: Any, on: Callable[[], Any], told: str, registered: Any) -> None:
    with pytest.raises(ProgramRefused, match=told):
        registered(lambda: nhi.FederatedIdentity("orders", identity=IDENTITY, home=home, on=[on()]))


def test_the_template_is_held_before_the_first_cloud_is_made(registered: Any) -> None:
    identity = {**PIPELINE, "expires": date(2036, 1, 1)}
    with pytest.raises(nhi.SpecError) as caught:
        registered(lambda: nhi.FederatedIdentity("deploy", identity=identity, home=GITHUB, on=[on_gcp(), on_vault()]))
    assert {problem.path for problem in caught.value.problems} == {"identity.expires"}
    assert caught.value.subject == "FederatedIdentity 'deploy'"


def test_each_cloud_whose_extra_is_not_installed_is_named(registered: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for cloud in ("azure", "gcp"):
        monkeypatch.delitem(sys.modules, f"nhi_components.federation.{cloud}", raising=False)
        sdk = "pulumi_gcp" if cloud == "gcp" else "pulumi_azure_native"
        for module in [each for each in sys.modules if each.startswith((f"nhi_components.{cloud}", sdk))]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, sdk, None)
    on = [on_gcp(), on_vault(), on_azure()]
    with pytest.raises(nhi.SpecError) as caught:
        registered(lambda: nhi.FederatedIdentity("deploy", identity=PIPELINE, home=GITHUB, on=on))
    told = {problem.path: problem.fix for problem in caught.value.problems}
    assert told == {
        "on[0]": "pip install 'nhi-components[gcp]'",
        "on[2]": "pip install 'nhi-components[azure]'",
    }


def test_nothing_of_it_is_retained(registered: Any) -> None:
    opts = pulumi.ResourceOptions(retain_on_delete=True)
    with pytest.raises(nhi.SpecError, match="retainOnDelete"):
        registered(lambda: nhi.FederatedIdentity("deploy", identity=PIPELINE, home=GITHUB, on=[on_vault()], opts=opts))


class Later(Recorder):
    """A stack that has the identity on Vault since a day."""

    def __init__(self, issued: str) -> None:
        super().__init__()
        self.issued = issued

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        """Answer with the lease of an earlier run."""
        if args.token != "pulumi:pulumi:readStackResourceOutputs":
            return super().call(args)
        lease = {
            "identity": {"name": "orders", "environment": "dev"},
            "leaseId": LEASE_ID,
            "issued": self.issued,
            "ends": str(date.fromisoformat(self.issued) + timedelta(days=90)),
            "state": "active",
        }
        urn = (
            "urn:pulumi:dev::shop::nhi:index:Federation$nhi:vault:PipelineIdentity$nhi:index:Lease::deploy-vault-lease"
        )
        return {"outputs": {urn: {"type": "nhi:index:Lease", "outputs": lease}}}


@pytest.mark.parametrize(
    ("issued", "expires"), [("2036-05-01", {"on": "2036-07-30"}), ("2036-06-01", {"after_days": 90})]
)
def test_a_cloud_that_is_added_later_ends_with_the_others(
    issued: str, expires: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NHI_AS_OF", "2036-06-01")
    monkeypatch.setattr("nhi_components.bundle.guard_against_retention", lambda: None)
    recorder = Later(issued)

    def program() -> None:
        identity = {**PIPELINE, "expires": {"after_days": 90}}
        nhi.FederatedIdentity("deploy", identity=identity, home=GITHUB, on=[on_vault(), on_gcp()])

    asyncio.set_event_loop(asyncio.new_event_loop())
    set_mocks(recorder, project="shop", stack="dev", preview=False)
    pulumi.runtime.test(program)()
    leases = {
        each["name"]: each["inputs"]["identity"]["expires"]
        for each in recorder.registered
        if each["type"] == "nhi:index:Lease"
    }
    assert leases == {"deploy-vault-lease": {"after_days": 90}, "deploy-gcp-lease": expires}


def test_one_decision_suspends_it_everywhere(registered: Any) -> None:
    decisions = {
        "orders.dev": {
            "state": "suspended",
            "reason": "the repository was taken over",
            "approver": "ada@example.com",
            "on": "2026-11-30",
        }
    }
    pulumi.runtime.set_all_config({"nhi:life": json.dumps(decisions)})
    try:
        on = [on_aws(GITHUB_PROVIDER), on_gcp(), on_azure(), on_vault()]
        resources = registered(lambda: nhi.FederatedIdentity("deploy", identity=PIPELINE, home=GITHUB, on=on))
    finally:
        pulumi.runtime.set_all_config({})
    states = [each["inputs"]["identity"]["state"] for each in resources if each["type"] == "nhi:index:Lease"]
    assert states == ["suspended"] * 4
