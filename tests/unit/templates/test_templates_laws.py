"""What holds for every organisation's file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from template_samples import SEND, TODAY, organisation_file, spec, template

from nhi_components.core.identity import Kind
from nhi_components.core.revocation import Revocation
from nhi_components.core.spec import BundleSpec
from nhi_components.templates import SecretForm, Template, Templates, judge
from nhi_components.templates.differences import Direction, differences
from nhi_components.templates.organisation import parse_organisation
from nhi_components.templates.standard import standard

NUMBERS = {"lifetime_days": (1, 366), "grace_days": (0, 90), "review_days": (1, 366), "rotation_days": (1, 366)} | {
    "session_seconds": (60, 86_400)
}
GRANTS: list[dict[str, Any]] = [
    SEND,
    {"actions": ["iam:PassRole"], "targets": ["arn:aws:iam::111111111111:role/other"]},
    {"actions": ["sts:AssumeRole", "ssm:StartSession"], "targets": ["arn:aws:iam::111111111111:role/other"]},
    {"actions": ["read", "delete"], "targets": ["secret/*", "auth/token/create"]},
]


def _subset(values: Any) -> st.SearchStrategy[list[Any]]:
    known = sorted(values)
    return st.lists(st.sampled_from(known), unique=True) if known else st.just([])


@st.composite
def changes(draw: st.DrawFn, kind: Kind, *, tighten: bool) -> dict[str, Any]:
    """A valid change of a kind; one that only tightens, or any."""
    base = template(kind)
    change: dict[str, Any] = {}
    for name, (least, most) in NUMBERS.items():
        if draw(st.booleans()):
            change[name] = draw(st.integers(least, getattr(base, name) if tighten else most))
    order = list(Revocation)
    strict = order[: order.index(base.revocation) + 1] if tighten else order
    change["revocation"] = draw(st.sampled_from(strict)).value
    forms = base.secrets if tighten else tuple(SecretForm)
    change["secrets"] = [form.value for form in draw(_subset(forms)) or forms[:1]]
    change["sponsor_required"] = draw(st.booleans()) or (tighten and base.sponsor_required)
    patterns = draw(_subset(["*", "dev", "prod*"]))
    change["approvals"] = [
        {"environments": pattern, "approvers": draw(st.integers(_needed(base, pattern) if tighten else 0, 5))}
        for pattern in patterns
    ]
    change["forbid"] = draw(_subset(standard().forbidden.keys()))
    if not tighten:
        permitted = draw(_subset(base.forbidden.keys() - set(change["forbid"])))
        change["permit"] = dict.fromkeys(permitted, "a reason of our own")
    return change


def _needed(base: Template, pattern: str) -> int:
    return max((each.approvers for each in base.approvals if each.environments == pattern), default=0)


@st.composite
def specs(draw: st.DrawFn, kind: Kind) -> BundleSpec:
    return spec(
        kind,
        grants=draw(_subset(range(len(GRANTS))).map(lambda chosen: [GRANTS[index] for index in chosen])),
        secret=draw(st.sampled_from([None, {}, {"generate_bytes": None}])),
        environment=draw(st.sampled_from(["dev", "prod", "prod-eu"])),
        sponsor=draw(st.sampled_from([None, "ada@example.com"])),
        approvers=draw(_subset(["Grace Example", "Alan Example", "orders@example.com"])),
        grace_days=draw(st.none() | st.integers(0, 90)),
        expires=(TODAY + timedelta(days=draw(st.integers(1, 366)))).isoformat(),
    )


def _places(spec: BundleSpec, by: Template, seconds: int) -> set[tuple[str, str]]:
    problems = judge(spec, by, today=TODAY, sessions={"session_seconds": seconds})
    return {(problem.path, problem.expected if "grants" in problem.path else "") for problem in problems}


@given(st.data(), st.sampled_from(Kind), st.integers(60, 86_400))
def test_a_file_that_only_tightens_never_takes_a_problem_away(data: st.DataObject, kind: Kind, seconds: int) -> None:
    content = organisation_file(**{kind: data.draw(changes(kind, tighten=True))})
    judged = data.draw(specs(kind))
    assert _places(judged, template(kind), seconds) <= _places(judged, template(kind, content), seconds)
    assert all(each.direction is Direction.TIGHTENED for each in _differences(kind, content))


@given(st.data(), st.sampled_from(Kind), st.integers(60, 86_400))
def test_where_a_problem_is_taken_away_a_loosening_is_seen(data: st.DataObject, kind: Kind, seconds: int) -> None:
    content = organisation_file(**{kind: data.draw(changes(kind, tighten=False))})
    judged = data.draw(specs(kind))
    if _places(judged, template(kind), seconds) - _places(judged, template(kind, content), seconds):
        assert any(each.direction is Direction.LOOSENED for each in _differences(kind, content))


@given(st.data(), st.sampled_from(Kind))
def test_no_file_goes_beyond_the_hard_bounds(data: st.DataObject, kind: Kind) -> None:
    changed = template(kind, organisation_file(**{kind: data.draw(changes(kind, tighten=False))}))
    for name, (least, most) in NUMBERS.items():
        assert least <= getattr(changed, name) <= most


@given(st.sampled_from(Kind), st.integers(1, 366), st.integers(0, 800))
def test_time_never_makes_an_accepted_end_wrong(kind: Kind, ahead: int, passed: int) -> None:
    judged = spec(kind, expires=(TODAY + timedelta(days=ahead)).isoformat())
    if not judge(judged, template(kind), today=TODAY):
        assert judge(judged, template(kind), today=TODAY + timedelta(days=passed)) == []


def _differences(kind: Kind, content: dict[str, Any]) -> Any:
    organisation = parse_organisation("file", content, standard())
    return differences(Templates({kind: template(kind, content)}, standard(), organisation))
