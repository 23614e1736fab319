"""Judges what a new identity is to be, before a file is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.grant import Grant
from nhi_components.core.links import System
from nhi_components.core.secret import SecretSpec
from nhi_components.core.spec import BundleSpec
from nhi_components.core.text import shown
from nhi_components.scaffold.blueprints import INTENTS
from nhi_components.scaffold.granting import call_of, example_of, takes_a_word
from nhi_components.scaffold.model import NewIdentity, flag
from nhi_components.templates import judge, templates_in_force
from nhi_components.today import today


def read_grants(texts: Iterable[str], system: str) -> tuple[tuple[str, str], ...]:
    """Read grants, each as `INTENT=TARGET`.

    Args:
        texts: the grants.
        system: where; one that has no intents is left to `NewIdentity`.

    Raises:
        SpecError: with each that is none, or that names no intent which a target alone describes.
    """
    pairs = [(text, text.partition("=")[0], text.partition("=")[2]) for text in texts]
    if system in INTENTS:
        on = System(system)
        known = {each.id: each for each in INTENTS[on].values() if takes_a_word(on, each)}
        expected = f"INTENT=TARGET on {system}, with one of {', '.join(sorted(known))}"
        example = example_of(on, next(iter(known.values())))
        fix = f"write it like {example}; what needs more than a target, write into the program"
        wrong = [Problem("--grant", shown(text), expected, fix) for text, intent, _ in pairs if intent not in known]
        if wrong:
            raise SpecError("nhi new", wrong)
    return tuple((intent, target) for _, intent, target in pairs)


def problems_of(new: NewIdentity) -> list[Problem]:
    """Find everything that its program would be refused for."""
    problems = [*new.missing(), *_detail_problems(new)]
    grants: list[Grant] = []
    for each, target in new.grants:
        intent = INTENTS[new.system][each]
        try:
            grants += call_of(new.system, intent, target).grants()
        except SpecError as error:
            fix = f"write it like {example_of(new.system, intent)}"
            problems += [Problem(f"--grant {each}", p.got or "nothing", p.expected, fix) for p in error.problems]
    secret = SecretSpec() if "secret" in new.blueprint.arguments else None
    spec = BundleSpec(identity=new.identity, grants=tuple(grants), secret=secret)
    template = templates_in_force().by_kind[new.identity.kind]
    return [*problems, *judge(spec, template, today=today())]


def _detail_problems(new: NewIdentity) -> Iterator[Problem]:
    answers = new.answers()
    for check in new.blueprint.checks:
        given = {name: answers[detail] for name, detail in check.fields.items() if detail in answers}
        try:
            check.spec.parse(given)
        except SpecError as error:
            # What is missing is told already.
            yield from (replace(p, path=flag(check.fields[p.path])) for p in error.problems if p.path in given)
