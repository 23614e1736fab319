"""What fuzzing calls with bytes: each reader with the judge behind it, and the line protocol; it raises on a fault.

Of a document's bytes the first chooses its kind, the rest is its text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import yaml

from nhi_components.facts import DocumentKind, Facts, Platform, read_document
from nhi_components.facts.files import read_text
from nhi_components.lint.lines import LineJudge
from nhi_components.rules import Judge, JudgeConfig

NOW: Final = datetime(2026, 1, 15, tzinfo=UTC)
CASES: Final = Path(__file__).parents[1] / "cases" / "rules"
FILES: Final = Path(__file__).parents[1] / "fixtures" / "lint"
CORPUS: Final = Path(__file__).parent / "corpus"
KINDS: Final = list(DocumentKind)

_CONFIG = JudgeConfig()
_JUDGE = Judge(_CONFIG)
_LINES = LineJudge(_CONFIG)


def document(platform: Platform, data: bytes) -> None:
    """Judge a document of a platform."""
    if data:
        kind, text = KINDS[data[0] % len(KINDS)], data[1:].decode("utf-8", "replace")
        _JUDGE.find(Facts(read_document(kind, "document", text, platform=platform)), NOW)


def file(data: bytes) -> None:
    """Judge a file: a plan, a state, a stack, a preview, manifests, or whatever else it may be."""
    content = read_text("file", data.decode("utf-8", "replace"))
    for reading in content.readings:
        _JUDGE.find(Facts(reading.facts, content.surroundings), NOW)


def line(data: bytes) -> None:
    """Answer a line of the protocol."""
    answer = _LINES.answer(data.replace(b"\n", b" "), NOW)
    assert not answer.internal, answer.text
    given = json.loads(answer.text)
    assert given["findings"] or not given.get("error"), answer.text


def _of(platform: Platform) -> Callable[[bytes], None]:
    return lambda data: document(platform, data)


TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    **{platform.value: _of(platform) for platform in Platform},
    "file": file,
    "line": line,
}


def seeds(target: str) -> Iterator[bytes]:
    """Yield what a target starts from: the documents of the cases, sample files, and all that was found before."""
    yield b"{}"
    if target == "file":
        yield from (sample.read_bytes() for sample in sorted(FILES.iterdir()))
    for case in _cases():
        platform, kind = Platform(case.get("platform", "aws")), DocumentKind(case["kind"])
        given = case["document"]
        text = given if isinstance(given, str) else json.dumps(given, default=str)
        if target == "line":
            members = {
                "id": "1",
                "cloud": platform,
                "kind": kind,
                "document": given,
                "context": case.get("context", {}),
            }
            yield json.dumps(members, default=str).encode()
        elif target == "file":
            yield text.encode()
        elif target == platform or (target == "vault" and kind is DocumentKind.VAULT_POLICY):
            yield bytes([KINDS.index(kind)]) + text.encode()
    if (CORPUS / target).is_dir():
        yield from (found.read_bytes() for found in sorted((CORPUS / target).iterdir()))


class _Loader(yaml.SafeLoader):
    """YAML with `!unknown`, for which fuzzing has no bytes."""


_Loader.add_constructor("!unknown", lambda loader, node: None)


def _cases() -> Iterator[dict[str, Any]]:
    for path in sorted(CASES.glob("*.yaml")):
        cases = yaml.load(path.read_text(encoding="utf-8"), _Loader)["cases"]  # noqa: S506 - a safe loader
        yield from (case for case in cases if "document" in case)
