"""Judges what a new identity is to be, before a file is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nhi_components.core.aws_intents import INTENTS, grants_of
from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.grant import Grant
from nhi_components.core.links import System
from nhi_components.core.pipeline import GitHub
from nhi_components.core.secret import SecretSpec
from nhi_components.core.spec import BundleSpec
from nhi_components.core.text import shown
from nhi_components.scaffold.model import NewIdentity
from nhi_components.templates import judge, templates_in_force
from nhi_components.today import today


def read_grants(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Read grants, each as `INTENT=ARN`.

    Raises:
        SpecError: with each that is none, or that names no intent which a target alone describes.
    """
    known = {each.id for each in INTENTS.values() if not any(parameter.required for parameter in each.parameters)}
    pairs = [(text, text.partition("=")[0], text.partition("=")[2]) for text in texts]
    expected = "INTENT=ARN, with one of " + ", ".join(sorted(known))
    fix = "write it like sqs.send=arn:aws:sqs:…; what needs more than a target, write into the program"
    wrong = [Problem("--grant", shown(text), expected, fix) for text, intent, _ in pairs if intent not in known]
    if wrong:
        raise SpecError("nhi new", wrong)
    return tuple((intent, target) for _, intent, target in pairs)


def problems_of(new: NewIdentity) -> list[Problem]:
    """Find everything that its program would be refused for."""
    problems = [*new.missing(), *_detail_problems(new)]
    grants: list[Grant] = []
    for intent, target in new.grants:
        try:
            grants += grants_of(INTENTS[intent], target)
        except SpecError as error:
            problems += [Problem(f"--grant {intent}", p.got, p.expected, p.fix) for p in error.problems]
    if new.grants and new.system is not System.AWS:
        fix = "remove --grant, and write Vault's grants into the program"
        problems.append(Problem("--grant", f"an intent of AWS on {new.system}", "grants of the same system", fix))
    secret = SecretSpec() if "secret" in new.blueprint.arguments else None
    spec = BundleSpec(identity=new.identity, grants=tuple(grants), secret=secret)
    template = templates_in_force().by_kind[new.identity.kind]
    return [*problems, *judge(spec, template, today=today())]


def _detail_problems(new: NewIdentity) -> Iterator[Problem]:
    answers = new.answers()
    if answers.get("repository"):
        try:
            GitHub.parse({"repository": answers["repository"], "ref": answers.get("ref")})
        except SpecError as error:
            yield from (Problem(f"--{p.path}", p.got, p.expected, p.fix) for p in error.problems)
