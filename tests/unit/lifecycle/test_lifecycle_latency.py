"""How fast a revocation was: what counts as complete, and what leaves it open."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from fake_system import ENTITY, ROLE, SECRET, START, seconds
from pydantic import ValidationError

from nhi_components.core.errors import NhiError
from nhi_components.core.links import Fact, Link, NeverCreated, NotChecked, System
from nhi_components.core.revocation import Revocation
from nhi_components.lifecycle.cutting_off import CanaryResult, CutOffOutcome, Failure
from nhi_components.lifecycle.evidence.revocations import RevocationRow, Verdict
from nhi_components.lifecycle.latency import Latency, latencies
from nhi_components.lifecycle.ports import Canary, CutOff

ENDS = date(2026, 6, 1)
DISABLED, SESSIONS_REFUSED, REFUSED = seconds(1), seconds(2), seconds(3)


def outcome(*cut_offs: CutOff, failures: tuple[Failure, ...] = ()) -> CutOffOutcome:
    return CutOffOutcome(START, cut_offs, {}, failures)


def refused(link: Link, at: Fact) -> dict[tuple[str, str, str, str], CanaryResult]:
    return {link.key: CanaryResult(Canary(link, START, "a credential"), at)}


def completed(*cut_offs: CutOff, canary: Fact = REFUSED) -> object:
    (latency,) = latencies([ROLE], outcome(*cut_offs), refused(ROLE, canary), started=START)
    return latency.completed


def cut(link: Link, disabled: Fact = DISABLED, sessions: Fact = SESSIONS_REFUSED, without_canary: str = "") -> CutOff:
    return CutOff(link, disabled, sessions, without_canary=without_canary)


def test_it_is_complete_with_the_last_of_disabling_sessions_and_canary() -> None:
    assert completed(cut(ROLE)) == seconds(3)
    assert completed(cut(ROLE, sessions=seconds(7))) == seconds(7)
    assert completed(cut(ROLE), cut(replace(ROLE, name="other"), seconds(9), None)) == seconds(9)


def test_what_is_no_principal_does_not_count() -> None:
    assert completed(cut(ROLE), CutOff(SECRET, None, None)) == seconds(3)


@pytest.mark.parametrize(
    ("row", "canary", "reason"),
    [
        (cut(ROLE, sessions=NotChecked("tokens may live on")), seconds(3), "tokens may live on"),
        (cut(ROLE), NotChecked("no answer"), "no answer"),
        (cut(ROLE), None, "still works"),
        (cut(replace(ROLE, name="other"), without_canary="nobody trusts us"), seconds(3), "nobody trusts us"),
    ],
)
def test_what_was_not_checked_leaves_it_open(row: CutOff, canary: Fact, reason: str) -> None:
    open_still = completed(cut(ROLE), row, canary=canary)
    assert isinstance(open_still, NotChecked)
    assert reason in open_still.reason


def test_each_system_is_told_apart_and_one_that_failed_says_why() -> None:
    failed = Failure(System.VAULT, "default", NhiError("vault is sealed"))
    on_aws, in_vault = latencies(
        [ROLE, ENTITY], outcome(cut(ROLE), failures=(failed,)), refused(ROLE, seconds(3)), started=START
    )
    assert (on_aws.place, on_aws.completed) == ((System.AWS, "default"), seconds(3))
    assert isinstance(in_vault.completed, NotChecked)
    assert "vault is sealed" in in_vault.completed.reason


def test_nothing_is_said_of_a_system_on_which_nothing_ever_existed() -> None:
    never = CutOff(ROLE, NeverCreated(), NeverCreated())
    assert latencies([ROLE], outcome(never), {}, started=START) == []


def test_a_system_on_which_nothing_was_found_leaves_it_open() -> None:
    (latency,) = latencies([ROLE], outcome(), {}, started=START)
    assert isinstance(latency.completed, NotChecked)


def test_a_clock_that_went_back_measures_nothing() -> None:
    (latency,) = latencies([ROLE], outcome(cut(ROLE)), refused(ROLE, seconds(3)), started=seconds(5))
    assert latency.completed == NotChecked("the machine's clock went back meanwhile")


def test_what_was_complete_in_an_earlier_process_stays_so() -> None:
    before = Latency(System.AWS, "default", START, seconds(3))
    late = outcome(cut(ROLE, seconds(500), seconds(501), without_canary="an earlier run cut it off"))
    assert latencies([ROLE], late, {}, started=START, earlier=[before]) == [before]
    unknown = replace(before, completed=NotChecked("no answer"))
    (latency,) = latencies([ROLE], late, {}, started=START, earlier=[unknown])
    assert latency.completed == NotChecked("an earlier run cut it off")


@pytest.mark.parametrize(
    ("required", "took", "verdict"),
    [
        (Revocation.IMMEDIATE, 60, Verdict.MET),
        (Revocation.IMMEDIATE, 60.001, Verdict.MISSED),
        (Revocation.MINUTES, 899, Verdict.MET),
        (Revocation.MINUTES, 901, Verdict.MISSED),
        (Revocation.AT_EXPIRY, 86_400, Verdict.MET),
    ],
)
def test_the_verdict_follows_from_the_limit(required: Revocation, took: float, verdict: Verdict) -> None:
    row = RevocationRow.of(Latency(System.AWS, "default", START, seconds(took)), required, ENDS)
    assert (row.verdict, row.seconds) == (verdict, took)
    assert f"revocation {verdict}: {took:g} s (required: {required}" in str(row)


def test_at_expiry_everything_has_to_have_ended_once_the_end_has_come() -> None:
    after = START + timedelta(days=200)
    row = RevocationRow.of(
        Latency(System.AWS, "default", after, after + timedelta(seconds=1)), Revocation.AT_EXPIRY, ENDS
    )
    assert (row.limit_seconds, row.verdict) == (0, Verdict.MISSED)


def test_what_is_not_known_is_never_called_met() -> None:
    row = RevocationRow.of(Latency(System.AWS, "default", START, NotChecked("no canary")), Revocation.AT_EXPIRY, ENDS)
    assert (row.verdict, row.seconds, row.measured) == (Verdict.NOT_SHOWN, None, None)
    assert "not shown" in str(row)
    assert "no canary" in str(row)


@pytest.mark.parametrize("forged", [{"verdict": "met"}, {"seconds": 3.0}, {"limit_seconds": 1000.0}])
def test_a_verdict_that_does_not_follow_from_its_times_is_refused(forged: dict[str, object]) -> None:
    missed = RevocationRow.of(Latency(System.AWS, "default", START, seconds(901)), Revocation.MINUTES, ENDS)
    with pytest.raises(ValidationError, match="as its times and its limit say"):
        RevocationRow.model_validate({**missed.model_dump(), **forged})
