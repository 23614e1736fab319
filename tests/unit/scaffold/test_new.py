"""`nhi new`: what it writes, and what it refuses before anything is written."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nhi_components.cli.app import app
from nhi_components.core.errors import NhiError, SpecError
from nhi_components.core.identity import Kind
from nhi_components.core.links import System
from nhi_components.core.yaml_text import parse_yaml
from nhi_components.scaffold.blueprints import BLUEPRINTS
from nhi_components.scaffold.model import NewIdentity
from nhi_components.scaffold.plan import problems_of
from nhi_components.scaffold.project import write_project
from nhi_components.version import VERSION
from tools.doubles.azure.subscriptions import GROUP, SUBSCRIPTION

QUEUE = "arn:aws:sqs:eu-central-1:111111111111:orders"
TOPIC = "projects/shop-prod/topics/orders"
CONTAINER = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Storage/storageAccounts/shopdev"
    "/blobServices/default/containers/orders"
)
GRANTS = {
    System.AWS: f"sqs.send={QUEUE}",
    System.GCP: f"pubsub.publish={TOPIC}",
    System.AZURE: f"storage.read_blobs={CONTAINER}",
    System.KUBERNETES: "configmaps.read=shop/rates",
    System.VAULT: "kv.read=shared/rates",
}
BASICS = {
    "name": "orders",
    "environment": "dev",
    "team": "payments",
    "email": "payments@example.com",
    "purpose": "sends order events",
}
DETAILS = {
    "runs_on": "lambda",
    "repository": "example/orders",
    "oidc_provider_arn": "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com",
    "vendor_account": "222222222222",
    "vendor_cidr": "192.0.2.0/24",
    "sponsor": "ada@example.com",
    "runtime_role_arn": "arn:aws:iam::111111111111:role/agent-runtime",
    "project": "shop-prod",
    "project_number": "123456789012",
    "cluster_project": "shop-clusters",
    "namespace": "payments",
    "kubernetes_account": "orders",
    "runtime_principal": "serviceAccount:agent-runtime@shop-prod.iam.gserviceaccount.com",
    "vendor_service_account": "courier@courier-prod.iam.gserviceaccount.com",
    "why_not_federated": "the scanner's firmware takes a key file and nothing else",
    "subscription": SUBSCRIPTION,
    "resource_group": GROUP,
    "cluster_issuer": "https://westeurope.oic.prod-aks.azure.com/00000000-1111-2222-3333-444444444444/0a1b2c3d/",
    "vendor_issuer": "https://identity.courier.example.com",
    "vendor_subject": "shipments-for-shop",
    "key_vault": "shop-dev",
}
_POD = ("namespace", "kubernetes_account")
ON_GKE = {name: DETAILS[name] for name in ("cluster_project", *_POD)} | {"runs_on": "gke"}
ON_AKS = {name: DETAILS[name] for name in ("cluster_issuer", *_POD)} | {"runs_on": "aks"}


def arguments(kind: Kind, system: System, folder: Path, /, **changes: str | None) -> list[str]:
    """The command line that answers everything for a blueprint; None leaves an answer out."""
    details: dict[str, str] = {
        q.detail: DETAILS[q.detail] for q in BLUEPRINTS[kind, system].questions if q.default is None
    }
    if BLUEPRINTS[kind, system].granting:
        details["grant"] = GRANTS[system]
    given = {**BASICS, "kind": str(kind), "system": str(system), **details, **changes}
    flags = [part for name, value in given.items() if value for part in (f"--{name.replace('_', '-')}", value)]
    return ["new", str(folder), *flags]


def run(*command: str) -> Any:
    return CliRunner().invoke(app, list(command))


@pytest.mark.parametrize(("kind", "system"), list(BLUEPRINTS), ids=str)
def test_each_blueprint_gives_a_program_that_declares_the_identity(kind: Kind, system: System, tmp_path: Path) -> None:
    done = run(*arguments(kind, system, tmp_path / "project"))
    assert done.exit_code == 0, (done.output, done.exception)
    program = ast.parse((tmp_path / "project" / "__main__.py").read_text())
    calls = [node for node in ast.walk(program) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    (made,) = [call for call in calls if call.func.attr == BLUEPRINTS[kind, system].component]  # type: ignore[attr-defined] # filtered above
    identity = next(ast.literal_eval(keyword.value) for keyword in made.keywords if keyword.arg == "identity")
    assert (identity["name"], identity["kind"], identity["owner"]["team"]) == ("orders", str(kind), "payments")
    assert {f.name for f in (tmp_path / "project").iterdir()} == {
        "Pulumi.yaml",
        "__main__.py",
        "policy",
        "requirements.txt",
    }


def program_of(folder: Path) -> str:
    """The program in a project's folder, on one line."""
    return " ".join((folder / "__main__.py").read_text().split())


