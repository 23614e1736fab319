"""Events about identities without a lease, as a kind of statement of the chain."""

from __future__ import annotations

import base64
import json
from typing import Annotated

import pytest
from audit_samples import NOW, event, found, recorder
from pydantic import Field, ValidationError
from typer.testing import CliRunner

from nhi_components.cli.evidence import evidence_app
from nhi_components.core.errors import EvidenceError
from nhi_components.lifecycle.audit.recording import AuditLog
from nhi_components.lifecycle.evidence import statement
from nhi_components.lifecycle.evidence.audit_events import (
    MOST_DETAILS,
    MOST_EVENTS,
    AuditedIdentity,
    AuditEvent,
    AuditRecord,
    EventType,
    Outcome,
    details_of,
)
from nhi_components.lifecycle.evidence.contents import LeaseContent
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore
from nhi_components.lifecycle.evidence.flaws import EvidenceRefused
from nhi_components.lifecycle.evidence.parts import stated
from nhi_components.lifecycle.evidence.reader import by_fingerprint, read
from nhi_components.lifecycle.evidence.statement import Predicate
from nhi_components.lifecycle.evidence.verify import verify
from tests.unit.evidence.evidence_samples import LEASE, cut_off, teardown

TOKEN = "hvs.CAESIJ1x2y3z4a5b6c7d8e9f0AAAA"
AWS_KEY = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY12"


def recorded(store: DirectoryStore) -> list[AuditEvent]:
    trusted = by_fingerprint(store.pinned_keys())
    envelopes = [each for chain_id in store.chain_ids() for each in store.envelopes(chain_id)]
    contents = [
        reading.predicate.content for reading in (read(each, trusted) for each in envelopes) if reading.predicate
    ]
    assert len(contents) == len(envelopes)
    return [each for content in contents if isinstance(content, AuditRecord) for each in content.events]


@pytest.mark.parametrize("kind", EventType)
def test_every_type_comes_back_as_it_was_recorded(tmp_path, kind):
    told = event(kind)
    AuditLog(recorder(tmp_path)).record(told)
    assert recorded(DirectoryStore(tmp_path)) == [told]


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        (EventType.IDENTITY_DISABLED, {"identity": None}, "identity"),
        (EventType.SCAN_ENDED, {"identity": AuditedIdentity.of(found())}, "identity"),
        (EventType.VERDICT_FOUND, {"verdict": None}, "verdict"),
        (EventType.IDENTITY_DISABLED, {"verdict": "unused"}, "verdict"),
        (EventType.IDENTITY_REMOVED, {"removal": None}, "removal"),
    ],
)
def test_an_event_says_what_its_type_is_about(kind, change, field):
    with pytest.raises(ValidationError, match=f"field {field}"):
        event(kind, **change)


def test_a_removal_that_failed_has_no_record_of_what_it_removed():
    failed = event(EventType.IDENTITY_REMOVED, removal=None, outcome=Outcome.FAILURE)
    assert failed.removal is None


def test_subjects_are_the_identities_each_once_and_events_about_none(tmp_path):
    AuditLog(recorder(tmp_path)).record(event(), event(EventType.IDENTITY_RESTORED), event(EventType.SCAN_ENDED))
    (file,) = tmp_path.glob("chains/*/*.dsse.json")
    payload = json.loads(base64.b64decode(json.loads(file.read_bytes())["payload"]))
    assert payload["predicateType"] == "urn:nhi-components:evidence:audit:v1"
    assert [subject["name"] for subject in payload["subject"]] == [
        f"identity:{found().key}",
        "event:scan-ended",
    ]


def test_many_events_are_few_signatures(tmp_path):
    AuditLog(recorder(tmp_path)).record(*(event(EventType.VERDICT_FOUND, each) for each in range(MOST_EVENTS + 1)))
    store = DirectoryStore(tmp_path)
    assert len(store.envelopes(store.chain_ids()[0])) == 2
    assert [each.detail[0].value for each in recorded(store)] == [str(each) for each in range(MOST_EVENTS + 1)]


def test_long_events_are_parted_by_their_length(tmp_path):
    long = details_of({f"n{each}": "x" * 990 for each in range(MOST_DETAILS)})
    AuditLog(recorder(tmp_path)).record(*(event(detail=long) for _ in range(25)))
    files = sorted(tmp_path.glob("chains/*/*.dsse.json"))
    assert len(files) == 3
    assert all(file.stat().st_size < 2_000_000 for file in files)


def test_no_event_is_no_statement(tmp_path):
    AuditLog(recorder(tmp_path)).record()
    assert not list(tmp_path.glob("chains/*/*.dsse.json"))


def test_recording_fails_when_it_cannot_be_written(tmp_path):
    log = AuditLog(recorder(tmp_path))
    (tmp_path / "chains").write_text("in the way")
    with pytest.raises(EvidenceError):
        log.ensure_ready()
    with pytest.raises(EvidenceError):
        log.record(event())


