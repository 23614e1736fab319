"""Judges what an adopted identity is to be as its component and the strict pack will, before a file is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nhi_components.core.errors import Problem
    from nhi_components.core.findings import Finding
    from nhi_components.core.rule_exception import RuleException
    from nhi_components.lifecycle.adoption.plan import AdoptionPlan
    from nhi_components.scaffold.adopted import Adopted


def exceptions_for(plan: AdoptionPlan, adopted: Adopted, permitted: RuleException | None) -> tuple[RuleException, ...]:
    """Judge an identity as its component and the strict pack will; tell which exceptions the pack needs.

    Args:
        plan: what its role is now.
        adopted: the identity.
        permitted: who permits exceptions, why and until when; None: nobody does.

    Raises:
        SpecError: with everything that the component refuses, and what nobody permits.
    """
    from nhi_components.core.errors import Problem, SpecError

    name = adopted.identity.name
    problems = _component_problems(adopted)
    problems += [] if problems else _room_problems(plan, adopted)
    findings = [] if problems else _findings(adopted)
    if findings and permitted is None:
        problems += [
            Problem(
                f.path, f.got, f"{f.expected} ({f.rule})", f"{f.fix}, or permit it with --permitted-by and --reason"
            )
            for f in findings
        ]
    if problems:
        raise SpecError(f"nhi adopt {name!r}", problems)
    needed = sorted({finding.rule for finding in findings})
    return tuple(permitted.model_copy(update={"rule": rule}) for rule in needed) if permitted else ()


def _component_problems(adopted: Adopted) -> list[Problem]:
    from nhi_components.aws.granting import length_problems
    from nhi_components.aws.pipeline_identity import AwsPipelineSpec
    from nhi_components.aws.spec import AwsBundleSpec, parse_aws_spec
    from nhi_components.aws.workload_identity import AwsWorkloadSpec
    from nhi_components.core.errors import SpecError
    from nhi_components.templates import judge, templates_in_force
    from nhi_components.today import today

    model: type[AwsBundleSpec] = AwsPipelineSpec if isinstance(adopted.trust, tuple) else AwsWorkloadSpec
    try:
        spec = parse_aws_spec(model, adopted.identity.name, adopted.arguments())
    except SpecError as error:
        return list(error.problems)
    template = templates_in_force().by_kind[adopted.identity.kind]
    return [*length_problems(spec.grants), *judge(spec, template, today=today(), sessions=spec.sessions)]


def _room_problems(plan: AdoptionPlan, adopted: Adopted) -> list[Problem]:
    """Measure the inline policies that the role has at the same time: the old ones leave after the new one is there."""
    import json

    from nhi_components.aws.sizes import INLINE_POLICY
    from nhi_components.core.errors import Problem

    inline = [each.content for each in plan.role.documents if each.name in plan.role.inline]
    old = sum(len(json.dumps(json.loads(content), separators=(",", ":"))) for content in inline)
    together = old + len(_policy_of(adopted))
    if together <= INLINE_POLICY.longest:
        return []
    fix = "turn its inline policies into managed ones, run `nhi discover` again, then adopt it"
    got = f"{together:,} characters of inline policies until the old ones leave"
    return [Problem("grants", got, f"at most {INLINE_POLICY.longest:,}", fix)]


def _policy_of(adopted: Adopted) -> str:
    from nhi_components.aws.documents import grants_document
    from nhi_components.today import today

    ends = adopted.identity.expires.resolve(today()).isoformat()
    return grants_document(adopted.grants, [grant.targets for grant in adopted.grants], ends, None)


def _findings(adopted: Adopted) -> list[Finding]:
    """Judge the documents that the component will write, by all rules."""
    from datetime import UTC, datetime

    from nhi_components.aws.documents import trust_document
    from nhi_components.aws.trusts import pipeline_statement, statement_of
    from nhi_components.facts.aws.document import read_policy
    from nhi_components.facts.aws.model import PolicyKind
    from nhi_components.facts.collection import Facts
    from nhi_components.facts.model import Resource
    from nhi_components.rules import JudgeConfig, Mode, find
    from nhi_components.today import today

    name, ends = adopted.identity.name, adopted.identity.expires.resolve(today()).isoformat()
    trust: Any = pipeline_statement(*adopted.trust) if isinstance(adopted.trust, tuple) else statement_of(adopted.trust)
    documents = (
        (
            Resource(f"{name}-grants", "aws:iam/rolePolicy:RolePolicy"),
            "policy",
            _policy_of(adopted),
            PolicyKind.IDENTITY,
        ),
        (
            Resource(f"{name}-role", "aws:iam/role:Role"),
            "assumeRolePolicy",
            trust_document(trust, ends, suspended=False),
            PolicyKind.TRUST,
        ),
    )
    facts = [fact for document in documents for fact in read_policy(*document)]
    return find(Facts(facts), JudgeConfig(mode=Mode.STRICT), datetime.now(UTC))
