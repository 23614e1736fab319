"""What adopting an identity comes to: its component, what it may do from then on, what leaves it, and what is open."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from nhi_components.core.adoption import AdoptedRole
from nhi_components.core.aws_action import takes_no_resource
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.glob import glob_matches
from nhi_components.core.grant import Grant, aws_target_problems
from nhi_components.core.inventory.records import FoundDocument
from nhi_components.core.links import System
from nhi_components.core.rule_exception import RuleException
from nhi_components.facts.aws.document import read_policy
from nhi_components.facts.aws.model import GrantDocument, PolicyKind
from nhi_components.facts.aws.patterns import has_wildcard
from nhi_components.facts.model import NotYetKnown, Resource, Unjudged
from nhi_components.lifecycle.adoption.account_plan import ACCOUNT
from nhi_components.lifecycle.adoption.aws_trust import KnownTrust, Untranslatable, trust_of
from nhi_components.lifecycle.adoption.existing import Existing, NotAdoptable
from nhi_components.lifecycle.adoption.ports import Role, RoleReader
from nhi_components.lifecycle.adoption.reduction import Decision, Held, Reduced, Reduction, reduce_grants
from nhi_components.lifecycle.adoption.usage import NotKnown, Usage

ROLE: Final = "iam-role"
WATCHED_DAYS: Final = 90
"""For how many days use must have been known before anything counts as unused; a quarter's end is among them."""

