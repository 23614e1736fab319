"""A small organisation to report on: several systems, owners, ways to an administrator, evidence, strange names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from nhi_components.core.inventory.records import (
    FoundCredential,
    FoundDependent,
    FoundIdentity,
    FoundPerson,
    FoundStep,
    Guard,
    Knowledge,
    Record,
    Subject,
    Use,
)
from nhi_components.core.links import System
from nhi_components.lifecycle.audit.recording import AuditLog
from nhi_components.lifecycle.discovery.ports import Page
from nhi_components.lifecycle.evidence.audit_events import AuditedIdentity, AuditEvent, EventType
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore
from nhi_components.lifecycle.evidence.parts import Known
from nhi_components.lifecycle.inventory.store import Inventory, SectionState, open_inventory
from nhi_components.lifecycle.reporting.content import Content
from nhi_components.lifecycle.reporting.gathering import gather
from nhi_components.lifecycle.verdicts.keeping import assess
from nhi_components.lifecycle.verdicts.settings import STANDARD
from tests.unit.evidence.evidence_samples import (
    LEASE,
    OTHER_LEASE,
    Ticking,
    cut_off,
    incomplete,
    open_local,
    suspension,
    teardown,
)
from tests.unit.verdicts.worlds import (
    ADMINISTRATOR,
    allow,
    arn,
    pod_account,
    principal,
    service_account,
    trusting,
    workflows,
)

NOW = datetime.fromisoformat("2026-11-30T12:00:00+00:00")
SCRIPT = "</script><script>window.broken=1</script>"
IMAGE = '<img src=x onerror="window.broken=1">'
FORMULA = '=HYPERLINK("http://example.com")'
TURNED = "orders\u202egpj.exe"
LINE = "two\u2028lines<!--"
STRANGERS = (SCRIPT, IMAGE, FORMULA, TURNED, LINE, "constructor", "__proto__", "@SUM(1)", "{{7*7}}", "$policy")
"""Names that try to be something else."""
IN_A_MARK = "hunter2-in-a-mark"
"""What somebody has put where no secret belongs."""


def before(days: float) -> datetime:
    return NOW - timedelta(days=days)


def used(days: float) -> Use:
    return Use(before(days), before(400), before(0.2))


def strangers() -> Iterator[FoundIdentity]:
    for number, name in enumerate(STRANGERS):
        yield FoundIdentity(name, System.VAULT, "vault.example.com", "approle", name, f"stranger-{number}", before(40))


def organisation() -> list[Record]:
    """What the last scan finds."""
    ci, deployer, admin = arn("ci"), arn("deployer"), arn("org-admin")
    return [
        *principal("ci", allow("sts:AssumeRole", deployer), created_at=before(500), use=used(1)),
        *principal(
            "deployer", allow("sts:AssumeRole", admin), trust=trusting({"AWS": ci}), created_at=before(500), use=used(2)
        ),
        *principal("org-admin", ADMINISTRATOR, trust=trusting({"AWS": deployer}), created_at=before(800), use=used(95)),
        *principal("auditor", allow("s3:GetObject", "arn:aws:s3:::reports/*"), created_at=before(90), use=used(3)),
        *principal(
            "orders-prod",
            allow("sqs:SendMessage", "arn:aws:sqs:eu-central-1:111122223333:orders"),
            created_at=before(60),
            use=used(0.5),
            marks={"nhi:lease": LEASE, "nhi:managed-by": "nhi_components", "note": IN_A_MARK},
        ),
        *principal("of-a-service", created_at=before(60), guard=Guard.SERVICE_LINKED),
        *principal("batch", allow("s3:*"), kind="user", created_at=before(700), use=used(200)),
        FoundCredential(arn("batch", kind="user"), "access-key", "AKIAEXAMPLEONE", before(700), use=used(200)),
        FoundCredential(arn("batch", kind="user"), "access-key", "AKIAEXAMPLETWO", before(45), disabled=True),
        *pod_account("shop", "runner", ci),
        *service_account("reporting", created_at=before(200)),
        FoundCredential("serviceAccount:reporting@shop.iam.gserviceaccount.com", "key", "k-1", None, before(-30)),
        workflows("shop/site"),
        FoundStep("project_path:shop/*", ci, "federate", "aud = sts.amazonaws.com"),
        FoundDependent(arn("orders-prod"), "function", "arn:aws:lambda:eu-central-1:111122223333:function:orders"),
        Knowledge(ci, Subject.OWNER, "ann@example.com", "mark owner"),
        Knowledge(deployer, Subject.OWNER, "bob@example.com", "CODEOWNERS of github.com/shop/infra"),
        Knowledge(admin, Subject.OWNER, "platform@example.com", "file cmdb.csv row 3"),
        Knowledge(arn("orders-prod"), Subject.PURPOSE, "sends orders", "mark nhi:purpose"),
        FoundPerson("1", ("ann@example.com",), active=True),
        FoundPerson("2", ("bob@example.com",), active=False, since=before(20)),
        *strangers(),
    ]


def scan(inventory: Inventory, at: datetime, records: Sequence[Record], *, unseen: str = "") -> None:
    """Keep what one full scan has found; `unseen` is why a second section was not seen."""
    number = inventory.begin(at)
    inventory.open_sections(number, "aws/111122223333", ["everything"])
    inventory.write(number, "aws/111122223333", "everything", Page(records), at)
    if unseen:
        inventory.open_sections(number, "azure/tenant", ["applications"])
        inventory.give_up(number, "azure/tenant", "applications", SectionState.UNSEEN, unseen)
    inventory.end(number, at + timedelta(minutes=5))


def judged(inventory: Inventory, at: datetime = NOW) -> Inventory:
    assess(inventory, STANDARD, at)
    return inventory


def organised(folder: Path, *, unseen: str = "Graph denies Application.Read.All") -> Inventory:
    """An inventory of two scans with its verdicts, the second judged now; a role of the first is gone."""
    inventory = open_inventory(str(folder / "inventory.db"))
    once = [*organisation(), *principal("retired", ADMINISTRATOR, created_at=before(900), use=used(300))]
    scan(inventory, before(14), once)
    judged(inventory, before(13))
    scan(inventory, before(0.5), organisation(), unseen=unseen)
    return judged(inventory)


def evidence(folder: Path) -> DirectoryStore:
    """Evidence of a lease that was ended, of one that could not be, and of an identity without one."""
    recorder = open_local(folder / "evidence", Ticking(before(10)))
    recorder.record_change(suspension())
    recorder.record_cut_off(cut_off())
    recorder.record_teardown(teardown())
    recorder.record_incomplete(incomplete(OTHER_LEASE))
    identity = AuditedIdentity(
        key=arn("batch", kind="user"), unique_id="IDbatch", system=System.AWS, place="1", kind="iam-user", name="batch"
    )
    ann = Known(value="ann@example.com")
    AuditLog(recorder).record(
        AuditEvent(type=EventType.SCAN_ENDED, at=before(14), actor=ann),
        AuditEvent(type=EventType.VERDICT_FOUND, at=before(13), identity=identity, verdict="unused"),
        AuditEvent(type=EventType.IDENTITY_DISABLED, at=before(9), identity=identity, actor=ann),
    )
    return DirectoryStore(folder / "evidence")


def reported(folder: Path) -> Content:
    """All that a report on the organisation tells."""
    inventory = organised(folder)
    try:
        return gather(inventory, evidence(folder), STANDARD)
    finally:
        inventory.close()


def many(folder: Path, number: int) -> Content:
    """A report on so many identities, each with a credential and a verdict or more."""
    inventory = open_inventory(str(folder / "many.db"))
    records: list[Record] = []
    for at in range(number):
        role = FoundIdentity(
            arn(f"role-{at}"), System.AWS, "111122223333", "iam-role", f"role-{at}", f"ID{at}", before(at % 900)
        )
        owner = Knowledge(role.key, Subject.OWNER, f"team-{at % 40}@example.com", "mark owner")
        key = FoundCredential(role.key, "access-key", f"AKIA{at:08}", before(at % 500))
        records += [replace(role, use=used(at % 120)), owner, key]
    scan(inventory, before(1), records)
    judged(inventory)
    try:
        return gather(inventory, DirectoryStore(folder / "none"), STANDARD)
    finally:
        inventory.close()


def crowd(folder: Path) -> Content:
    """A report on twelve users who may all become one administrator, and one who may under a condition."""
    inventory = open_inventory(str(folder / "crowd.db"))
    admin = arn("admin")
    root = trusting({"AWS": "arn:aws:iam::111122223333:root"})
    records = [*principal("admin", ADMINISTRATOR, trust=root)]
    for number in range(12):
        records += principal(f"member-{number}", allow("sts:AssumeRole", admin), kind="user")
    tagged = {"StringEquals": {"aws:PrincipalTag/team": "platform"}}
    records += principal("tagged", allow("sts:AssumeRole", admin, **tagged), kind="user")
    scan(inventory, before(1), records)
    judged(inventory)
    try:
        return gather(inventory, DirectoryStore(folder / "none"), STANDARD)
    finally:
        inventory.close()