def test_what_it_runs_on_decides_who_may_become_it(tmp_path: Path) -> None:
    command = arguments(Kind.WORKLOAD, System.GCP, tmp_path / "run")
    assert run(*command).exit_code == 0
    assert 'project="shop-prod", ) pulumi.export' in program_of(tmp_path / "run")
    assert run(*arguments(Kind.WORKLOAD, System.GCP, tmp_path / "gke", **ON_GKE)).exit_code == 0
    trust = 'gcp.GkeTrust(cluster_project="shop-clusters", namespace="payments", service_account="orders")'
    assert f'project="shop-prod", trusted_by={trust}, ) pulumi.export' in program_of(tmp_path / "gke")
    assert 'pulumi.export("kubernetes_annotations", orders.kubernetes_annotations)' in program_of(tmp_path / "gke")
    assert refused(*arguments(Kind.WORKLOAD, System.GCP, tmp_path / "p", runs_on="gke")) == [
        "--cluster-project",
        "--namespace",
        "--kubernetes-account",
    ]
    assert refused(*arguments(Kind.WORKLOAD, System.GCP, tmp_path / "p", namespace="payments")) == ["--namespace"]
    assert run(*arguments(Kind.WORKLOAD, System.AZURE, tmp_path / "aks", **ON_AKS)).exit_code == 0
    pod = f'issuer="{DETAILS["cluster_issuer"]}", namespace="payments", service_account="orders", ) pulumi.export'
    assert "azure.AksWorkloadIdentity(" in program_of(tmp_path / "aks")
    assert pod in program_of(tmp_path / "aks")


@pytest.mark.parametrize(("system", "platform"), [(System.AWS, "gke"), (System.GCP, "lambda"), (System.AZURE, "gke")])
def test_what_a_system_does_not_run_is_refused(system: System, platform: str, tmp_path: Path) -> None:
    done = run(*arguments(Kind.WORKLOAD, system, tmp_path / "p", runs_on=platform))
    assert isinstance(done.exception, SpecError)
    (problem,) = done.exception.problems
    assert (problem.path, problem.got) == ("--runs-on", platform)
    assert ("lambda" in problem.expected) is (system is System.AWS)


def test_an_answer_brings_the_questions_that_follow_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nhi_components.cli.new._somebody_answers", lambda: True)
    basics = ["orders", "dev", "workload", "gcp", "payments", "payments@example.com", "reads incoming orders"]
    answers = ["shop-prod", "gke", "shop-clusters", "payments", "orders"]
    done = CliRunner().invoke(app, ["new", str(tmp_path / "p")], input="\n".join([*basics, *answers, ""]))
    assert done.exit_code == 0, (done.output, done.exception)
    assert 'namespace="payments"' in program_of(tmp_path / "p")


@pytest.mark.parametrize("name", ["class", "pulumi", "vault", "true"])
def test_a_name_that_means_something_in_a_file_is_written_so_that_it_does_not(name: str, tmp_path: Path) -> None:
    assert run(*arguments(Kind.WORKLOAD, System.VAULT, tmp_path / "p", name=name)).exit_code == 0
    program = ast.parse((tmp_path / "p" / "__main__.py").read_text())
    (variable,) = [each.targets[0] for each in program.body if isinstance(each, ast.Assign)]
    assert isinstance(variable, ast.Name)
    assert variable.id == ("true" if name == "true" else f"{name}_identity")
    (project,) = parse_yaml((tmp_path / "p" / "Pulumi.yaml").read_text())
    assert project.value["name"] == name


def test_grants_are_curated_intents(tmp_path: Path) -> None:
    command = arguments(Kind.WORKLOAD, System.AWS, tmp_path / "project")
    assert run(*command, "--grant", f"sqs.send={QUEUE}", "--grant", f"sqs.consume={QUEUE}").exit_code == 0
    program = (tmp_path / "project" / "__main__.py").read_text()
    assert f'grants=aws.intents.sqs.send("{QUEUE}") + aws.intents.sqs.consume("{QUEUE}")' in program


CALLS = {
    System.AWS: f'sqs.send("{QUEUE}")',
    System.GCP: f'pubsub.publish("{TOPIC}")',
    System.AZURE: f'storage.read_blobs("{CONTAINER}")',
    System.KUBERNETES: 'configmaps.read("shop", "rates")',
    System.VAULT: 'kv.read("shared/rates")',
}


