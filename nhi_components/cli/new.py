"""`nhi new`: writes the first program of an identity."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nhi_components.cli.connections import Output, OutputOption

if TYPE_CHECKING:
    from nhi_components.scaffold.model import NewIdentity

_QUESTIONS = {
    "name": "Its name (lower-case letters, digits, hyphens)",
    "environment": "Its environment, such as prod",
    "kind": "Its kind (service-account, api-key, pipeline, workload, ai-agent, third-party)",
    "system": "The system it is for (aws, vault)",
    "team": "The team that owns it",
    "email": "An address that the team reads",
    "purpose": "What it is for, in words that a reviewer understands",
}
_DAYS = 90
_Text = str | None


def new(
    directory: Annotated[Path, typer.Argument(help="The project's folder; it must be empty, or not exist.")],
    name: Annotated[_Text, typer.Option("--name", "-n", help=_QUESTIONS["name"] + ".")] = None,
    environment: Annotated[_Text, typer.Option(help=_QUESTIONS["environment"] + ".")] = None,
    kind: Annotated[_Text, typer.Option("--kind", "-k", help=_QUESTIONS["kind"] + ".")] = None,
    system: Annotated[_Text, typer.Option(help=_QUESTIONS["system"] + ".")] = None,
    team: Annotated[_Text, typer.Option(help=_QUESTIONS["team"] + ".")] = None,
    email: Annotated[_Text, typer.Option(help=_QUESTIONS["email"] + ".")] = None,
    purpose: Annotated[_Text, typer.Option(help=_QUESTIONS["purpose"] + ".")] = None,
    days: Annotated[int, typer.Option(help="How many days it lives; its owner can renew it.")] = _DAYS,
    approver: Annotated[list[str], typer.Option(help="Who approved it; may be given several times.")] = [],  # noqa: B006 - typer copies it
    grant: Annotated[
        list[str], typer.Option(help="What it may do on AWS, as INTENT=ARN, such as sqs.send=arn:…; several times.")
    ] = [],  # noqa: B006 - typer copies it
    runs_on: Annotated[_Text, typer.Option(help="ec2, ecs-tasks or lambda.")] = None,
    repository: Annotated[_Text, typer.Option(help="A pipeline's GitHub repository, owner/name.")] = None,
    ref: Annotated[_Text, typer.Option(help="A pipeline's ref.", show_default="refs/heads/main")] = None,
    oidc_provider_arn: Annotated[_Text, typer.Option(help="The account's OIDC provider for GitHub.")] = None,
    vendor_account: Annotated[_Text, typer.Option(help="A vendor's AWS account.")] = None,
    vendor_cidr: Annotated[_Text, typer.Option(help="From which addresses a vendor comes to Vault.")] = None,
    sponsor: Annotated[_Text, typer.Option(help="Who answers for what an AI agent does.")] = None,
    runtime_role_arn: Annotated[_Text, typer.Option(help="Under which role an AI agent's runtime runs.")] = None,
    tool: Annotated[_Text, typer.Option(help="The tool of an AI agent that --grant is for.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the files and write nothing.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Write a Pulumi project for a new identity, with a policy pack that judges it.

    What is not given is asked for, when somebody is there to answer. The project passes its own pack and preview at
    once: `pulumi preview --policy-pack policy`.

    Exit codes: 0 written; 2 something is missing or wrong.
    """
    given = {
        "name": name,
        "environment": environment,
        "kind": kind,
        "system": system,
        "team": team,
        "email": email,
        "purpose": purpose,
    }
    details = {
        "runs_on": runs_on,
        "repository": repository,
        "ref": ref,
        "oidc_provider_arn": oidc_provider_arn,
        "vendor_account": vendor_account,
        "vendor_cidr": vendor_cidr,
        "sponsor": sponsor,
        "runtime_role_arn": runtime_role_arn,
        "tool": tool,
    }
    basics = _asked(given)
    planned = _planned(basics, details, days=days, approvers=approver, grants=grant)
    _write(directory, planned, dry_run=dry_run, output=output)


def _asked(given: dict[str, str | None]) -> dict[str, str]:
    """Ask for what is missing; without a terminal, name all of it at once."""
    missing = [name for name, value in given.items() if not value]
    if missing and not _somebody_answers():
        from nhi_components.core.errors import Problem, SpecError

        flags = [Problem(f"--{name}", "nothing", _QUESTIONS[name], f"give --{name}") for name in missing]
        raise SpecError("nhi new", flags)
    return {name: value or str(typer.prompt(_QUESTIONS[name])) for name, value in given.items()}


def _planned(
    basics: dict[str, str], details: dict[str, str | None], *, days: int, approvers: list[str], grants: list[str]
) -> NewIdentity:
    from nhi_components.core.errors import SpecError
    from nhi_components.scaffold.model import NewIdentity
    from nhi_components.scaffold.plan import problems_of, read_grants

    identity: dict[str, Any] = {
        "name": basics["name"],
        "environment": basics["environment"],
        "kind": basics["kind"],
        "owner": {"team": basics["team"], "email": basics["email"]},
        "purpose": basics["purpose"],
        "expires": {"after_days": days},
        "approvers": approvers,
        "sponsor": details["sponsor"],
    }
    fields = {"identity": identity, "system": basics["system"], "details": details}
    planned = NewIdentity.parse({**fields, "grants": read_grants(grants)})
    if _somebody_answers():
        planned = _with_answers(planned)
    if problems := problems_of(planned):
        raise SpecError(f"nhi new {basics['name']!r}", problems)
    return planned


def _somebody_answers() -> bool:
    return sys.stdin.isatty()


def _with_answers(planned: NewIdentity) -> NewIdentity:
    """Ask what the kind's blueprint asks."""
    answers = dict(planned.details)
    for question in planned.blueprint.questions:
        if question.detail not in answers:
            answers[question.detail] = typer.prompt(question.text, default=question.default)
    return planned.model_copy(update={"details": answers})


def _write(directory: Path, planned: NewIdentity, *, dry_run: bool, output: Output) -> None:
    from nhi_components.scaffold.files import files_of
    from nhi_components.scaffold.project import refuse_taken, write_project

    files = files_of(planned)
    if dry_run:
        refuse_taken(directory)
    else:
        write_project(directory, files)
    if output is Output.JSON:
        import json

        typer.echo(json.dumps({"directory": str(directory), "written": not dry_run, "files": files}, indent=2))
        return
    for path, text in files.items():
        typer.echo(f"{directory / path}" + (f"\n{text}" if dry_run else ""))
    if not dry_run:
        typer.echo(
            f"\nnext:\n  cd {directory}\n  pulumi stack init {planned.identity.environment}\n"
            "  pulumi preview --policy-pack policy"
        )
