"""What one identity of several clouds registers, held against a golden graph."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pulumi
import pytest

import nhi_components as nhi
from nhi_components import Grant
from nhi_components.core.federation import HOMES, TRUSTED_ON, CloudPlace
from tests.components.conftest import IDENTITY
from tests.components.graphs import assert_golden
from tests.pages import rows

ACCOUNT = "111111111111"
TENANT = "99999999-8888-7777-6666-555555555555"
OBJECT = "12345678-1234-1234-1234-123456789abc"
SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
UNIQUE_ID = "112233445566778899000"
CLUSTER = "oidc.eks.eu-central-1.amazonaws.com/id/0123456789ABCDEF"
AKS = f"westeurope.oic.prod-aks.azure.com/{TENANT}/aaaa-bbbb/"
AWS_ISSUER = "https://abc123-def456.tokens.sts.global.api.aws"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/nhi/orders-dev-abcdef"
GITHUB = nhi.home.GitHub(repository="example/orders", environment="prod", owner_id="123456", repository_id="456789")
PIPELINE = {**IDENTITY, "kind": "pipeline"}

QUEUE = f"arn:aws:sqs:eu-central-1:{ACCOUNT}:orders"
BUS = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop-dev/providers/Microsoft.ServiceBus/namespaces/shop-dev"


def provider(issuer: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"


def on_aws(oidc_provider_arn: Any = None, **more: Any) -> nhi.on.Aws:
    grants = [Grant(actions=["sqs:SendMessage"], targets=[QUEUE])]
    return nhi.on.Aws(**{"grants": grants, "oidc_provider_arn": oidc_provider_arn, **more})


def on_gcp(**more: Any) -> nhi.on.Gcp:
    grants = [Grant(actions=["pubsub.topics.publish"], targets=["projects/shop-dev/topics/orders"])]
    return nhi.on.Gcp(**{"project": "shop-dev", "project_number": "123456789012", "grants": grants, **more})


def on_azure(**more: Any) -> nhi.on.Azure:
    send = "Microsoft.ServiceBus/namespaces/messages/send/action"
    grants = [Grant(actions=[send], targets=[f"{BUS}/queues/orders"])]
    place = {"subscription": SUBSCRIPTION, "resource_group": "shop-dev", "location": "westeurope"}
    return nhi.on.Azure(**{**place, "grants": grants, **more})


def on_vault(**more: Any) -> nhi.on.Vault:
    return nhi.on.Vault(**{"grants": [Grant(actions=["read"], targets=["secret/data/orders"])], **more})


def federated_github() -> None:
    on = [on_aws(provider("token.actions.githubusercontent.com")), on_gcp(), on_azure(), on_vault()]
    nhi.FederatedIdentity("deploy", identity=PIPELINE, home=GITHUB, on=on)


def federated_github_suspended() -> None:
    on = [on_aws(provider("token.actions.githubusercontent.com")), on_gcp(), on_azure(), on_vault()]
    nhi.FederatedIdentity("deploy", identity={**PIPELINE, "name": "suspended"}, home=GITHUB, on=on)


def federated_kubernetes() -> None:
    home = nhi.home.Kubernetes(issuer=f"https://{CLUSTER}", namespace="shop", service_account="orders")
    on = [on_aws(provider(CLUSTER)), on_gcp(), on_azure(), on_vault(audience="https://vault.example.com")]
    nhi.FederatedIdentity("orders", identity=IDENTITY, home=home, on=on)


def federated_kubernetes_of_a_new_cluster() -> None:
    """AKS' issuers end with a slash, and so do the ARNs of their providers."""
    home = nhi.home.Kubernetes(
        issuer=pulumi.Output.from_input(f"https://{AKS}"),
        namespace="shop",
        service_account=pulumi.Output.from_input("orders-dev-abcdef"),
    )
    on = [on_aws(pulumi.Output.from_input(provider(AKS))), on_gcp(), on_azure(), on_vault(mount="aks")]
    nhi.FederatedIdentity("orders", identity=IDENTITY, home=home, on=on)