@pytest.mark.parametrize("system", GRANTS, ids=str)
def test_each_system_has_intents_of_its_own(system: System, tmp_path: Path) -> None:
    command = arguments(Kind.WORKLOAD, system, tmp_path / "p")
    assert run(*command, "--grant", GRANTS[system]).exit_code == 0
    assert f"grants={system}.intents.{CALLS[system]}" in program_of(tmp_path / "p")
    for other in set(GRANTS) - {system}:
        assert refused(*arguments(Kind.WORKLOAD, system, tmp_path / "q", grant=GRANTS[other])) == ["--grant"]


def test_on_kubernetes_a_target_names_its_namespace(tmp_path: Path) -> None:
    command = arguments(Kind.WORKLOAD, System.KUBERNETES, tmp_path / "p")
    assert run(*command, "--grant", "pods.watch=shop", "--grant", "leases.manage=billing/leader").exit_code == 0
    calls = 'kubernetes.intents.pods.watch("shop") + kubernetes.intents.leases.manage("billing", "leader")'
    assert f'namespace="payments", grants={calls}' in program_of(tmp_path / "p")
    for grant, got in (
        ("configmaps.read=shop", "nothing"),
        ("configmaps.read=/rates", "nothing"),
        ("pods.watch=shop/api", "shop/api"),
    ):
        done = run(*arguments(Kind.WORKLOAD, System.KUBERNETES, tmp_path / "q"), "--grant", grant)
        assert isinstance(done.exception, SpecError)
        (problem,) = done.exception.problems
        assert problem.path == f"--grant {grant.partition('=')[0]}"
        assert problem.got == got


def test_an_intent_whose_service_is_a_word_of_python_is_called_by_its_module(tmp_path: Path) -> None:
    function = "arn:aws:lambda:eu-central-1:111111111111:function:orders"
    command = arguments(Kind.WORKLOAD, System.AWS, tmp_path / "p", grant=f"lambda.invoke={function}")
    assert run(*command).exit_code == 0
    assert f'grants=aws.intents.lambda_.invoke("{function}")' in program_of(tmp_path / "p")


def test_a_dry_run_shows_the_files_and_writes_nothing(tmp_path: Path) -> None:
    done = run(*arguments(Kind.WORKLOAD, System.VAULT, tmp_path / "project"), "--dry-run", "--output", "json")
    told = json.loads(done.stdout)
    assert (told["written"], "vault.WorkloadIdentity(" in told["files"]["__main__.py"]) == (False, True)
    assert not list(tmp_path.iterdir())


def refused(*command: str) -> list[str]:
    """The paths of the problems that a command is refused for."""
    done = run(*command)
    assert isinstance(done.exception, SpecError), done.output
    return [problem.path for problem in done.exception.problems]


def test_what_is_not_given_is_asked_for_at_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nhi_components.cli.new._somebody_answers", lambda: True)
    answers = ["orders", "dev", "pipeline", "aws", "payments", "payments@example.com", "deploys the orders service"]
    details = ["example/orders", "", DETAILS["oidc_provider_arn"]]
    done = CliRunner().invoke(app, ["new", str(tmp_path / "p")], input="\n".join([*answers, *details, ""]))
    assert done.exit_code == 0, (done.output, done.exception)
    program = (tmp_path / "p" / "__main__.py").read_text()
    assert 'aws.GitHub(repository="example/orders", ref="refs/heads/main")' in program
    assert '"purpose": "deploys the orders service"' in program


def test_an_agent_needs_what_its_tool_may_do(tmp_path: Path) -> None:
    assert refused(*arguments(Kind.AI_AGENT, System.AWS, tmp_path / "p", grant=None)) == ["--grant"]
    command = arguments(Kind.AI_AGENT, System.AWS, tmp_path / "p", tool="tickets")
    assert run(*command).exit_code == 0
    assert f'tools={{"tickets": aws.intents.sqs.send("{QUEUE}")}}' in (tmp_path / "p" / "__main__.py").read_text()


def test_what_may_do_nothing_by_itself_is_granted_nothing(tmp_path: Path) -> None:
    assert refused(*arguments(Kind.API_KEY, System.VAULT, tmp_path / "p", grant=GRANTS[System.VAULT])) == ["--grant"]


