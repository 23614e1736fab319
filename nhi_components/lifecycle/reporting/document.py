"""The JSON form of a report, which is also what its page holds; docs/report.md describes it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from nhi_components.core.inventory.records import FoundCredential, FoundGrant, Use
from nhi_components.core.inventory.verdicts import ABOUT, Owasp
from nhi_components.lifecycle.inventory.latest import LastScan
from nhi_components.lifecycle.inventory.reading import Listed
from nhi_components.lifecycle.reporting.compliance import Finding, findings, frameworks
from nhi_components.lifecycle.reporting.content import Becoming, Content, EvidenceFound, Reported, Statement, Stood
from nhi_components.version import VERSION

SCHEMA: Final = "nhi-report/1"
"""Its number rises when a member changes its meaning or is gone; new members may come at any time."""


def document(content: Content) -> dict[str, Any]:
    """Write a report as JSON can hold it; times are in UTC, as ISO 8601.

    Args:
        content: of the report.
    """
    return {
        "schema": SCHEMA,
        "tool": f"nhi-components {VERSION}",
        "asOf": time_of(content.as_of),
        "scannedAt": time_of(content.scanned_at),
        "judgedAt": time_of(content.judged_at),
        "outdated": content.outdated,
        "whole": content.whole,
        "scan": _scan(content.scan),
        "unusedDays": list(content.unused_days),
        "oldCredentialDays": list(content.old_credential_days),
        "verdicts": [
            {
                "verdict": verdict,
                "meaning": about.meaning,
                "owasp": list(about.owasp),
                "checked": content.checked[verdict],
            }
            for verdict, about in ABOUT.items()
        ],
        "identities": [_identity(each) for each in content.identities],
        "holders": {
            "carriers": {
                holder: [{"carrier": each.carrier, "kind": each.kind} for each in held]
                for holder, held in content.carriers.items()
            },
            "grants": {holder: [_grant(each) for each in held] for holder, held in content.grants.items()},
        },
        "becoming": _becoming(content.becoming),
        "evidence": _evidence(content.evidence),
        "compliance": [
            {
                "id": each.id,
                "name": each.name,
                "edition": each.edition,
                "source": each.source,
                "controls": [_control(finding) for finding in findings(content, each)],
            }
            for each in frameworks()
        ],
    }


def owasp_of(reported: Reported) -> list[str]:
    """Give the risks of OWASP that an identity is an instance of."""
    found = {risk for each in reported.standing for risk in each.judged.owasp}
    return [risk for risk in Owasp if risk in found]


def time_of(at: datetime | None) -> str | None:
    """Write a moment down."""
    return at.isoformat().replace("+00:00", "Z") if at else None


def _scan(scan: LastScan | None) -> dict[str, Any] | None:
    if scan is None:
        return None
    return {
        "number": scan.number,
        "startedAt": time_of(scan.started_at),
        "endedAt": time_of(scan.ended_at),
        "complete": scan.complete,
        "unseen": [{"source": each.source, "section": each.section, "reason": each.reason} for each in scan.unseen],
    }


def _identity(each: Reported) -> dict[str, Any]:
    return {
        **_listed(each.listed),
        "foundAt": time_of(each.found_at),
        "judgement": each.judgement,
        "score": each.score,
        "owasp": owasp_of(each),
        "verdicts": [_stood(stood) for stood in each.verdicts],
        "credentials": [_credential(key) for key in each.credentials],
        "waysIn": [{"from": way.source, "how": way.how, "condition": way.condition} for way in each.ways_in],
        "dependents": [{"kind": one.kind, "name": one.name} for one in each.dependents],
        "changes": [
            {"at": time_of(one.at), "what": one.what, "before": one.before, "after": one.after} for one in each.changes
        ],
    }


def _listed(each: Listed) -> dict[str, Any]:
    return {
        "key": each.key,
        "uniqueId": each.unique_id,
        "system": each.system,
        "place": each.place,
        "kind": each.kind,
        "name": each.name,
        "lease": each.lease,
        "createdAt": time_of(each.created_at),
        **_use(each.use),
        "disabled": each.disabled,
        "guard": each.guard,
        "goneAt": time_of(each.gone_at),
        "usableCredentials": each.credentials,
        "owners": [
            {"value": own.who, "source": own.source, "presence": own.presence, "since": time_of(own.since)}
            for own in each.owned_by
        ],
        "declaredBy": [asdict(by) for by in each.declared_by],
        "said": {
            subject: [{"value": said.value, "source": said.source} for said in all_]
            for subject, all_ in sorted(each.said.items())
        },
    }


def _stood(each: Stood) -> dict[str, Any]:
    judged = each.judged
    return {
        "verdict": judged.verdict,
        "degree": judged.degree,
        "reason": judged.reason,
        "points": judged.points,
        "owasp": list(judged.owasp),
        "since": time_of(each.since),
        "clearedAt": time_of(each.cleared_at),
    }


def _credential(each: FoundCredential) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "id": each.id,
        "createdAt": time_of(each.created_at),
        "expiresAt": time_of(each.expires_at),
        "disabled": each.disabled,
        **_use(each.use),
    }


def _use(use: Use) -> dict[str, Any]:
    return {
        "lastUsedAt": time_of(use.at),
        "useWatchedSince": time_of(use.watched_since),
        "useToldUntil": time_of(use.as_of),
    }


def _grant(each: FoundGrant) -> dict[str, Any]:
    return {
        "privilege": each.privilege,
        "target": each.target,
        "denied": each.denied,
        "condition": each.condition,
        "via": each.via,
    }


def _becoming(told: Becoming) -> dict[str, Any]:
    return {
        "names": {node: list(names) for node, names in told.names.items()},
        "steps": [asdict(each) for each in told.steps],
        "ways": {node: asdict(way) for node, way in told.ways.items()},
    }


def _evidence(evidence: EvidenceFound) -> dict[str, Any]:
    return {
        "soundness": evidence.soundness,
        "refused": evidence.refused,
        "problems": list(evidence.problems),
        "notes": list(evidence.notes),
        "statements": [_statement(each) for each in evidence.statements],
        "leases": [
            {
                "lease": each.lease,
                "identity": each.identity,
                "environment": each.environment,
                "state": each.state,
                "at": time_of(each.at),
                "unchecked": list(each.unchecked),
            }
            for each in evidence.leases
        ],
    }


def _statement(each: Statement) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "at": time_of(each.at),
        "file": each.file,
        "sha256": each.digest,
        "signer": each.signer,
        "lease": each.lease,
        "identity": each.identity,
        "environment": each.environment,
        "links": each.links,
        "counts": dict(each.counts),
        "events": [{**asdict(event), "at": time_of(event.at)} for event in each.events],
    }


def _control(finding: Finding) -> dict[str, Any]:
    control = finding.control
    return {
        "id": control.id,
        "title": control.title,
        "about": control.about,
        "state": finding.state,
        "violatedBy": list(control.violated_by),
        "violating": finding.violating,
        "checked": finding.checked,
        "of": finding.of,
        "evidence": dict(finding.evidence),
        "commands": list(control.commands),
    }
