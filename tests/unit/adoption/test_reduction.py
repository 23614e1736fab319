"""Reducing privileges: only on knowledge, never below what was used, never beyond what was granted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nhi_components.core.aws_action import actions_of, every_action, matching_actions
from nhi_components.lifecycle.adoption.reduction import Held, Reason, Reduction, reduce_grants
from nhi_components.lifecycle.adoption.usage import NotKnown, ServiceUse, Usage
from tests.unit.adoption.worlds import LONG_AGO, NOW, QUEUE, YESTERDAY, allow, deny, held, used

EVERY_SQS: dict[str, datetime | None] = dict.fromkeys(actions_of("sqs"))
UNKNOWN = NotKnown("nobody has looked")


def reduced(statements: list[Held], usage: Usage | NotKnown, **more: Any) -> Reduction:
    return reduce_grants(statements, usage, now=NOW, watched=timedelta(days=90), **more)


def granted(reduction: Reduction) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    return [(grant.actions, grant.targets) for grant in reduction.grants]


def why(reduction: Reduction) -> dict[str, Reason]:
    return {decision.action: decision.reason for decision in reduction.decisions}


def test_a_wildcard_becomes_the_actions_that_were_used() -> None:
    usage = used(sqs=(YESTERDAY, EVERY_SQS | {"SendMessage": YESTERDAY}))
    reduction = reduced(held(allow("sqs:*")), usage)
    assert granted(reduction) == [(("sqs:SendMessage",), (QUEUE,))]
    assert why(reduction)["sqs:SendMessage"] is Reason.USED
    assert why(reduction)["sqs:DeleteQueue"] is Reason.ACTION_UNUSED


def test_what_is_not_tracked_stays_and_is_told() -> None:
    tracked = {"CreateBucket": None, "PutBucketPolicy": YESTERDAY}
    actions = ["s3:GetObject", "s3:CreateBucket", "s3:PutBucketPolicy"]
    reduction = reduced(held(allow(actions)), used(s3=(YESTERDAY, tracked)))
    assert granted(reduction) == [(("s3:GetObject", "s3:PutBucketPolicy"), (QUEUE,))]
    assert why(reduction) == {
        "s3:CreateBucket": Reason.ACTION_UNUSED,
        "s3:GetObject": Reason.NOT_TRACKED,
        "s3:PutBucketPolicy": Reason.USED,
    }


def test_a_service_that_was_not_used_at_all_goes_also_where_its_actions_are_not_tracked() -> None:
    reduction = reduced(held(allow(["sns:Publish", "sqs:SendMessage"])), used(sns=(None, {}), sqs=(YESTERDAY, {})))
    assert granted(reduction) == [(("sqs:SendMessage",), (QUEUE,))]
    assert why(reduction)["sns:Publish"] is Reason.SERVICE_UNUSED


def test_nothing_is_dropped_that_was_watched_for_too_short_a_time() -> None:
    usage = used(NOW - timedelta(days=89), sns=(None, {}), sqs=(YESTERDAY, {"SendMessage": None}))
    reduction = reduced(held(allow(["sns:Publish", "sqs:SendMessage"])), usage)
    assert set(why(reduction).values()) == {Reason.TOO_SHORT}
    assert granted(reduction) == [(("sns:Publish", "sqs:SendMessage"), (QUEUE,))]
    a_day_longer = used(NOW - timedelta(days=90), sns=(None, {}))
    assert granted(reduced(held(allow("sns:Publish")), a_day_longer)) == []


@pytest.mark.parametrize("usage", [UNKNOWN, used(), used(sns=(None, {}))])
def test_without_knowledge_everything_stays(usage: Usage | NotKnown) -> None:
    reduction = reduced(held(allow(["sqs:SendMessage", "sqs:ReceiveMessage"])), usage)
    assert granted(reduction) == [(("sqs:ReceiveMessage", "sqs:SendMessage"), (QUEUE,))]
    assert all(decision.kept for decision in reduction.decisions)


def test_passing_roles_is_in_no_report_so_it_is_never_called_unused() -> None:
    reduction = reduced(held(allow(["iam:PassRole", "iam:GetRole"], "*")), used(iam=(None, {})))
    assert granted(reduction) == [(("iam:PassRole",), ("*",))]


def test_a_long_pattern_of_which_nothing_is_known_stays_a_pattern_and_a_short_one_is_written_out() -> None:
    reduction = reduced(held(allow("ec2:*", "*"), allow("sns:Get*")), UNKNOWN)
    assert granted(reduction)[0] == (("ec2:*",), ("*",))
    assert "sns:GetTopicAttributes" in granted(reduction)[1][0]
    assert why(reduction)["ec2:*"] is Reason.NO_KNOWLEDGE


def test_a_pattern_that_nothing_documented_fits_is_not_lost() -> None:
    assert granted(reduced(held(allow("newservice:*")), UNKNOWN)) == [(("newservice:*",), (QUEUE,))]
    usage = used(newservice=(YESTERDAY, {"DoThings": YESTERDAY}))
    assert granted(reduced(held(allow("newservice:*")), usage)) == [(("newservice:dothings",), (QUEUE,))]


def test_what_is_denied_everywhere_is_not_granted() -> None:
    statements = held(allow(["sqs:SendMessage", "sqs:DeleteQueue"]), deny("sqs:Delete*"))
    reduction = reduced(statements, UNKNOWN)
    assert (granted(reduction), reduction.impossible) == ([(("sqs:SendMessage",), (QUEUE,))], ())
    assert why(reduction)["sqs:DeleteQueue"] is Reason.DENIED


@pytest.mark.parametrize(
    "denial",
    [deny("sqs:Send*", QUEUE), deny("*", "*", Condition={"Bool": {"aws:SecureTransport": "false"}})],
)
def test_a_denial_that_would_be_lost_is_refused(denial: dict[str, Any]) -> None:
    ((via, told),) = reduced(held(allow("sqs:SendMessage"), denial), UNKNOWN).impossible
    assert (via, told) == ("by-hand", "it denies sqs:SendMessage on some resources or under conditions")


def test_a_denial_of_what_is_not_granted_any_more_is_no_obstacle() -> None:
    statements = held(allow(["sqs:SendMessage", "sqs:DeleteQueue"]), deny("sqs:Delete*", QUEUE))
    usage = used(sqs=(YESTERDAY, {"SendMessage": YESTERDAY, "DeleteQueue": None}))
    assert reduced(statements, usage).impossible == ()


def test_all_but_some_resources_is_refused_and_all_but_some_actions_is_written_out() -> None:
    all_but = {"Effect": "Allow", "Action": "sqs:SendMessage", "NotResource": QUEUE}
    assert [via for via, _ in reduced(held(all_but), UNKNOWN).impossible] == ["by-hand"]
    services = {action.partition(":")[0]: (None, {}) for action in every_action()}
    usage = used(**{**services, "sqs": (YESTERDAY, EVERY_SQS | {"SendMessage": YESTERDAY})})
    statement = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    assert granted(reduced(held(statement), usage)) == [(("sqs:SendMessage",), ("*",))]


def test_people_may_drop_what_is_not_tracked_but_not_what_was_used() -> None:
    usage = used(s3=(YESTERDAY, {"CreateBucket": YESTERDAY}))
    reduction = reduced(held(allow(["s3:GetObject", "s3:CreateBucket"])), usage, dropped=["s3:*"])
    assert granted(reduction) == [(("s3:CreateBucket",), (QUEUE,))]
    assert why(reduction)["s3:GetObject"] is Reason.DECIDED


def test_conditions_stay_and_keep_grants_apart() -> None:
    condition = {"StringEquals": {"aws:SourceVpc": "vpc-1"}, "Bool": {"aws:SecureTransport": True}}
    statements = held(
        allow("sqs:SendMessage", Condition=condition), allow("sqs:ReceiveMessage"), allow("sqs:GetQueueUrl")
    )
    first, second = reduced(statements, UNKNOWN).grants
    assert first.conditions == {
        "StringEquals": {"aws:SourceVpc": ("vpc-1",)},
        "Bool": {"aws:SecureTransport": ("true",)},
    }
    assert second.actions == ("sqs:GetQueueUrl", "sqs:ReceiveMessage")


SERVICES = ("sqs", "sns", "s3", "iam")
ACTIONS = st.sampled_from(
    [f"{s}:{n}" for s in SERVICES for n in ("*", "Get*", "*Tag*", "List?*", *actions_of(s).values())]
)
TIMES = st.sampled_from([None, YESTERDAY, LONG_AGO])
STATEMENTS = st.lists(
    st.builds(
        lambda actions, denies: deny(actions) if denies else allow(actions),
        st.lists(ACTIONS, min_size=1, max_size=4),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
)


@st.composite
def uses(draw: st.DrawFn) -> Usage:
    services = {}
    for service in draw(st.sets(st.sampled_from(SERVICES))):
        tracked = draw(st.dictionaries(st.sampled_from(sorted(actions_of(service))), TIMES, max_size=6))
        at = max((on for on in tracked.values() if on), default=draw(TIMES))
        services[service] = ServiceUse(at, tracked)
    return Usage("a test", draw(st.sampled_from([LONG_AGO, YESTERDAY])), services)


@given(STATEMENTS, st.one_of(uses(), st.just(UNKNOWN)), st.lists(ACTIONS, max_size=2))
def test_what_remains_is_never_more_than_before_and_never_less_than_was_used(
    statements: list[dict[str, Any]], usage: Usage | NotKnown, dropped: list[str]
) -> None:
    allowed = {a for s in statements if s["Effect"] == "Allow" for p in s["Action"] for a in matching_actions(p)}
    denied = {a for s in statements if s["Effect"] == "Deny" for p in s["Action"] for a in matching_actions(p)}
    before = allowed - denied
    reduction = reduced(held(*statements), usage, dropped=dropped)
    after = {a for grant in reduction.grants for pattern in grant.actions for a in matching_actions(pattern)}
    assert after <= before
    known = {} if isinstance(usage, NotKnown) else usage.services
    was_used = {f"{service}:{name}" for service, use in known.items() for name, at in use.tracked.items() if at}
    assert before & was_used <= after
    not_tracked = {a for a in before if a.partition(":")[0] not in known}
    if not dropped:
        assert not_tracked <= after
    told = {decision.action.lower() for decision in reduction.decisions}
    assert all(action in told or any(action in matching_actions(pattern) for pattern in told) for action in allowed)
