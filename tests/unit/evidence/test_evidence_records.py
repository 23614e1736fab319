from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from evidence_samples import (
    EXTRA,
    PLANNED,
    ROLE,
    at,
    cut_off,
    facts,
    lease,
    removals,
    restoration,
    suspension,
    teardown,
)
from pydantic import ValidationError

from nhi_components.core.links import Link, LinkKind, NeverCreated, NotChecked, RemovalFacts, System
from nhi_components.lifecycle.evidence.completeness import incompleteness
from nhi_components.lifecycle.evidence.contents import ConfirmedRow, RemovalRow
from nhi_components.lifecycle.evidence.parts import (
    At,
    AttributeRecord,
    LinkRecord,
    NeverMade,
    NotApplicable,
    Unchecked,
    Unknown,
    fact_record,
    stated,
)

VAULT_TOKEN = "hvs.CAESIJ1x2y3z4a5b6c7d8e9f0AAAA"
AWS_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW"
PRIVATE_KEY = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----"


def test_each_form_of_a_fact_is_told_apart():
    assert fact_record(at(1)) == At(time=at(1))
    assert fact_record(None) == NotApplicable()
    assert fact_record(NeverCreated()) == NeverMade()
    assert fact_record(NotChecked("sealed")) == Unchecked(reason="sealed")


def test_times_are_kept_in_utc_and_naive_ones_refused():
    berlin = datetime(2026, 3, 1, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    assert At(time=berlin).time.tzinfo is UTC
    with pytest.raises(ValidationError, match="timezone"):
        At(time=datetime(2026, 3, 1))  # noqa: DTZ001 - a naive time is the case


def test_a_link_comes_back_as_it_was_written():
    link = Link(System.VAULT, LinkKind.VAULT_TOKEN, "accessor", "second", "id", {"mount": "auth/approle", "role": "r"})
    back = LinkRecord.of(link).to_link()
    assert back == link
    assert LinkRecord.of(link).key == link.key


def test_a_links_digest_tells_a_namesake_apart():
    namesake = Link(ROLE.system, ROLE.kind, ROLE.name, unique_id="AROAOTHER")
    assert LinkRecord.of(ROLE).digest != LinkRecord.of(namesake).digest
    assert LinkRecord.of(ROLE).digest == "67173de9409b46440b1ce86e910bab5f6b05361d80652049bf2cdee727e7aad5"


def test_what_nobody_stated_is_said_to_be_unknown():
    assert stated("  ", "no configuration") == Unknown(why="no configuration")


@pytest.mark.parametrize("secret", [VAULT_TOKEN, JWT, PRIVATE_KEY, "s.abcdefghijklmnopqrstuvwx"])
def test_an_identifier_with_the_form_of_a_credential_is_refused_without_being_shown(secret):
    with pytest.raises(ValidationError) as refused:
        LinkRecord.of(Link(System.VAULT, LinkKind.VAULT_TOKEN, f"auth/{secret}"))
    assert secret not in str(refused.value)


@pytest.mark.parametrize("secret", [VAULT_TOKEN, AWS_SECRET, JWT, PRIVATE_KEY])
def test_prose_keeps_no_credential(secret):
    reason = Unchecked(reason=f"login with {secret} failed\nbadly").reason
    assert reason == "login with [redacted] failed badly"


def test_prose_is_one_printable_line_of_bounded_length():
    reason = Unchecked(reason="a\x1b[31mred\u202e" + "x" * 5000).reason
    assert reason.startswith("a [31mred x")
    assert len(reason) == 1000


@pytest.mark.parametrize("name", ["secret_id", "token", "db-password", "Secret_Access_Key", "credential"])
def test_an_attribute_named_like_a_credential_is_refused(name):
    with pytest.raises(ValidationError):
        AttributeRecord(name=name, value="x")


@pytest.mark.parametrize("fact", [None, NotChecked("still there")])
def test_a_teardown_row_must_be_confirmed(fact):
    waiting = RemovalFacts(ROLE, None, fact, None, None, None)
    assert RemovalRow.of(waiting).absent_at.state != "at"
    with pytest.raises(ValidationError, match="never-created"):
        ConfirmedRow.of(waiting)


def test_a_record_refuses_unknown_fields_and_change():
    with pytest.raises(ValidationError, match="Extra inputs"):
        lease().model_validate(lease().model_dump() | {"note": "x"})
    with pytest.raises(ValidationError, match="frozen"):
        lease().owner = "somebody"  # type: ignore[misc]  # the refusal is the case


def test_a_cut_off_has_a_row_for_what_hung_on_the_link():
    rows = cut_off().rows
    assert [(row.link.name, row.found_out_of_band) for row in rows][:2] == [(ROLE.name, False), (EXTRA.name, True)]
    assert rows[1].disabled_at == rows[0].disabled_at


def test_a_complete_teardown_lacks_nothing():
    assert incompleteness(teardown(), [cut_off()], "x") == []


def test_what_a_suspension_revoked_needs_no_row_in_a_teardown():
    assert incompleteness(teardown(), [suspension(), restoration(), cut_off()], "x") == []


def test_a_teardown_must_have_a_row_for_the_ledger_and_the_cut_off():
    flaws = incompleteness(teardown(rows=removals(PLANNED)), [cut_off()], "x")
    assert [flaw.expected.split(" of ")[1].split(" in ")[0] for flaw in flaws] == [
        f"aws iam-role {ROLE.name}",
        "vault vault-approle approle/orders-prod-abcdef",
        f"aws iam-role-policy {EXTRA.name}",
    ]


def test_a_namesakes_row_proves_nothing():
    namesake = Link(ROLE.system, ROLE.kind, ROLE.name, unique_id="AROAOTHER")
    rows = (ConfirmedRow.of(facts(namesake)), *removals()[1:])
    (flaw,) = incompleteness(teardown(rows=rows), [], "x")
    assert "AROAOTHER" in flaw.got
    assert "AROAEXAMPLE1" in flaw.expected


def test_two_rows_for_one_link_are_one_too_many():
    (flaw,) = incompleteness(teardown(rows=(*removals(), removals()[0])), [], "x")
    assert flaw.got.startswith("2 rows")
