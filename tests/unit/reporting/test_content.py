"""What a report tells: what is known, since when, and what is not known."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from nhi_components.core.errors import SpecError
from nhi_components.core.inventory.records import Knowledge, Subject
from nhi_components.core.inventory.verdicts import Verdict
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore
from nhi_components.lifecycle.inventory.store import Inventory, open_inventory
from nhi_components.lifecycle.reporting.content import Content, Judgement, Reported, Soundness
from nhi_components.lifecycle.reporting.gathering import gather
from nhi_components.lifecycle.verdicts.settings import STANDARD
from tests.unit.evidence.evidence_samples import LEASE, OTHER_LEASE, envelope_files
from tests.unit.reporting.worlds import NOW, before, evidence, judged, organisation, organised, scan, used
from tests.unit.verdicts.worlds import allow, arn, principal


def gathered(inventory: Inventory, folder: Path) -> Content:
    try:
        return gather(inventory, DirectoryStore(folder / "evidence"), STANDARD)
    finally:
        inventory.close()


def named(content: Content, name: str) -> Reported:
    (found,) = (each for each in content.identities if each.listed.name == name)
    return found


def test_an_identity_has_its_verdicts_credentials_and_what_depends_on_it(content: Content) -> None:
    batch = named(content, "batch")
    assert batch.score == 100
    assert next(each.judged.verdict for each in batch.standing) is Verdict.OVER_PRIVILEGED
    assert {key.id: key.disabled for key in batch.credentials} == {"AKIAEXAMPLEONE": False, "AKIAEXAMPLETWO": True}
    assert [each.name.rpartition(":")[2] for each in named(content, "orders-prod").dependents] == ["orders"]
    assert [each.source for each in named(content, "ci").ways_in if "project_path" in each.source] != []
    assert content.grants[arn("org-admin")][0].privilege == "*"


def test_verdicts_that_were_cleared_keep_their_time_and_count_no_more(content: Content) -> None:
    admin = named(content, "org-admin")
    cleared = [each for each in admin.verdicts if each.cleared_at]
    assert [(each.judged.verdict, each.judged.degree, each.cleared_at) for each in cleared] == [
        (Verdict.UNUSED, "60", NOW)
    ]
    assert cleared[0] not in admin.standing
    assert admin.verdicts[-1] == cleared[0]


def test_what_is_gone_has_no_score_and_no_verdict(content: Content) -> None:
    retired = named(content, "retired")
    assert (retired.judgement, retired.score, retired.standing) == (Judgement.GONE, None, ())
    assert retired.listed.gone_at == before(0.5)
    assert retired not in content.living


def test_what_a_service_makes_is_not_judged_rather_than_fine(content: Content) -> None:
    assert (named(content, "of-a-service").judgement, named(content, "of-a-service").score) == (
        Judgement.OF_A_SERVICE,
        None,
    )


def test_ways_to_an_administrator_are_told_step_by_step(content: Content) -> None:
    ways = content.becoming.ways
    assert (ways[arn("ci")].hops, ways[arn("ci")].next) == (2, arn("deployer"))
    assert ways[arn("org-admin")].hops == 0
    steps = {(each.source, each.target) for each in content.becoming.steps}
    assert {(arn("ci"), arn("deployer")), (arn("deployer"), arn("org-admin"))} <= steps


def test_of_how_many_enough_is_known_is_counted_for_each_verdict(content: Content) -> None:
    judged_ones = [each for each in content.living if each.judgement is Judgement.JUDGED]
    assert content.checked[Verdict.SHADOW] == len(judged_ones)
    watched = [each for each in judged_ones if each.listed.use.watched_since]
    assert content.checked[Verdict.UNUSED] == len(watched) < len(judged_ones)
    assert content.checked[Verdict.OLD_CREDENTIAL] == len(judged_ones) - 1
    assert content.checked[Verdict.ORPHANED] == 3


def test_what_the_last_scan_has_not_seen_is_told(content: Content) -> None:
    assert content.scan is not None
    assert [(each.source, each.reason) for each in content.scan.unseen] == [
        ("azure/tenant", "Graph denies Application.Read.All")
    ]
    assert (content.whole, content.outdated) == (False, False)


def test_a_scan_that_saw_everything_makes_the_report_whole(tmp_path: Path) -> None:
    assert gathered(organised(tmp_path, unseen=""), tmp_path).whole


def test_what_was_found_after_the_judgement_is_not_judged(tmp_path: Path) -> None:
    inventory = organised(tmp_path, unseen="")
    scan(inventory, NOW + timedelta(hours=1), [*organisation(), *principal("new", allow("s3:GetObject"))])
    content = gathered(inventory, tmp_path)
    assert (named(content, "new").judgement, named(content, "new").score) == (Judgement.FOUND_LATER, None)
    assert named(content, "ci").judgement is Judgement.JUDGED
    assert (content.outdated, content.whole) == (True, False)
    assert content.as_of == NOW + timedelta(hours=1, minutes=5)


def test_without_a_judgement_there_is_no_report(tmp_path: Path) -> None:
    inventory = open_inventory(str(tmp_path / "inventory.db"))
    with pytest.raises(SpecError, match="run `nhi discover`, then `nhi verdicts`"):
        gather(inventory, DirectoryStore(tmp_path / "none"), STANDARD)
    scan(inventory, NOW, organisation())
    with pytest.raises(SpecError, match="run `nhi verdicts` first"):
        gathered(inventory, tmp_path)


def test_an_inventory_of_which_all_is_well_needs_no_verdict(tmp_path: Path) -> None:
    inventory = open_inventory(str(tmp_path / "inventory.db"))
    marks = {"nhi:lease": LEASE, "nhi:managed-by": "nhi_components"}
    fine = [
        *principal("fine", allow("s3:GetObject", "arn:aws:s3:::a/b"), created_at=before(5), use=used(1), marks=marks),
        Knowledge(arn("fine"), Subject.OWNER, "ann@example.com", "mark nhi:owner"),
    ]
    scan(inventory, before(1), fine)
    content = gathered(judged(inventory), tmp_path)
    assert [(each.listed.name, each.score) for each in content.identities] == [("fine", 0)]
    assert content.whole


def test_evidence_is_told_with_its_soundness(content: Content) -> None:
    found = content.evidence
    assert found.soundness is Soundness.SOUND
    kinds = [each.kind for each in found.statements]
    assert kinds == ["suspension", "cut-off", "teardown", "teardown-incomplete", "audit"]
    assert {each.lease: each.state for each in found.leases} == {
        LEASE: "closed",
        OTHER_LEASE: "still alive at the deadline",
    }
    assert dict(found.statements[-1].counts) == {"identity-disabled": 1, "scan-ended": 1, "verdict-found": 1}
    assert [(each.type, each.key) for each in found.statements[-1].events] == [
        ("scan-ended", None),
        ("identity-disabled", arn("batch", kind="user")),
    ]
    assert all(each.file.startswith("chains/") for each in found.statements)


def test_evidence_that_was_changed_is_not_called_sound_and_is_left_out(tmp_path: Path) -> None:
    inventory = organised(tmp_path)
    store = evidence(tmp_path)
    changed = envelope_files(store.directory)[2]
    changed.write_bytes(changed.read_bytes().replace(b"A", b"B", 1))
    found = gathered(inventory, tmp_path).evidence
    assert (found.soundness, found.refused) == (Soundness.FLAWED, 1)
    assert "teardown" not in [each.kind for each in found.statements]
    assert found.problems
    assert not any(str(tmp_path) in each for each in found.problems)


def test_no_evidence_is_no_proof(tmp_path: Path) -> None:
    assert gathered(organised(tmp_path), tmp_path).evidence.soundness is Soundness.NONE
