"""Every statement of the chain is OCSF: each class by its schema, numbers that agree, no credential."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from audit_samples import event, found
from hypothesis import given
from hypothesis import strategies as st
from ocsf_schema import SCHEMA

from nhi_components.core.credential.places import PlaceKind
from nhi_components.core.credential.rotation import SourceKind
from nhi_components.core.links import System
from nhi_components.lifecycle.audit.ocsf import events_of
from nhi_components.lifecycle.audit.trail import line_of
from nhi_components.lifecycle.evidence.about_lease import Kind
from nhi_components.lifecycle.evidence.audit_events import (
    AuditedIdentity,
    AuditEvent,
    AuditRecord,
    EventType,
    Outcome,
    details_of,
)
from nhi_components.lifecycle.evidence.contents import Content
from nhi_components.lifecycle.evidence.parts import At, LinkRecord, NotApplicable, Unchecked, stated
from nhi_components.lifecycle.evidence.rotations import DeliveryRow, RefreshRow, RevokedRow, RotationRecord
from nhi_components.lifecycle.evidence.signer import KeyClass
from nhi_components.lifecycle.evidence.statement import ChainPosition, Predicate, SigningKey, Tool
from tests.unit.evidence.evidence_samples import (
    LEASE,
    PLANNED,
    at,
    common,
    cut_off,
    incomplete,
    restoration,
    suspension,
    teardown,
)

ZEROS, DIGEST = "0" * 64, "d" * 64


def rotation(*, cause: str | None = "due", delivered: bool = True) -> RotationRecord:
    confirmed = At(time=at(2)) if delivered else Unchecked(reason="the place does not answer")
    delivery = DeliveryRow(
        place=next(iter(PlaceKind)), link=LinkRecord.of(PLANNED), confirmed_at=confirmed, written=True
    )
    revoked = RevokedRow(
        key="AKIAOLD",
        why="superseded",
        disabled_at=At(time=at(1)),
        deleted_at=At(time=at(1)),
        refused_at=NotApplicable(),
    )
    return RotationRecord(
        **common(),
        source=next(iter(SourceKind)),
        cause=cause,
        key="AKIANEW",
        version=2,
        started=at(0),
        ended=at(3),
        issued_at=At(time=at(1)),
        resumed=False,
        revoked=(revoked,),
        deliveries=(delivery,),
        refreshed=(RefreshRow(name="orders", at=at(2), problem=None if delivered else "did not restart"),),
        retiring=(),
    )


def predicate(content: Content) -> Predicate:
    return Predicate(
        chain=ChainPosition(chain_id="0" * 16, sequence=7, previous_digest=ZEROS, anchor=None, clock_stepped_back=None),
        recorded_at=at(9),
        signed_with=SigningKey(fingerprint=ZEROS, key_class=KeyClass.LOCAL),
        tool=Tool(),
        content=content,
    )


def mapped(content: Content) -> list[dict]:
    events = events_of(predicate(content), DIGEST)
    for each in events:
        SCHEMA.validate_python(each)
    return events


SAMPLES = {
    Kind.CUT_OFF: cut_off(),
    Kind.TEARDOWN: teardown(),
    Kind.TEARDOWN_INCOMPLETE: incomplete(),
    Kind.SUSPENSION: suspension(),
    Kind.RESTORATION: restoration(),
    Kind.ROTATION: rotation(),
    Kind.AUDIT: AuditRecord(events=tuple(event(kind) for kind in EventType)),
}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_statement_is_events_that_tell_their_place_in_the_chain(kind):
    events = mapped(SAMPLES[kind])
    assert [each["metadata"]["uid"] for each in events] == [
        f"{'0' * 16}-00000007-{number:04d}" for number in range(1, len(events) + 1)
    ]
    for number, each in enumerate(events, start=1):
        assert each["metadata"]["event_code"] == kind
        assert each["unmapped"]["chain"] == {
            "id": "0" * 16,
            "sequence": 7,
            "digest": DIGEST,
            "previous_digest": ZEROS,
            "event": number,
            "events": len(events),
        }


@pytest.mark.parametrize(
    ("kind", "types"),
    [
        (Kind.CUT_OFF, [300705, 300805, 300805]),
        (Kind.TEARDOWN, [300703, 300803, 300803]),
        (Kind.TEARDOWN_INCOMPLETE, [300703]),
        (Kind.SUSPENSION, [300705, 300805, 300805]),
        (Kind.RESTORATION, [300704, 300804, 300804]),
        (Kind.ROTATION, [300718, 300719]),
        (Kind.AUDIT, [600702, 200801, 200803, 300799, 300705, 300704, 300703, 300702, 300402]),
    ],
)
def test_what_is_done_has_its_type(kind, types):
    assert [each["type_uid"] for each in mapped(SAMPLES[kind])] == types


def test_a_statement_about_a_lease_is_told_whole():
    first = mapped(teardown())[0]
    assert first["unmapped"]["statement"] == teardown().model_dump(mode="json")
    assert first["metadata"]["correlation_uid"] == LEASE
    assert first["user"]["uid"] == LEASE
    assert first["actor"]["user"]["uid"].endswith("assumed-role/deployer/ci")
    assert first["unmapped"]["approver"] == "alice@example.com"
    assert "reason" not in first["unmapped"]


def test_what_was_not_done_is_a_failure_that_says_why():
    (left,) = mapped(incomplete())
    assert (left["status_id"], left["severity_id"]) == (2, 4)
    assert left["status_detail"] == "still alive: aws iam-role orders-prod-abcdef"
    assert mapped(suspension())[0]["status_detail"] == "aws, default: aws does not answer"
    failed = mapped(rotation(delivered=False))[0]
    assert failed["status_id"] == 2
    assert "does not hold the key; orders: did not restart" in failed["status_detail"]
    stopped = event(EventType.SCAN_ENDED, outcome=Outcome.FAILURE)
    assert [each["type_uid"] for each in mapped(AuditRecord(events=(stopped,)))] == [600706]


def test_a_rotation_without_a_new_key_is_an_update():
    assert [each["type_uid"] for each in mapped(rotation(cause=None))] == [300702, 300719]


@pytest.mark.parametrize(
    ("kind", "type_uid"),
    [
        (EventType.IDENTITY_NOTICED, 300899),
        (EventType.IDENTITY_DISABLED, 300805),
        (EventType.IDENTITY_RESTORED, 300804),
        (EventType.IDENTITY_REMOVED, 300803),
        (EventType.IDENTITY_ADOPTED, 300802),
    ],
)
def test_a_role_is_told_as_a_role(kind, type_uid):
    of_role = event(kind, identity=AuditedIdentity.of(found(kind="iam-role")))
    (told,) = mapped(AuditRecord(events=(of_role,)))
    assert told["type_uid"] == type_uid
    assert told["iam_role"]["uid"] == found().key


def test_a_finding_keeps_its_id_until_it_is_closed():
    opened, closed = mapped(AuditRecord(events=(event(EventType.VERDICT_FOUND), event(EventType.VERDICT_CLEARED))))
    assert opened["finding_info"]["uid"] == closed["finding_info"]["uid"]
    assert (opened["status_id"], closed["status_id"]) == (1, 4)


def test_a_removal_record_is_told_whole():
    (told,) = mapped(AuditRecord(events=(event(EventType.IDENTITY_REMOVED, case="case-7", id="case-7/removed"),)))
    removal = told["unmapped"]["removal"]
    assert removal["approvals"][0]["approver"]["value"] == "Ada"
    assert [row["stage"] for row in removal["stages"]] == ["noticed", "removed"]
    assert removal["removed"][0]["name"] == "AKIAEXAMPLE1"
    assert told["privileges"] == ["s3:GetObject on arn:aws:s3:::orders/*"]
    assert told["metadata"]["correlation_uid"] == "case-7"
    assert told["metadata"]["original_event_uid"] == "case-7/removed"


def test_no_credential_appears():
    token, key = "hvs.CAESIJ1x2y3z4a5b6c7d8e9f0AAAA", "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12"
    leaky = cut_off().model_copy(update={"reason": stated(f"rotated {token}", ""), "approver": stated(key, "")})
    told = event(reason=stated(f"{token} {key}", ""), actor=stated(token, ""), detail=details_of({"token": "plain-1"}))
    lines = b"".join(line_of(each) for content in (leaky, AuditRecord(events=(told,))) for each in mapped(content))
    assert b"[redacted]" in lines
    for secret in (token, key, "plain-1"):
        assert secret.encode() not in lines


TEXT = st.text(min_size=1, max_size=60).filter(str.strip)
IDENTITIES = st.builds(
    AuditedIdentity,
    key=TEXT,
    unique_id=st.none() | TEXT,
    system=st.sampled_from(System),
    place=st.none() | TEXT,
    kind=TEXT | st.sampled_from(["iam-role", "iam-user", "service-account"]),
    name=TEXT,
)
TIMES = st.datetimes(
    min_value=datetime(2002, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
STATED = st.builds(stated, st.none() | TEXT, st.just("nobody said"))


@st.composite
def events(draw: st.DrawFn) -> AuditEvent:
    kind = draw(st.sampled_from(EventType))
    more = {name: draw(STATED) for name in ("actor", "approver", "reason")}
    outcome = draw(st.sampled_from(Outcome))
    if kind not in (EventType.SCAN_ENDED, EventType.INVENTORY_EXPORTED):
        more["identity"] = draw(IDENTITIES)
    if kind is EventType.IDENTITY_REMOVED and outcome is Outcome.FAILURE:
        more["removal"] = None
    return event(
        kind,
        **more,
        at=draw(TIMES),
        outcome=outcome,
        case=draw(st.none() | TEXT),
        id=draw(st.none() | TEXT),
        detail=details_of(draw(st.dictionaries(TEXT, st.integers() | TEXT | st.lists(TEXT, max_size=3), max_size=5))),
    )


@given(st.lists(events(), min_size=1, max_size=4))
def test_whatever_events_tell_is_ocsf(told):
    for each in mapped(AuditRecord(events=tuple(told))):
        line = line_of(each)
        assert line.isascii()
        assert b"\n" not in line
