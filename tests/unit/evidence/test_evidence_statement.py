from __future__ import annotations

import json

import pytest
from evidence_samples import at, incomplete, restoration, revocations, suspension, teardown

from nhi_components.lifecycle.evidence.about_lease import Kind
from nhi_components.lifecycle.evidence.canonical import canonical_json
from nhi_components.lifecycle.evidence.flaws import EvidenceRefused, FlawCode
from nhi_components.lifecycle.evidence.signer import KeyClass
from nhi_components.lifecycle.evidence.statement import ChainPosition, Predicate, SigningKey, Tool, decode, encode

ZEROS = "0" * 64


def predicate(content=None) -> Predicate:
    return Predicate(
        chain=ChainPosition(chain_id="0" * 16, sequence=7, previous_digest=ZEROS, anchor=None, clock_stepped_back=None),
        recorded_at=at(9),
        signed_with=SigningKey(fingerprint=ZEROS, key_class=KeyClass.LOCAL),
        tool=Tool(),
        content=content or teardown(),
    )


def changed(**fields) -> bytes:
    return canonical_json(json.loads(encode(predicate())) | fields)


def code_of(payload: bytes) -> FlawCode:
    with pytest.raises(EvidenceRefused) as refused:
        decode(payload, "file")
    return refused.value.flaws[0].code


def test_it_is_an_in_toto_statement_with_a_subject_for_the_lease_and_for_each_link():
    statement = json.loads(encode(predicate()))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "urn:nhi-components:evidence:teardown:v1"
    assert [subject["name"] for subject in statement["subject"]] == [
        "lease:lease-abcdefghijklmnop",
        "aws:default:iam-role:orders-prod-abcdef",
        "aws:default:iam-role-policy:orders-prod-abcdef/by-hand",
        "vault:default:vault-approle:approle/orders-prod-abcdef",
        "vault:default:vault-kv-path:secret/nhi/prod/orders/lease",
    ]
    assert all(len(subject["digest"]["sha256"]) == 64 for subject in statement["subject"])


def test_numbers_stay_as_they_were():
    assert b'"sequence":7}' in encode(predicate())


@pytest.mark.parametrize("content", [teardown(), incomplete(), suspension(), restoration()])
def test_it_comes_back_as_it_was_written(content):
    written = predicate(content)
    assert decode(encode(written), "file") == written


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"", FlawCode.MALFORMED),
        (b"[]", FlawCode.MALFORMED),
        (b"\xff", FlawCode.MALFORMED),
        (b"[" * 100_000, FlawCode.MALFORMED),
        (changed(predicate={}), FlawCode.MALFORMED),
        (changed(predicateType="urn:nhi-components:evidence:cut-off:v1"), FlawCode.SUBJECTS),
        (changed(_type="https://in-toto.io/Statement/v0.1"), FlawCode.SUBJECTS),
        (changed(subject=[]), FlawCode.SUBJECTS),
        (changed(note="hello"), FlawCode.SUBJECTS),
    ],
)
def test_another_form_is_refused(payload, code):
    assert code_of(payload) is code


def test_unknown_and_missing_fields_are_refused_together_with_their_places():
    fields = predicate().model_dump(mode="json")
    fields["content"]["removals"][0].pop("refused_at")
    fields["content"]["surprise"] = "x"
    with pytest.raises(EvidenceRefused) as refused:
        decode(changed(predicate=fields), "file")
    places = {flaw.path for flaw in refused.value.flaws}
    assert any(place.endswith("removals.0.refused_at") for place in places)
    assert any(place.endswith("surprise") for place in places)


def test_a_signed_teardown_with_an_unconfirmed_row_is_refused():
    fields = predicate().model_dump(mode="json")
    fields["content"]["removals"][0]["absent_at"] = {"state": "not-checked", "reason": "x"}
    assert code_of(changed(predicate=fields)) is FlawCode.MALFORMED


def test_a_statement_of_the_first_release_which_knew_no_latency_is_read():
    fields = predicate().model_dump(mode="json")
    assert fields["content"].pop("revocations") == []
    assert decode(changed(predicate=fields), "file") == predicate()


def test_a_verdict_that_its_times_do_not_bear_out_is_refused():
    missed = teardown().model_copy(update={"revocations": revocations(1000)})
    fields = predicate(missed).model_dump(mode="json")
    fields["content"]["revocations"][0]["verdict"] = "met"
    assert code_of(changed(predicate=fields)) is FlawCode.MALFORMED


def test_every_kind_has_its_own_type():
    assert {kind.value for kind in Kind} == {
        "cut-off",
        "teardown",
        "teardown-incomplete",
        "suspension",
        "restoration",
        "rotation",
        "audit",
    }
    assert b"evidence:teardown-incomplete:v1" in encode(predicate(incomplete()))
