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
from nhi_components.scaffold.blueprint import BLUEPRINTS
from nhi_components.scaffold.model import NewIdentity
from nhi_components.scaffold.plan import problems_of
from nhi_components.scaffold.project import write_project

QUEUE = "arn:aws:sqs:eu-central-1:111111111111:orders"
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
}


def arguments(kind: Kind, system: System, folder: Path, /, **changes: str | None) -> list[str]:
    """The command line that answers everything for a blueprint; None leaves an answer out."""
    details: dict[str, str] = {
        q.detail: DETAILS[q.detail] for q in BLUEPRINTS[kind, system].questions if q.default is None
    }
    if BLUEPRINTS[kind, system].granting:
        details["grant"] = f"sqs.send={QUEUE}"
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