def test_details_are_bounded_and_say_what_they_leave_out():
    rows = details_of({"list": list(range(MOST_DETAILS + 50)), "empty": "", "none": None})
    assert len(rows) == MOST_DETAILS
    assert (rows[-1].name, rows[-1].value) == ("leftOut", "51 more")
    assert details_of({"a": {"b": [True, 1.5]}, "none": None}) == details_of({"a": {"b": [True, 1.5]}})
    assert [(row.name, row.value) for row in details_of({"a": {"b": [True, 1.5]}})] == [
        ("a.b[0]", "true"),
        ("a.b[1]", "1.5"),
    ]


def test_text_that_cannot_be_written_is_made_readable(tmp_path):
    odd = event(
        verdict=None, case="a\ud800b", reason=stated("\x1b", "nobody said"), detail=details_of({"": "\ud800 x"})
    )
    AuditLog(recorder(tmp_path)).record(odd)
    (told,) = recorded(DirectoryStore(tmp_path))
    assert told.case == "a b"
    assert told.reason == stated(None, "nobody said")
    assert [(row.name, row.value) for row in told.detail] == [("-", "x")]


def test_no_credential_reaches_the_chain(tmp_path):
    named = found()
    leaky = AuditedIdentity(
        key=f"user/{TOKEN}", unique_id=TOKEN, system=named.system, place=TOKEN, kind=named.kind, name=f"a\n{TOKEN}"
    )
    facts = {
        "secretAccessKey": "plain-value-1",
        "secret_id": "plain-value-2",
        "note": f"{TOKEN} {AWS_KEY}",
        "raw": b"3",
    }
    AuditLog(recorder(tmp_path)).record(
        event(
            EventType.VERDICT_FOUND,
            identity=leaky,
            actor=stated(TOKEN, ""),
            reason=stated(f"leaked {AWS_KEY}", ""),
            verdict=f"leaked {TOKEN}",
            case=TOKEN,
            id=TOKEN,
            detail=details_of(facts),
        )
    )
    (file,) = tmp_path.glob("chains/*/*.dsse.json")
    payload = base64.b64decode(json.loads(file.read_bytes())["payload"]).decode()
    assert payload.count("[redacted]") > 8
    for secret in (TOKEN, AWS_KEY, "plain-value"):
        assert secret not in payload


def test_a_reader_that_does_not_know_the_kind_says_so(tmp_path, monkeypatch):
    class OldPredicate(Predicate):
        content: Annotated[LeaseContent, Field(discriminator="kind")]

    AuditLog(recorder(tmp_path)).record(event())
    store = DirectoryStore(tmp_path)
    (stored,) = store.envelopes(store.chain_ids()[0])
    payload = base64.b64decode(json.loads(stored.data)["payload"])
    monkeypatch.setattr(statement, "Predicate", OldPredicate)
    with pytest.raises(EvidenceRefused, match="read it with the version of nhi-components that wrote it"):
        statement.decode(payload, stored.path)


def test_events_stand_between_statements_about_leases_and_disturb_none(tmp_path):
    recording = recorder(tmp_path)
    log = AuditLog(recording)
    recording.record_cut_off(cut_off())
    log.record(event(reason=stated(f"in the way of {LEASE}", "")))
    assert recording.last(LEASE) == cut_off()
    recording.record_teardown(teardown())
    report = verify(DirectoryStore(tmp_path), None, None)
    assert report.ok
    assert report.events == 1
    assert [lease.state for lease in report.leases] == ["closed"]


def test_show_and_verify_tell_events(tmp_path, monkeypatch):
    monkeypatch.setenv("NHI_EVIDENCE_DIR", str(tmp_path))
    failed = event(EventType.IDENTITY_RESTORED, outcome=Outcome.FAILURE, case="case-7")
    AuditLog(recorder(tmp_path)).record(event(EventType.VERDICT_FOUND), failed)
    shown = CliRunner().invoke(evidence_app, ["show"], terminal_width=200)
    assert shown.exit_code == 0
    for text in ("verdict-found", "unused", found().key, "ci-operator", "identity-restored: failure", "case-7"):
        assert text in shown.stdout
    verified = CliRunner().invoke(evidence_app, ["verify"])
    assert verified.exit_code == 0
    assert "2 events about identities without a lease" in verified.stdout
    told = json.loads(CliRunner().invoke(evidence_app, ["verify", "--output", "json"]).stdout)
    assert told["events"] == 2
    (statement_,) = json.loads(CliRunner().invoke(evidence_app, ["show", "--output", "json"]).stdout)["statements"]
    assert statement_["predicate"]["content"]["events"][0]["at"].startswith(NOW.date().isoformat())