def test_everything_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    command = arguments(Kind.PIPELINE, System.AWS, tmp_path / "p", environment=None, team=None)
    assert refused(*command) == ["--environment", "--team"]
    command = arguments(Kind.PIPELINE, System.AWS, tmp_path / "p", repository=None, oidc_provider_arn=None)
    assert refused(*command) == ["--repository", "--oidc-provider-arn"]


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"name": "Orders", "email": "nobody"}, ["identity.name", "identity.owner.email"]),
        ({"days": "367"}, ["identity.expires.after_days"]),
        ({"grant": "sqs.everything=x"}, ["--grant"]),
        ({"grant": "sqs.send=arn:aws:sns:eu-central-1:111111111111:orders"}, ["--grant sqs.send"]),
        ({"sponsor": "ada@example.com"}, ["--sponsor"]),
        ({"kind": "robot"}, ["identity.kind"]),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_written(
    changes: dict[str, str], paths: list[str], tmp_path: Path
) -> None:
    command = arguments(Kind.WORKLOAD, System.AWS, tmp_path / "p", **changes)
    assert refused(*command) == paths
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("system", "kind", "detail", "answer"),
    [
        (System.GCP, Kind.WORKLOAD, "project", "Shop"),
        (System.GCP, Kind.WORKLOAD, "namespace", "*"),
        (System.GCP, Kind.WORKLOAD, "kubernetes_account", "Orders"),
        (System.GCP, Kind.PIPELINE, "project_number", "shop-prod"),
        (System.GCP, Kind.PIPELINE, "repository", "example/*"),
        (System.GCP, Kind.AI_AGENT, "runtime_principal", "allUsers"),
        (System.GCP, Kind.THIRD_PARTY, "vendor_service_account", "courier@example.com"),
        (System.GCP, Kind.API_KEY, "why_not_federated", "just because"),
        (System.AZURE, Kind.WORKLOAD, "subscription", "shop"),
        (System.AZURE, Kind.WORKLOAD, "resource_group", "shop/dev"),
        (System.AZURE, Kind.WORKLOAD, "cluster_issuer", "http://cluster.example.com"),
        (System.AZURE, Kind.WORKLOAD, "namespace", "*"),
        (System.AZURE, Kind.WORKLOAD, "kubernetes_account", "Orders"),
        (System.AZURE, Kind.PIPELINE, "ref", "refs/heads/*"),
        (System.AZURE, Kind.THIRD_PARTY, "vendor_issuer", "courier.example.com"),
        (System.AZURE, Kind.THIRD_PARTY, "vendor_subject", "*"),
        (System.AZURE, Kind.API_KEY, "why_not_federated", "just because"),
        (System.AZURE, Kind.API_KEY, "key_vault", "https://shop-dev.vault.azure.net"),
        (System.KUBERNETES, Kind.WORKLOAD, "namespace", "kube-system"),
        (System.KUBERNETES, Kind.AI_AGENT, "namespace", "Shop"),
    ],
)
def test_an_answer_that_its_component_would_refuse_is_refused(
    system: System, kind: Kind, detail: str, answer: str, tmp_path: Path
) -> None:
    on_a_cluster = {System.GCP: ON_GKE, System.AZURE: ON_AKS}.get(system, {})
    others = on_a_cluster if detail in on_a_cluster else {}
    command = arguments(kind, system, tmp_path / "p", **{**others, detail: answer})
    assert refused(*command) == [f"--{detail.replace('_', '-')}"]
    assert not list(tmp_path.iterdir())


def test_the_requirements_name_what_the_program_imports(tmp_path: Path) -> None:
    for kind, extras in ((Kind.WORKLOAD, "azure,policy"), (Kind.API_KEY, "azure,entra,policy")):
        folder = tmp_path / kind
        assert run(*arguments(kind, System.AZURE, folder)).exit_code == 0
        assert (folder / "requirements.txt").read_text() == f"nhi-components[{extras}]>={VERSION}\n"


def test_a_kind_without_a_blueprint_on_a_system_names_those_that_have_one(tmp_path: Path) -> None:
    done = run(*arguments(Kind.API_KEY, System.VAULT, tmp_path / "p", system="aws"))
    assert "api-key on vault" in str(done.exception)


def test_the_template_of_the_kind_is_held_against_it() -> None:
    identity = {**BASICS, "kind": "api-key", "environment": "prod", "expires": {"after_days": 200}}
    owner = {"team": identity.pop("team"), "email": identity.pop("email")}
    new = NewIdentity.parse({"identity": {**identity, "owner": owner}, "system": "vault", "details": {}})
    assert [problem.path for problem in problems_of(new)] == ["identity.expires", "identity.approvers"]


def test_a_folder_that_holds_something_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    write_project(tmp_path / "project", {"a/b": "text"})
    assert (tmp_path / "project" / "a" / "b").read_text() == "text"
    with pytest.raises(NhiError, match="nothing is ever written over"):
        write_project(tmp_path / "project", {"a/b": "other"})
    assert [entry.name for entry in tmp_path.iterdir()] == ["project"]
