"""`nhi adopt` for a service account of Google Cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nhi_components.cli.adopt_identity import Outcome
    from nhi_components.core.errors import Problem
    from nhi_components.core.findings import Finding
    from nhi_components.core.rule_exception import RuleException
    from nhi_components.facts.pulumi_reader import PulumiResource
    from nhi_components.lifecycle.adoption.account_plan import AccountPlan
    from nhi_components.lifecycle.adoption.existing import Existing
    from nhi_components.scaffold.adopted_account import AdoptedAccount


def planned_account(told: dict[str, Any], found: Existing) -> Outcome:
    """Plan the adoption of a service account, and write its project's files.

    Args:
        told: what the command was given.
        found: the account as the inventory has it.

    Raises:
        NotAdoptable: it cannot be adopted.
        SpecError: with everything that has to be decided first.
    """
    from functools import partial

    from nhi_components.cli.adopt_account_render import document, show
    from nhi_components.cli.adopt_identity import Outcome
    from nhi_components.scaffold.adopted_account import account_files_of

    plan, adopted = _planned(told, found)
    return Outcome(account_files_of(adopted), document(plan, adopted), partial(show, plan, adopted))


def _planned(told: dict[str, Any], found: Existing) -> tuple[AccountPlan, AdoptedAccount]:
    from dataclasses import replace

    from nhi_components.cli.adopt_identity import identity_of, known_of, permitted_by, until_its_end
    from nhi_components.cli.connections import read_connections
    from nhi_components.cli.deciding import refuse
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.core.links import System
    from nhi_components.lifecycle.adapters import open_account_reading
    from nhi_components.lifecycle.adoption.account_plan import AccountWishes, plan_account
    from nhi_components.scaffold.adopted_account import AdoptedAccount

    settings, name = read_connections(told["connections"]), told["connection"]
    reader = open_account_reading(name, settings.connection(System.GCP, name))
    targets, permitted = _targets(told["on"]), permitted_by(told)
    known, problems = known_of(told, found)
    if told["session_seconds"] is not None:
        expected = "nothing: an access token of Google Cloud lives an hour, which nothing here shortens"
        problems.append(Problem("--session-seconds", str(told["session_seconds"]), expected, "leave it out"))
    try:
        plan = plan_account(found, reader, AccountWishes(targets, told["drop"]))
    except SpecError as error:
        raise SpecError(error.subject, [*problems, *error.problems]) from None
    refuse(f"nhi adopt {found.listed.name!r}", problems)
    identity = identity_of(told, plan.adopts.account_id, known, pipeline=False)
    adopted = AdoptedAccount(identity, found.listed.place, plan.trust, plan.grants, plan.adopts)
    exceptions = _exceptions_for(adopted, permitted and until_its_end(permitted, identity))
    return plan, replace(adopted, exceptions=exceptions)


def _targets(texts: list[str]) -> dict[str, list[str]]:
    """Read `SERVICE=NAME`, several of a service."""
    from nhi_components.core.errors import Problem, SpecError
    from nhi_components.core.gcp_resource import target_of
    from nhi_components.core.text import shown

    targets: dict[str, list[str]] = {}
    problems = []
    for text in texts:
        service, separator, name = text.partition("=")
        if not service or not separator or target_of(name) is None:
            fix = "write it like pubsub=projects/shop/topics/orders"
            problems.append(Problem("--on", shown(text), "SERVICE=NAME, by the resource's relative name", fix))
        targets.setdefault(service.lower(), []).append(name)
    if problems:
        raise SpecError("nhi adopt", problems)
    return targets


def _exceptions_for(adopted: AdoptedAccount, permitted: RuleException | None) -> tuple[RuleException, ...]:
    """Judge an identity as its component and the strict pack will; tell which exceptions the pack needs.

    Raises:
        SpecError: with everything that the component refuses, and what nobody permits.
    """
    from nhi_components.core.errors import Problem, SpecError

    problems = _component_problems(adopted)
    findings = [] if problems else _findings(adopted)
    if permitted is None:
        for f in findings:
            fix = f"{f.fix}; name what it is needed on with --on, drop it with --drop, or permit it with --permitted-by"
            problems.append(Problem(f.path, f.got, f"{f.expected} ({f.rule})", f"{fix} and --reason"))
    if problems:
        raise SpecError(f"nhi adopt {adopted.identity.name!r}", problems)
    needed = sorted({finding.rule for finding in findings})
    return tuple(permitted.model_copy(update={"rule": rule}) for rule in needed) if permitted else ()


def _component_problems(adopted: AdoptedAccount) -> list[Problem]:
    from nhi_components.core.errors import SpecError
    from nhi_components.core.gcp_grant import gcp_grant_problems
    from nhi_components.core.spec import parse_spec
    from nhi_components.gcp.workload_identity import GcpWorkloadSpec
    from nhi_components.templates import judge, templates_in_force
    from nhi_components.today import today

    try:
        spec = parse_spec(GcpWorkloadSpec, adopted.identity.name, adopted.arguments(), gcp_grant_problems)
    except SpecError as error:
        return list(error.problems)
    template = templates_in_force().by_kind[adopted.identity.kind]
    return [*judge(spec, template, today=today(), sessions=spec.sessions)]


def _findings(adopted: AdoptedAccount) -> list[Finding]:
    """Judge what the component will register, by all rules."""
    from datetime import UTC, datetime

    from nhi_components.facts.collection import Facts
    from nhi_components.facts.pulumi_reader import read_pulumi_resource
    from nhi_components.rules import JudgeConfig, Mode, find

    facts = [fact for each in _registered(adopted) for fact in read_pulumi_resource(each)]
    return find(Facts(facts), JudgeConfig(mode=Mode.STRICT), datetime.now(UTC))


def _registered(adopted: AdoptedAccount) -> Iterator[PulumiResource]:
    """Yield the bindings and custom roles of the grants, as the engine hands them to a policy pack."""
    from nhi_components.core.gcp_grant import bindings_needed
    from nhi_components.core.gcp_resource import ResourceKind
    from nhi_components.facts.pulumi_reader import PulumiResource

    name, member = adopted.identity.name, f"serviceAccount:{adopted.adopts.email}"
    for needed in bindings_needed(adopted.grants, adopted.project):
        on_project = needed.target.kind is ResourceKind.PROJECT
        token = "gcp:projects/iAMMember:IAMMember" if on_project else "gcp:pubsub/topicIAMMember:TopicIAMMember"
        where = f"{needed.place}: {needed.role.predefined or 'a role of its own'}"
        role = needed.role.predefined or f"projects/{needed.role.project}/roles/{name.replace('-', '_')}"
        yield PulumiResource(f"{name}: {where}", token, {"role": role, "member": member}, "")
        if needed.role.permissions:
            permissions = {"permissions": list(needed.role.permissions)}
            yield PulumiResource(f"{name}: {where}, role", "gcp:projects/iAMCustomRole:IAMCustomRole", permissions, "")
