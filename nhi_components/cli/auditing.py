"""What the commands have in common that tell the audit trail what they did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from nhi_components.lifecycle.audit.recording import AuditLog
    from nhi_components.lifecycle.evidence.audit_events import AuditEvent, Named
    from nhi_components.lifecycle.evidence.parts import Known, Unknown
    from nhi_components.lifecycle.inventory.store import SectionProgress


def audit_log(connections: Path | None = None) -> AuditLog:
    """Open the audit trail, as NHI_EVIDENCE_DIR and its like say.

    Args:
        connections: the file with the connections; a signer or an anchor in Vault is reached through its default one.

    Raises:
        NhiError: the signer's key cannot be had.
    """
    from nhi_components.cli.connections import read_connections
    from nhi_components.lifecycle.audit.recording import AuditLog
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.provider.recorder import recorder_of

    return AuditLog(recorder_of(read_connections(connections), system_clock))


def operator(environment: Mapping[str, str]) -> Known | Unknown:
    """Tell who runs the command: the user of the CI job, else the user of this machine.

    Args:
        environment: the process's.
    """
    import getpass

    from nhi_components.lifecycle.evidence.parts import stated
    from nhi_components.provider.settings import APPROVER_VARIABLES

    of_job = (environment[name] for name in APPROVER_VARIABLES if name != "NHI_APPROVER" and environment.get(name))
    try:
        return stated(next(of_job, None) or getpass.getuser(), "the user of this machine has no name")
    except (KeyError, OSError):
        return stated(None, "the user of this machine has no name")


def scan_ended(
    sections: Sequence[SectionProgress],
    unreachable: Mapping[str, str],
    environment: Mapping[str, str],
    more: Mapping[str, Any],
) -> AuditEvent:
    """Tell that a scan has ended, of everything or of what had changed, and what of it was not seen.

    Args:
        sections: how far each was read.
        unreachable: what could not be reached at all, and why.
        environment: the process's.
        more: which scan it was.
    """
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.lifecycle.evidence.audit_events import AuditEvent, EventType, Outcome, details_of
    from nhi_components.lifecycle.evidence.parts import stated
    from nhi_components.lifecycle.inventory.store import SectionState

    unseen = [each for each in sections if each.state is not SectionState.READ]
    facts = {
        **more,
        "sources": sorted({each.source for each in sections}),
        "sections": len(sections),
        "records": sum(each.records for each in sections),
        "unreachable": dict(unreachable),
        "unseen": [f"{each.source} {each.section}: {each.reason}" for each in unseen],
    }
    many = len(unseen) + len(unreachable)
    return AuditEvent(
        type=EventType.SCAN_ENDED,
        at=system_clock(),
        actor=operator(environment),
        outcome=Outcome.FAILURE if many else Outcome.SUCCESS,
        reason=stated(f"{many} sections or connections could not be seen" if many else None, "none is asked for"),
        detail=details_of(facts),
    )


def identity_adopted(
    adopted: Named, approvers: Sequence[str], program: Path, environment: Mapping[str, str]
) -> AuditEvent:
    """Tell that a program is written that takes an identity over.

    Args:
        adopted: the identity.
        approvers: who approved that it exists.
        program: the project's folder.
        environment: the process's.
    """
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.lifecycle.evidence.audit_events import AuditedIdentity, AuditEvent, EventType, details_of
    from nhi_components.lifecycle.evidence.parts import stated

    return AuditEvent(
        type=EventType.IDENTITY_ADOPTED,
        at=system_clock(),
        identity=AuditedIdentity.of(adopted),
        actor=operator(environment),
        approver=stated(", ".join(approvers) or None, "nobody was named"),
        detail=details_of({"program": str(program)}),
    )


def inventory_exported(formats: Sequence[str], identities: int, environment: Mapping[str, str]) -> AuditEvent:
    """Tell that the inventory is written where others may read it.

    Args:
        formats: in which forms.
        identities: how many.
        environment: the process's.
    """
    from nhi_components.lifecycle.clock import system_clock
    from nhi_components.lifecycle.evidence.audit_events import AuditEvent, EventType, details_of

    return AuditEvent(
        type=EventType.INVENTORY_EXPORTED,
        at=system_clock(),
        actor=operator(environment),
        detail=details_of({"formats": list(formats), "identities": identities}),
    )
