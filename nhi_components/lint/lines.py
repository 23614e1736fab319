"""The line protocol: one document a line in, one answer a line out, in order, whatever a line holds."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from nhi_components.core.findings import Finding, Severity
from nhi_components.facts import DocumentKind, Fact, Facts, Platform, Resource, Unjudged, read_document
from nhi_components.facts.values import MalformedJson, kind_of, parse_json
from nhi_components.lint.guard import INTERNAL, guarded
from nhi_components.lint.spellings import kind_called, platform_called
from nhi_components.lint.texts import data_of_text
from nhi_components.reports.classes import class_of
from nhi_components.rules import Judge, JudgeConfig, RuleClass

_LINE = "line"
_OBJECT: Final = '{"id", "cloud", "kind", "document", "context"?}'
_FIX: Final = f"write one JSON object a line: {_OBJECT}"
_ID = re.compile(
    r'\s*\{\s*"id"\s*:\s*("(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"|-?(?:0|[1-9]\d{0,30}))(?=\s*[,}])', re.ASCII
)
_ALONE_ON_ITS_PLATFORM: Final = {
    DocumentKind.VAULT_POLICY: Platform.VAULT,
    DocumentKind.KUBERNETES_ROLE: Platform.KUBERNETES,
}
_encode = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Answer:
    """What one line is answered.

    Attributes:
        text: the answer, one line of JSON without its end.
        findings: what was found; those of a line that could not be judged are not among them.
        error: why the line could not be judged as it is; empty when it was.
        internal: the fault is ours.
    """

    text: str
    findings: tuple[Finding, ...] = ()
    error: str = ""
    internal: bool = False


class LineJudge:
    """Answers lines under one configuration."""

    def __init__(self, config: JudgeConfig) -> None:
        self._config = config
        self._judge = Judge(config)

    def answer(self, line: bytes, now: datetime) -> Answer:
        """Answer one line; nothing that a line holds makes this raise.

        Args:
            line: UTF-8, without its end.
            now: this moment (aware).
        """
        return guarded(lambda: self._answer(line, now), lambda: _internal_error(line))

    def _answer(self, line: bytes, now: datetime) -> Answer:
        try:
            given = parse_json(line.decode("utf-8-sig"))
        except UnicodeDecodeError:
            return self._refused(_id_of(line), "the line is not UTF-8", now)
        except MalformedJson as error:
            return self._refused(
                _id_of(line), f"the line cannot be read: {error}" if line.strip() else "an empty line", now
            )
        if not isinstance(given, dict):
            return self._refused(None, f"the line holds {kind_of(given)}, not an object", now)
        name, document = given.get("id"), given.get("document")
        platform, kind, context, errors = _address(given)
        if document is None:
            errors.append("`document` is missing")
        elif not isinstance(document, str | dict | list):
            errors.append(f"`document` is {kind_of(document)}")
        if platform is None or kind is None or document is None:
            return self._refused(name, "; ".join(errors), now)
        resource = name if isinstance(name, str) and name else _LINE
        if isinstance(document, str):
            document = data_of_text(document, platform)
        facts: tuple[Fact, ...] = read_document(kind, resource, document, context, platform)
        if errors:
            facts = (*facts, _unjudged(resource, "; ".join(errors)))
        return self._judged(name, facts, "; ".join(errors), now)

    def _refused(self, name: object, error: str, now: datetime) -> Answer:
        resource = name if isinstance(name, str) and name else _LINE
        return self._judged(name, (_unjudged(resource, error),), error, now)

    def _judged(self, name: object, facts: tuple[Fact, ...], error: str, now: datetime) -> Answer:
        findings = self._judge.find(Facts(facts), now)
        if findings and self._config.exceptions:
            from nhi_components.core.rule_exception import excuse

            findings = list(excuse(findings, self._config.exceptions, now).findings)
        answer: dict[str, Any] = {"id": name, "findings": [_written(finding) for finding in findings]}
        if error:
            answer["error"] = error
        return Answer(_encode(answer), tuple(findings), error)


def _address(given: Mapping[str, Any]) -> tuple[Platform | None, DocumentKind | None, Mapping[str, Any], list[str]]:
    errors: list[str] = []
    kind, cloud, context = kind_called(given.get("kind")), given.get("cloud"), given.get("context")
    if kind is None:
        errors.append(f"`kind` is none of {', '.join(DocumentKind)}")
    platform = platform_called(cloud)
    if platform is None and cloud is None and kind is not None:
        platform = _ALONE_ON_ITS_PLATFORM.get(kind)
    if platform is None:
        errors.append(f"`cloud` is none of {', '.join(Platform)}")
    if context is None:
        context = {}
    elif not isinstance(context, dict):
        errors.append(f"`context` is {kind_of(context)}, not an object")
        context = {}
    return platform, kind, context, errors


def _unjudged(name: str, error: str) -> Unjudged:
    return Unjudged(Resource(name, "document"), _LINE, error, _OBJECT, _FIX)


def _written(finding: Finding) -> dict[str, str]:
    place = f"{finding.path}: " if finding.path else ""
    return {
        "rule": finding.rule,
        "class": class_of(finding.rule),
        "severity": finding.severity,
        "message": f"{place}{finding.got}; expected {finding.expected}",
    }


def _id_of(line: bytes) -> object:
    """Find the id in a line that cannot be read as a whole."""
    text = line.decode("utf-8-sig", "replace")
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        found = _ID.match(text)
        return json.loads(found[1], strict=False) if found else None
    return given.get("id") if isinstance(given, dict) else None


def _internal_error(line: bytes) -> Answer:
    finding = {
        "rule": "document.unjudged",
        "class": RuleClass.UNJUDGED,
        "severity": Severity.HIGH,
        "message": INTERNAL,
    }
    try:
        text = _encode({"id": _id_of(line), "findings": [finding], "error": INTERNAL})
    except (ValueError, RecursionError):
        text = _encode({"id": None, "findings": [finding], "error": INTERNAL})
    return Answer(text, error=INTERNAL, internal=True)
