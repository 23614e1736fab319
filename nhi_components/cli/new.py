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
    "system": "The system it is for (aws, gcp, azure, kubernetes, vault)",
    "team": "The team that owns it",
    "email": "An address that the team reads",
    "purpose": "What it is for, in words that a reviewer understands",
}
_DAYS = 90
_Text = str | None


def new(
    context: typer.Context,
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
        list[str],
        typer.Option(
            help="What it may do, as INTENT=TARGET, such as sqs.send=arn:…, on Kubernetes "
            "configmaps.read=NAMESPACE/NAME; several times."
        ),
    ] = [],  # noqa: B006 - typer copies it
    runs_on: Annotated[
        _Text,
        typer.Option(
            help="On AWS ec2, ecs-tasks or lambda; on Google Cloud cloud-run, compute-engine or gke; on Azure "
            "container-apps, functions, virtual-machines or aks."
        ),
    ] = None,
    repository: Annotated[_Text, typer.Option(help="A pipeline's GitHub repository, owner/name.")] = None,
    ref: Annotated[_Text, typer.Option(help="A pipeline's ref.", show_default="refs/heads/main")] = None,
    oidc_provider_arn: Annotated[_Text, typer.Option(help="The account's OIDC provider for GitHub.")] = None,
    vendor_account: Annotated[_Text, typer.Option(help="A vendor's AWS account.")] = None,
    vendor_cidr: Annotated[_Text, typer.Option(help="From which addresses a vendor comes to Vault.")] = None,
    sponsor: Annotated[_Text, typer.Option(help="Who answers for what an AI agent does.")] = None,
    runtime_role_arn: Annotated[_Text, typer.Option(help="Under which role an AI agent's runtime runs.")] = None,
    tool: Annotated[_Text, typer.Option(help="The tool of an AI agent that --grant is for.")] = None,
    project: Annotated[_Text, typer.Option(help="The id of its project on Google Cloud.")] = None,
    project_number: Annotated[_Text, typer.Option(help="The number of that project, for a pipeline.")] = None,
    cluster_project: Annotated[_Text, typer.Option(help="On GKE: the id of the cluster's project.")] = None,
    namespace: Annotated[_Text, typer.Option(help="On Kubernetes, GKE and AKS: its namespace.")] = None,
    kubernetes_account: Annotated[
        _Text, typer.Option(help="On GKE and AKS: its service account in that namespace.")
    ] = None,
    runtime_principal: Annotated[
        _Text, typer.Option(help="As which principal of Google Cloud an AI agent's runtime runs.")
    ] = None,
    vendor_service_account: Annotated[
        _Text, typer.Option(help="The address of a vendor's own service account on Google Cloud.")
    ] = None,
    why_not_federated: Annotated[
        _Text, typer.Option(help="Why what is an API key on Google Cloud or Azure needs one.")
    ] = None,
    subscription: Annotated[_Text, typer.Option(help="The id of its subscription on Azure.")] = None,
    resource_group: Annotated[_Text, typer.Option(help="Its resource group on Azure.")] = None,
    cluster_issuer: Annotated[_Text, typer.Option(help="On AKS: the issuer of the cluster's tokens.")] = None,
    vendor_issuer: Annotated[_Text, typer.Option(help="The issuer of a vendor's own tokens, on Azure.")] = None,
    vendor_subject: Annotated[_Text, typer.Option(help="Their subject that may become it, on Azure.")] = None,
    key_vault: Annotated[_Text, typer.Option(help="The Key Vault that an API key on Azure is delivered to.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the files and write nothing.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Write a Pulumi project for a new identity, with a policy pack that judges it.

    What is not given is asked for, when somebody is there to answer. The project passes its own pack and preview at
    once: `pulumi preview --policy-pack policy`.

    Exit codes: 0 written; 2 something is missing or wrong.
    """
    from nhi_components.scaffold.blueprint import DETAILS

    told: dict[str, str | None] = context.params
    given = {each: told[each] for each in _QUESTIONS}
    details: dict[str, str | None] = {each: told[each] for each in DETAILS}
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
    planned = NewIdentity.parse({**fields, "grants": read_grants(grants, basics["system"])})
    if _somebody_answers():
        planned = _with_answers(planned)
    if problems := problems_of(planned):
        raise SpecError(f"nhi new {basics['name']!r}", problems)
    return planned


def _somebody_answers() -> bool:
    return sys.stdin.isatty()


def _with_answers(planned: NewIdentity) -> NewIdentity:
    """Ask what the kind's blueprint asks."""
    while unanswered := planned.unanswered():
        question = unanswered[0]
        answer = typer.prompt(question.text, default=question.default)
        planned = planned.model_copy(update={"details": {**planned.details, question.detail: answer}})
    return planned


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
