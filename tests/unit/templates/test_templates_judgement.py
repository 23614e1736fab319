"""What an identity declares, judged by the template of its kind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from template_samples import OWNER, QUEUE, SEND, TODAY, organisation_file, spec, template

from nhi_components.core.credential.spec import CredentialSpec
from nhi_components.core.errors import Problem
from nhi_components.core.identity import Kind
from nhi_components.core.spec import BundleSpec
from nhi_components.templates import LeaseDates, judge

IAM = {"actions": ["iam:CreateRole"], "targets": ["arn:aws:iam::111111111111:role/other"]}


def found(kind: Kind = Kind.WORKLOAD, content: Any = None, **fields: Any) -> list[Problem]:
    return judge(spec(kind, **fields), template(kind, content), today=TODAY)


def day(ahead: int) -> str:
    return (TODAY + timedelta(days=ahead)).isoformat()


@pytest.mark.parametrize("kind", Kind)
def test_what_keeps_to_the_template_has_no_problems(kind: Kind) -> None:
    assert found(kind) == []


@pytest.mark.parametrize(("kind", "longest"), [(Kind.AI_AGENT, 90), (Kind.API_KEY, 180), (Kind.WORKLOAD, 366)])
def test_a_new_end_is_within_the_lifetime(kind: Kind, longest: int) -> None:
    assert found(kind, expires=day(longest)) == []
    assert found(kind, expires={"after_days": longest}) == []
    (problem,) = found(kind, expires=day(longest + 1))
    assert problem.path == "identity.expires"
    assert f"{longest + 1} days ahead" in problem.got
    assert f"at most {longest} days" in problem.expected
    assert day(longest) in problem.fix


def test_an_end_that_the_lease_has_already_is_not_refused_when_the_template_became_stricter() -> None:
    stricter = template(content=organisation_file(workload={"lifetime_days": 30}))
    lease = LeaseDates(TODAY - timedelta(days=10), TODAY + timedelta(days=80))
    for expires in (day(80), {"after_days": 90}):
        assert judge(spec(expires=expires), stricter, today=TODAY, lease=lease) == []
        assert judge(spec(expires=expires), stricter, today=TODAY)
    (renewed,) = judge(spec(expires=day(81)), stricter, today=TODAY, lease=lease)
    assert renewed.path == "identity.expires"
    assert judge(spec(expires={"after_days": 40}), stricter, today=TODAY, lease=lease) == []


def test_time_alone_makes_nothing_wrong() -> None:
    ends = day(366)
    for passed in (0, 1, 300, 365, 366, 400):
        assert judge(spec(expires=ends), template(), today=TODAY + timedelta(days=passed)) == []


class _WithCredential(BundleSpec):
    """A specification of a component whose credential is issued."""

    issued: CredentialSpec

    @property
    def credential(self) -> CredentialSpec:
        return self.issued


def with_credential(kind: Kind, every: str, content: Any = None) -> list[Problem]:
    issued = {
        "source": {"kind": "vault-certificate", "names": ["a.example"]},
        "places": [{"kind": "vault-kv"}],
        "rotation": {"every": every},
    }
    told = spec(kind).model_dump()
    return judge(_WithCredential.parse({**told, "issued": issued}), template(kind, content), today=TODAY)


@pytest.mark.parametrize("kind", [Kind.PIPELINE, Kind.AI_AGENT])
def test_what_its_platform_vouches_for_has_no_standing_credential(kind: Kind) -> None:
    (problem,) = with_credential(kind, "7d")
    assert (problem.path, problem.got) == ("source", "a credential of vault-certificate")
    assert "vouch for it" in problem.fix


def test_a_standing_credential_is_rotated_as_often_as_the_template_says() -> None:
    assert with_credential(Kind.API_KEY, "30d") == []
    stricter = organisation_file(api_key={"rotation_days": 7})
    (problem,) = with_credential(Kind.API_KEY, "8d", stricter)
    assert (problem.path, problem.got, problem.expected) == ("rotation.every", "8d", "at most 7d for an api-key")
    assert with_credential(Kind.API_KEY, "7d", stricter) == []


def test_a_kind_that_needs_a_secret_is_served_by_a_credential() -> None:
    needs = organisation_file(workload={"secrets": ["generated", "issued"]})
    assert [problem.path for problem in found(content=needs)] == ["secret"]
    assert with_credential(Kind.WORKLOAD, "7d", needs) == []


def test_grace_may_be_shorter_than_the_template_says() -> None:
    assert found(grace_days=14) == found(grace_days=0) == []
    assert [problem.path for problem in found(grace_days=15)] == ["identity.grace_days"]


def test_an_agent_needs_a_person_who_answers_for_it() -> None:
    (problem,) = found(Kind.AI_AGENT, sponsor=None)
    assert problem.path == "identity.sponsor"
    assert found(Kind.PIPELINE, sponsor=None) == []


@pytest.mark.parametrize(
    ("approvers", "accepted"),
    [
        (["Grace Example"], True),
        ([], False),
        ([OWNER["email"]], False),
        (["Orders"], False),
        (["ADA@example.com"], False),
        (["Grace Example", OWNER["email"]], True),
    ],
)
def test_production_needs_an_approver_who_is_neither_owner_nor_sponsor(approvers: list[str], accepted: bool) -> None:
    problems = found(Kind.THIRD_PARTY, environment="prod-eu", approvers=approvers)
    assert [problem.path for problem in problems] == ([] if accepted else ["identity.approvers"])
    assert found(Kind.THIRD_PARTY, environment="dev", approvers=approvers) == []


def test_one_person_is_not_two_approvers() -> None:
    two = organisation_file(workload={"approvals": [{"environments": "*", "approvers": 2}]})
    assert found(content=two, approvers=["Grace Example", " grace  EXAMPLE"])
    assert found(content=two, approvers=["Grace Example", "Alan Example"]) == []


@pytest.mark.parametrize(
    ("kind", "secret", "accepted"),
    [
        (Kind.WORKLOAD, {}, True),
        (Kind.WORKLOAD, {"generate_bytes": None}, True),
        (Kind.PIPELINE, None, True),
        (Kind.PIPELINE, {}, False),
        (Kind.AI_AGENT, {"generate_bytes": None}, False),
        (Kind.THIRD_PARTY, {}, True),
        (Kind.THIRD_PARTY, {"generate_bytes": None}, False),
    ],
)
def test_a_secret_is_of_a_form_that_the_kind_may_have(kind: Kind, secret: Any, accepted: bool) -> None:
    assert [problem.path for problem in found(kind, secret=secret)] == ([] if accepted else ["secret"])


def test_a_secret_can_be_asked_for() -> None:
    (problem,) = found(content=organisation_file(workload={"secrets": ["generated"]}))
    assert (problem.got, problem.fix) == ("no secret", "declare a secret whose value is generated")


def test_sessions_are_told_by_their_field() -> None:
    sessions = {"session_seconds": 3600, "token_maximum_ttl_seconds": 3601}
    problems = judge(spec(Kind.AI_AGENT), template(Kind.AI_AGENT), today=TODAY, sessions=sessions)
    assert [(problem.path, problem.got) for problem in problems] == [("token_maximum_ttl_seconds", "3601 seconds")]


def test_all_problems_are_told_at_once_with_their_places() -> None:
    problems = judge(
        spec(
            Kind.AI_AGENT,
            grants=[SEND, IAM],
            secret={},
            environment="prod",
            sponsor=None,
            expires=day(91),
            grace_days=8,
        ),
        template(Kind.AI_AGENT),
        today=TODAY,
        sessions={"session_seconds": 7200},
    )
    assert [problem.path for problem in problems] == [
        "identity.expires",
        "identity.grace_days",
        "identity.sponsor",
        "identity.approvers",
        "grants[1].actions[0]",
        "secret",
        "session_seconds",
    ]
    assert all(problem.got and problem.expected and problem.fix for problem in problems)


@pytest.mark.parametrize("state", ["suspended", "retired"])
def test_nothing_stands_in_the_way_of_taking_access_away(state: str) -> None:
    forbidden = {"grants": [IAM], "expires": day(91)}
    assert found(Kind.AI_AGENT, **forbidden)
    assert found(Kind.AI_AGENT, **forbidden, state=state) == []


def test_the_template_of_another_kind_is_a_fault() -> None:
    with pytest.raises(ValueError, match="the template of pipeline for an ai-agent"):
        judge(spec(Kind.AI_AGENT), template(Kind.PIPELINE), today=TODAY)


def test_the_queue_of_the_samples_is_not_special() -> None:
    assert found(grants=[{"actions": ["sqs:ReceiveMessage", "sqs:DeleteMessage"], "targets": [QUEUE]}]) == []
