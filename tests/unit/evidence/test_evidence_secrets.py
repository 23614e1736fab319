from __future__ import annotations

import typing
from pathlib import Path

import pytest
from evidence_samples import ROLE, common, cut_off, envelope_files, open_local, teardown
from pydantic import BaseModel

from nhi_components.core.links import NotChecked
from nhi_components.lifecycle.evidence.changes_of_state import RestorationRecord, SuspensionRecord
from nhi_components.lifecycle.evidence.contents import CutOffRecord, CutOffRow, IncompleteRecord, TeardownRecord
from nhi_components.lifecycle.evidence.local_signer import LocalSigner
from nhi_components.lifecycle.evidence.parts import stated
from nhi_components.lifecycle.evidence.statement import Predicate
from nhi_components.lifecycle.ports import Canary, CutOff

TOKEN = "hvs.CAESIJ1x2y3z4a5b6c7d8e9f0AAAA"
CONTENTS = (CutOffRecord, TeardownRecord, IncompleteRecord, SuspensionRecord, RestorationRecord)
CANARY = "canary-credential-7d8e9f0a"


def models_within(model: type[BaseModel], seen: set[type[BaseModel]]) -> set[type[BaseModel]]:
    seen.add(model)
    for field in model.model_fields.values():
        for part in flattened(field.annotation):
            if isinstance(part, type) and issubclass(part, BaseModel) and part not in seen:
                models_within(part, seen)
    return seen


def takes_any_text(annotation: object) -> bool:
    bounded = typing.get_origin(annotation) is typing.Annotated
    return annotation is str or (not bounded and str in typing.get_args(annotation))


def flattened(annotation: object) -> list[object]:
    inner = [part for part in typing.get_args(annotation) if part is not str]
    return [annotation, *(part for each in inner for part in flattened(each))]


def test_no_model_has_room_for_anything_of_any_form():
    models = models_within(Predicate, set())
    assert set(CONTENTS) <= models
    for model in models:
        assert model.model_config["extra"] == "forbid"
        assert model.model_config["frozen"] is True
        for name, field in model.model_fields.items():
            parts = flattened(field.annotation)
            assert not any(part in (dict, bytes, object, typing.Any) for part in parts), f"{model.__name__}.{name}"
            assert field.metadata or not any(takes_any_text(part) for part in parts), f"{model.__name__}.{name}"


def test_a_canarys_credential_is_kept_nowhere(tmp_path):
    canary = Canary(ROLE, teardown().operation.started, {"SecretAccessKey": CANARY})
    rows = CutOffRow.of(CutOff(ROLE, None, NotChecked(f"{TOKEN} was refused"), canary=canary))
    record = CutOffRecord(**common(), started=canary.opened_at, rows=tuple(rows))
    open_local(tmp_path).record_cut_off(record)
    assert record.rows[0].canary_opened_at == canary.opened_at
    assert scan(tmp_path, CANARY, TOKEN) == []


def test_neither_words_nor_the_private_key_reach_an_envelope(tmp_path):
    recorder = open_local(tmp_path)
    record = cut_off().model_copy(update={"reason": stated(f"rotated {TOKEN}", "")})
    recorder.record_cut_off(record)
    recorder.record_teardown(teardown())
    private = (tmp_path / "keys" / "evidence-ed25519.pem").read_text().splitlines()[1]
    assert scan(tmp_path, TOKEN, private) == []
    assert private not in repr(vars(LocalSigner(tmp_path / "keys" / "evidence-ed25519.pem")))


def scan(directory: Path, *secrets: str) -> list[Path]:
    """The files, their payloads decoded, in which one of the secrets stands."""
    import base64
    import json

    files = envelope_files(directory)
    assert files
    texts = {file: file.read_bytes() + base64.b64decode(json.loads(file.read_bytes())["payload"]) for file in files}
    return [file for file, text in texts.items() if any(secret.encode() in text for secret in secrets)]


def test_the_scan_finds_what_is_there(tmp_path):
    open_local(tmp_path).record_cut_off(cut_off())
    assert scan(tmp_path, ROLE.unique_id or "") == envelope_files(tmp_path)


@pytest.mark.parametrize("model", CONTENTS)
def test_who_decided_is_never_left_out(model):
    required = {name for name, field in model.model_fields.items() if field.is_required()}
    assert {"lease", "approver", "reason", "callers"} <= required