_ADOPTABLE: Final = ((System.AWS, ROLE), (System.GCP, ACCOUNT))
_OTHERS: Final[Mapping[System, str]] = {
    System.AWS: "declare an aws.ServiceUser beside it, move its workload to the new key, and delete the old user",
    System.GCP: "declare a gcp component beside it, let its workload use the new account, and delete the old one",
    System.VAULT: "declare a vault.WorkloadIdentity beside it, let its workload log in there, and delete the old role",
}
_OTHERWISE: Final = "declare a component beside it, move its workload, and delete the old identity"
_OLD_VERSION: Final = "2008-10-17"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What people decide about an adoption.

    Attributes:
        targets: ARNs by service prefix, for grants of that service on everything.
        dropped: patterns of actions that are not needed.
        permitted: permits what would otherwise be refused; None: nothing is permitted.
        watched: for how long use must have been known before anything counts as unused.
    """

    targets: Mapping[str, Sequence[str]]
    dropped: Sequence[str]
    permitted: RuleException | None
    watched: timedelta = timedelta(days=WATCHED_DAYS)


@dataclass(frozen=True, slots=True)
class AdoptionPlan:
    """What adopting a role comes to.

    Attributes:
        existing: the identity as the inventory has it.
        role: the role as it is now.
        trust: who may become it, as before.
        usage: what is known of its uses.
        grants: what it may do from then on.
        decisions: what becomes of each action, and why.
        adopts: what the component is told of the role.
    """

    existing: Existing
    role: Role
    trust: KnownTrust
    usage: Usage | NotKnown
    grants: tuple[Grant, ...]
    decisions: tuple[Decision, ...]
    adopts: AdoptedRole


def refuse_unknown_kind(existing: Existing) -> None:
    """Refuse what no component takes over.

    Raises:
        NotAdoptable: with what to do instead.
    """
    found = existing.listed
    if (found.system, found.kind) not in _ADOPTABLE:
        fix = _OTHERS.get(found.system, _OTHERWISE)
        expected = " or ".join(f"{system} {kind}" for system, kind in _ADOPTABLE)
        raise NotAdoptable(found.key, Problem("kind", f"{found.system} {found.kind}", expected, fix))


def plan_role(existing: Existing, reader: RoleReader, wishes: Wishes, now: datetime) -> AdoptionPlan:
    """Plan the adoption of a role; changes nothing.

    Raises:
        NotAdoptable: it is not what the inventory says, or no component says what it is.
        SpecError: with everything that people have to decide first.
    """
    key = existing.listed.key
    role = reader.role(key)
    _refuse_changed(existing, role)
    assert role is not None  # noqa: S101 - `_refuse_changed` has refused it
    trust = _trust(key, role)
    usage = reader.usage(role, key)
    held = _held(key, role)
    reduction = reduce_grants(held, usage, now=now, watched=wishes.watched, dropped=wishes.dropped)
    if reduction.impossible:
        told = "; ".join(f"{via}: {why}" for via, why in reduction.impossible)
        fix = "rewrite those policies to allow only what is needed, run `nhi discover` again, then adopt it"
        raise NotAdoptable(key, Problem("policies", told, "statements that grants can stand for", fix))
    grants, problems = _grants(reduction, wishes)
    if problems:
        raise SpecError(f"nhi adopt {role.name!r}", problems)
    kept = {name: value for name, value in role.tags.items() if not name.startswith(("aws:", "nhi:"))}
    adopts = AdoptedRole(
        name=role.name, path=role.path, unique_id=role.unique_id, policies=(*role.inline, *role.attached), tags=kept
    )
    return AdoptionPlan(existing, role, trust, usage, grants, reduction.decisions, adopts)


def _refuse_changed(existing: Existing, role: Role | None) -> None:
    """Refuse a role of which the inventory says something else than its system: people decide by the inventory."""
    found = existing.listed
    fix = "run `nhi discover` again, look at what has changed, and repeat the command"
    if role is None or role.unique_id != found.unique_id:
        got = f"a role with the unique id {role.unique_id}" if role else "no role of that ARN"
        raise NotAdoptable(found.key, Problem("role", got, f"{found.unique_id}, as the inventory has it", fix))
    now, then = _contents(role.documents), _contents(existing.documents)
    boundaries = [each.carrier for each in existing.carriers if each.kind == "permissions-boundary"]
    of_role = {place: text for place, text in then.items() if place[0] not in boundaries or place in now}
    changed = sorted({f"{kind} {name}" for _, kind, name in (place for place, _ in now.items() ^ of_role.items())})
    if boundaries != [role.boundary] * bool(role.boundary):
        changed.append("permissions boundary")
    if changed:
        expected = "the same documents as in the inventory"
        raise NotAdoptable(found.key, Problem("policies", f"changed since: {', '.join(changed)}", expected, fix))


def _contents(documents: Sequence[FoundDocument]) -> dict[tuple[str, str, str], str]:
    return {
        (each.holder, each.kind, each.name): json.dumps(json.loads(each.content), sort_keys=True) for each in documents
    }


def _trust(key: str, role: Role) -> KnownTrust:
    (document,) = (each for each in role.documents if each.kind == PolicyKind.TRUST)
    try:
        return trust_of(json.loads(document.content))
    except Untranslatable as error:
        fix = "change its trust policy to one that a component writes (docs/aws.md), run `nhi discover`, then adopt it"
        raise NotAdoptable(
            key, Problem("trust", str(error), "a trust that a component can keep as it is", fix)
        ) from None


def _held(key: str, role: Role) -> list[Held]:
    """Read all statements of a role's policies.

    Raises:
        NotAdoptable: something in them can't be read.
    """
    held: list[Held] = []
    unread: list[str] = []
    for each in role.documents:
        if each.kind == PolicyKind.TRUST:
            continue
        via, content = each.name if each.holder == key else each.holder, json.loads(each.content)
        if "${" in each.content and content.get("Version", _OLD_VERSION) == _OLD_VERSION:
            unread.append(f"{via}: `${{` without the version 2012-10-17, where it stands for itself")
        for fact in read_policy(Resource(via, "policy"), "policy", content, PolicyKind.IDENTITY):
            match fact:
                case GrantDocument():
                    held += [Held(via, statement) for statement in fact.statements]
                case Unjudged() | NotYetKnown():
                    unread.append(f"{via}: {fact.path}")
    if unread:
        fix = "correct those policies, run `nhi discover` again, then adopt it"
        problem = Problem("policies", "; ".join(unread), "documents that can be read", fix)
        raise NotAdoptable(key, problem)
    return held


def _grants(reduction: Reduction, wishes: Wishes) -> tuple[tuple[Grant, ...], list[Problem]]:
    grants: list[Grant] = []
    problems = list(_unheeded(reduction, wishes))
    for reduced in reduction.grants:
        for part, wide in _parts(reduced, wishes):
            fields: dict[str, Any] = {"actions": part.actions, "targets": part.targets}
            if part.conditions:
                fields["conditions"] = part.conditions
            if wide and wishes.permitted:
                fields["exception"] = wishes.permitted.model_copy(update={"rule": wide})
            elif wide:
                problems.append(_to_be_decided(part, wide))
                continue
            grants.append(Grant.parse(fields))
    return tuple(grants), problems


def _parts(reduced: Reduced, wishes: Wishes) -> Iterator[tuple[Reduced, str]]:
    """Divide what is to be granted by what its targets become, each with the rule that it needs an exception from."""
    patterns = tuple(action for action in reduced.actions if has_wildcard(action))
    plain = tuple(action for action in reduced.actions if action not in patterns)
    if patterns:
        yield replace(reduced, actions=patterns), "aws.wildcard-action"
    wide = tuple(target for target in reduced.targets if aws_target_problems("", target))
    if not wide:
        if plain:
            yield replace(reduced, actions=plain), ""
        return
    unscoped = tuple(action for action in plain if "*" in wide and takes_no_resource(action))
    if unscoped:
        yield Reduced(unscoped, ("*",), reduced.conditions), ""
    scoped = [action for action in plain if action not in unscoped]
    for service in dict.fromkeys(action.partition(":")[0] for action in scoped):
        actions = tuple(action for action in scoped if action.partition(":")[0] == service)
        named = [arn for arn in wishes.targets.get(service.lower(), ()) if _is_within(arn, wide)]
        narrow = tuple(target for target in reduced.targets if target not in wide)
        if named:
            yield Reduced(actions, (*narrow, *named), reduced.conditions), ""
        else:
            yield replace(reduced, actions=actions), "aws.wildcard-resource"


def _is_within(arn: str, patterns: Sequence[str]) -> bool:
    return any(glob_matches(pattern, arn) for pattern in patterns)


def _unheeded(reduction: Reduction, wishes: Wishes) -> Iterator[Problem]:
    """Find targets that were named and lie in nothing that is granted: a grant of them would be a new one."""
    for service, named in wishes.targets.items():
        granted = [
            target
            for grant in reduction.grants
            for target in grant.targets
            if any(action.lower().startswith(f"{service}:") for action in grant.actions)
        ]
        for arn in named:
            if not _is_within(arn, granted):
                fix = "correct it; what it may not do now is granted in its program, once it is adopted"
                yield Problem("--on", f"{service}={arn}", f"what {service} actions are granted on now", fix)


def _to_be_decided(part: Reduced, rule: str) -> Problem:
    service = part.actions[0].partition(":")[0]
    shown = ", ".join(part.actions[:3]) + (f" and {len(part.actions) - 3} more" if len(part.actions) > 3 else "")
    permit = "permit it with --permitted-by and --reason"
    if rule == "aws.wildcard-resource":
        targets = ", ".join(part.targets)
        fix = f"name what it is needed on with --on {service}=ARN, drop it with --drop, or {permit}"
        return Problem(f"grants of {service}", f"{shown} on {targets}", "the resources that it is needed on", fix)
    fix = f"drop what is not needed with --drop, or {permit}"
    return Problem(f"grants of {service}", shown, "actions by their names", fix)
