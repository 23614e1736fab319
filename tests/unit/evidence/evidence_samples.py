"""Evidence of a made-up lease, for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from nhi_components.core.links import Link, LinkKind, NeverCreated, NotChecked, RemovalFacts, System
from nhi_components.core.revocation import Revocation
from nhi_components.lifecycle.evidence.about_lease import Kind
from nhi_components.lifecycle.evidence.anchor import Anchor
from nhi_components.lifecycle.evidence.changes_of_state import (
    Decided,
    Declared,
    RestorationRecord,
    SuspensionRecord,
    UnrevokedRow,
)
from nhi_components.lifecycle.evidence.contents import (
    AliveRow,
    ConfirmedRow,
    CutOffRecord,
    CutOffRow,
    IncompleteRecord,
    Operation,
    Phase,
    RemovalRow,
    SweptRow,
    TeardownRecord,
    WaitedFigure,
)
from nhi_components.lifecycle.evidence.directory_store import DirectoryStore
from nhi_components.lifecycle.evidence.local_signer import LocalSigner
from nhi_components.lifecycle.evidence.parts import CallerRecord, LeaseRecord, LinkRecord, stated
from nhi_components.lifecycle.evidence.recorder import EvidenceRecorder
from nhi_components.lifecycle.evidence.revocations import RevocationRow
from nhi_components.lifecycle.latency import Latency
from nhi_components.lifecycle.ports import Caller, CutOff

START = datetime(2026, 3, 1, 12, 0, 0, 250000, tzinfo=UTC)
LEASE = "lease-abcdefghijklmnop"
OTHER_LEASE = "lease-qrstuvwxyz234567"

ROLE = Link(System.AWS, LinkKind.IAM_ROLE, "orders-prod-abcdef", unique_id="AROAEXAMPLE1", attributes={"path": "/nhi/"})
EXTRA = Link(System.AWS, LinkKind.IAM_ROLE_POLICY, "orders-prod-abcdef/by-hand")
APPROLE = Link(System.VAULT, LinkKind.VAULT_APPROLE, "approle/orders-prod-abcdef", unique_id="7f0e-role")
PLANNED = Link(System.VAULT, LinkKind.VAULT_KV_PATH, "secret/nhi/prod/orders/lease")
TOKEN = Link(System.VAULT, LinkKind.VAULT_TOKEN, "fingerprint-1")
NAMESAKE = Link(System.AWS, LinkKind.IAM_ROLE, "orders-prod-abcdef", unique_id="AROASOMEBODYELSE")


class Ticking:
    """A clock that moves one second on at every look, and can be set."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def lease(lease_id: str = LEASE) -> LeaseRecord:
    return LeaseRecord(
        lease_id=lease_id,
        identity="orders",
        environment="prod",
        owner="payments <payments@example.com>",
        stack="shop/prod",
        purpose="reads the order queue",
        issued=date(2026, 1, 1),
        ends=date(2026, 4, 1),
    )


def common(lease_id: str = LEASE) -> dict[str, object]:
    caller = Caller(System.AWS, "default", "arn:aws:sts::123456789012:assumed-role/deployer/ci", "123456789012")
    return {
        "lease": lease(lease_id),
        "approver": stated("alice@example.com", ""),
        "reason": stated(None, "no nhi:approval configuration and no CI variable"),
        "callers": (CallerRecord.of(caller),),
    }


def cut_off(lease_id: str = LEASE) -> CutOffRecord:
    cut = CutOff(
        ROLE, disabled_at=at(0.1), sessions_refused_at=at(0.2), extras=(EXTRA,), without_canary="no trust in us"
    )
    other = CutOff(APPROLE, disabled_at=at(0.3), sessions_refused_at=None)
    return CutOffRecord(**common(lease_id), started=START, rows=(*CutOffRow.of(cut), *CutOffRow.of(other)))


def facts(link: Link) -> RemovalFacts:
    if link is PLANNED:
        never = NeverCreated()
        return RemovalFacts(link, never, never, never, None, None)
    return RemovalFacts(link, at(0.1), at(3.5), NotChecked("no canary could be opened"), None, at(10))


def removals(*links: Link) -> tuple[ConfirmedRow, ...]:
    return tuple(ConfirmedRow.of(facts(link)) for link in links or (ROLE, EXTRA, APPROLE, PLANNED))


def operation() -> Operation:
    return Operation(started=START, ended=at(5), seconds=5.0004, phases=(Phase(name="confirm", seconds=3.25),))


def teardown(lease_id: str = LEASE, rows: tuple[ConfirmedRow, ...] | None = None) -> TeardownRecord:
    return TeardownRecord(
        **common(lease_id),
        operation=operation(),
        ledger=tuple(LinkRecord.of(link) for link in (ROLE, APPROLE, PLANNED)),
        removals=removals() if rows is None else rows,
        namesakes=(LinkRecord.of(NAMESAKE),),
        swept=(SweptRow(link=LinkRecord.of(EXTRA), swept_at=at(2), detail="1 policy attached by hand"),),
        waited=(
            WaitedFigure(
                system=System.AWS,
                figure="aws-iam-consistency",
                documented_seconds=None,
                deadline_seconds=60,
                waited_seconds=3.4,
                source="IAM user guide, troubleshooting",
            ),
        ),
    )


def incomplete(lease_id: str = LEASE) -> IncompleteRecord:
    waiting = RemovalFacts(
        ROLE, at(0.1), NotChecked("still there at the deadline"), NotChecked("not gone"), None, at(10)
    )
    return IncompleteRecord(
        **common(lease_id),
        operation=operation(),
        deadline=at(5),
        alive=(AliveRow(link=LinkRecord.of(ROLE), where="account 123456789012", since=at(1)),),
        ledger=(LinkRecord.of(ROLE),),
        removals=(RemovalRow.of(waiting),),
    )


def revocations(*seconds: float) -> tuple[RevocationRow, ...]:
    """One row for AWS for each duration from one common start, of a lease that has to be revoked within minutes."""
    return tuple(
        RevocationRow.of(Latency(System.AWS, "default", START, at(taken)), Revocation.MINUTES, lease().ends)
        for taken in seconds
    )


def suspension(lease_id: str = LEASE, *, change: int = 1) -> SuspensionRecord:
    unknown = Latency(System.AWS, "default", at(30), NotChecked("no session was opened before"))
    return SuspensionRecord(
        **common(lease_id),
        change=change,
        cause=Decided(approver="Ada Example", reason="INC-7", on=date(2026, 3, 1)),
        linked=(LinkRecord.of(ROLE), LinkRecord.of(APPROLE)),
        started=START,
        revoked=(LinkRecord.of(TOKEN),),
        unrevoked=(UnrevokedRow(system=System.AWS, connection="default", reason="aws does not answer"),),
        revocations=(RevocationRow.of(unknown, Revocation.MINUTES, lease().ends),),
    )


def restoration(lease_id: str = LEASE, *, change: int = 2) -> RestorationRecord:
    linked = (LinkRecord.of(ROLE), LinkRecord.of(APPROLE))
    return RestorationRecord(**common(lease_id), change=change, cause=Declared(), linked=linked, after=Kind.SUSPENSION)


def open_local(directory: Path, clock: Ticking | None = None, anchor: Anchor | None = None) -> EvidenceRecorder:
    signer = LocalSigner(directory / "keys" / "evidence-ed25519.pem")
    return EvidenceRecorder(DirectoryStore(directory), signer, anchor, clock or Ticking())


def envelope_files(directory: Path) -> list[Path]:
    return sorted(directory.glob("chains/*/*.dsse.json"))