def federated_aws_role() -> None:
    home = nhi.home.Aws(issuer=AWS_ISSUER, role_arn=ROLE)
    nhi.FederatedIdentity("orders", identity=IDENTITY, home=home, on=[on_gcp(), on_azure(), on_vault()])


def federated_google_account() -> None:
    home = nhi.home.Gcp(unique_id=UNIQUE_ID)
    nhi.FederatedIdentity("orders", identity=IDENTITY, home=home, on=[on_aws(), on_azure(), on_vault(mount="google")])


def federated_managed_identity() -> None:
    home = nhi.home.Azure(tenant=TENANT, object_id=OBJECT, audience="api://shop-federation")
    on = [on_aws(provider(f"sts.windows.net/{TENANT}/")), on_gcp(), on_vault(mount="entra")]
    nhi.FederatedIdentity("orders", identity=IDENTITY, home=home, on=on)


PROGRAMS = [
    federated_aws_role,
    federated_github,
    federated_github_suspended,
    federated_google_account,
    federated_kubernetes,
    federated_kubernetes_of_a_new_cluster,
    federated_managed_identity,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_the_graph_is_the_golden_one(program: Callable[[], object], registered: Any) -> None:
    assert_golden(program, registered)


HOMES_BY_KIND: dict[str, HOMES] = {
    "GitHub": GITHUB,
    "GitLab": nhi.home.GitLab(project="example/shop/orders", ref="main"),
    "TerraformCloud": nhi.home.TerraformCloud(
        organization="example", project="shop", workspace="orders", run_phase="apply"
    ),
    "KubernetesHome": nhi.home.Kubernetes(issuer=f"https://{CLUSTER}", namespace="shop", service_account="orders"),
    "AwsHome": nhi.home.Aws(issuer=AWS_ISSUER, role_arn=ROLE),
    "GcpHome": nhi.home.Gcp(unique_id=UNIQUE_ID),
    "AzureHome": nhi.home.Azure(tenant=TENANT, object_id=OBJECT, audience=SUBSCRIPTION, version=2),
}
ISSUERS = {
    "GitHub": "token.actions.githubusercontent.com",
    "GitLab": "gitlab.com",
    "TerraformCloud": "app.terraform.io",
    "KubernetesHome": CLUSTER,
    "AwsHome": "abc123-def456.tokens.sts.global.api.aws",
    "AzureHome": f"login.microsoftonline.com/{TENANT}/v2.0",
}
PIPELINES = ("GitHub", "GitLab", "TerraformCloud")


def place_of(cloud: str, home: str) -> CloudPlace:
    if cloud == "aws":
        return on_aws(provider(ISSUERS[home]) if home in ISSUERS else None)
    places: dict[str, Callable[[], CloudPlace]] = {"gcp": on_gcp, "azure": on_azure, "vault": on_vault}
    return places[cloud]()


def home_of(kind: str, cloud: str) -> HOMES:
    """GitLab has no audience of its own, and Vault needs one."""
    home = HOMES_BY_KIND[kind]
    return (
        home.model_copy(update={"audience": "https://vault.example.com"})
        if (kind, cloud) == ("GitLab", "vault")
        else home
    )


@pytest.mark.parametrize(("kind", "cloud"), list(product(HOMES_BY_KIND, ("aws", "gcp", "azure", "vault"))))
def test_each_pair_is_made_with_one_bracket_or_refused(kind: str, cloud: str, registered: Any) -> None:
    home = home_of(kind, cloud)
    identity = PIPELINE if kind in PIPELINES else IDENTITY

    def program() -> None:
        nhi.FederatedIdentity("orders", identity=identity, home=home, on=[place_of(cloud, kind)])

    if cloud in {str(system) for system in TRUSTED_ON[type(home)]}:
        types = [resource["type"] for resource in registered(program)]
        assert types.count("nhi:index:Lease") == types.count("nhi:index:Seal") == 1
        assert types[0] == "nhi:index:Federation"
        return
    with pytest.raises(nhi.SpecError, match="other clouds than its own") as caught:
        registered(program)
    assert [problem.path for problem in caught.value.problems] == ["on"]


def test_every_home_is_tried() -> None:
    assert {kind.__name__ for kind in TRUSTED_ON} == set(HOMES_BY_KIND)
    assert {type(home).__name__ for home in HOMES_BY_KIND.values()} == set(HOMES_BY_KIND)


def test_the_clouds_of_one_identity_may_hold_the_same_and_another_may_not(registered: Any) -> None:
    """Vault's grants are those of the other identity, which is another one by its name."""

    def program() -> None:
        nhi.FederatedIdentity("orders", identity=PIPELINE, home=GITHUB, on=[on_vault()])
        nhi.FederatedIdentity("twice", identity=PIPELINE, home=GITHUB, on=[on_vault(mount="other")])
        nhi.FederatedIdentity("other", identity={**PIPELINE, "name": "other"}, home=GITHUB, on=[on_vault()])

    with pytest.raises(nhi.SpecError, match="exactly those of identity 'orders'") as caught:
        registered(program)
    assert [problem.path for problem in caught.value.problems] == ["on[0].grants"]


def test_the_outputs_are_what_a_workload_becomes_it_by(registered: Any) -> None:
    told: dict[str, set[str]] = {}
    known: list[str] = []

    def program() -> pulumi.Output[None]:
        home = nhi.home.Kubernetes(issuer=f"https://{CLUSTER}", namespace="shop", service_account="orders")
        on = [on_aws(provider(CLUSTER)), on_gcp(), on_azure(), on_vault()]
        made = nhi.FederatedIdentity("orders", identity=IDENTITY, home=home, on=on)
        assert made.retired is False
        told.update({cloud: set(outputs) for cloud, outputs in made.outputs.items()})
        wanted = [made.output("aws", "role_arn"), *(made.output(cloud, "audience") for cloud in made.outputs)]
        return pulumi.Output.all(*wanted).apply(known.extend)

    registered(program)
    assert told == {
        "aws": {"role_arn", "audience"},
        "gcp": {"email", "provider_name", "audience"},
        "azure": {"client_id", "tenant_id", "audience"},
        "vault": {"role_name", "audience"},
    }
    pool = "projects/123456789012/locations/global/workloadIdentityPools/"
    assert known[0].startswith("arn:aws:mock")
    assert known[1] == "sts.amazonaws.com"
    assert known[2].startswith(f"https://iam.googleapis.com/{pool}")
    assert known[3:] == ["api://AzureADTokenExchange", "vault"]


def test_a_retired_identity_is_none_anywhere(registered: Any) -> None:
    told: list[Any] = []

    def program() -> pulumi.Output[None]:
        on = [on_aws(provider("token.actions.githubusercontent.com")), on_gcp(), on_azure(), on_vault()]
        made = nhi.FederatedIdentity("deploy", identity={**PIPELINE, "state": "retired"}, home=GITHUB, on=on)
        assert made.retired is True
        outputs = [value for each in made.outputs.values() for value in each.values()]
        return pulumi.Output.all(*outputs).apply(told.extend)

    resources = registered(program)
    assert {resource["type"] for resource in resources} == {
        "nhi:index:Federation",
        *(f"nhi:{cloud}:PipelineIdentity" for cloud in ("aws", "gcp", "azure", "vault")),
    }
    assert told
    assert set(told) == {None}


PAGE = (Path(__file__).parents[2] / "docs/federated.md").read_text(encoding="utf-8")


def test_the_page_tells_which_pairs_there_are() -> None:
    clouds = ("aws", "gcp", "azure", "vault")
    told = {
        home.strip("`"): {cloud for cloud, cell in zip(clouds, cells, strict=True) if cell == "yes"}
        for home, *cells in rows(PAGE, "home | aws | gcp | azure | vault")
    }
    assert told == {
        kind.__name__.removesuffix("Home"): {str(system) for system in systems} for kind, systems in TRUSTED_ON.items()
    }
    assert set(told) == set(nhi.home.__all__)


def test_the_pages_program_works(registered: Any) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    registered(lambda: exec(compile(program, "docs/federated.md", "exec"), names))  # noqa: S102 - our own page
    told = {cloud: ", ".join(f"`{output}`" for output in outputs) for cloud, outputs in names["deploy"].outputs.items()}
    assert told == {cloud.strip("`"): outputs for cloud, outputs in rows(PAGE, "cloud | outputs")}
