"""Writing a report into a folder: each file whole or not at all, and private, as it maps who can reach what."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from enum import StrEnum
from pathlib import Path

from nhi_components.lifecycle.evidence.files import private_directory, write_durably
from nhi_components.lifecycle.reporting.content import Content
from nhi_components.lifecycle.reporting.document import document
from nhi_components.lifecycle.reporting.page import page
from nhi_components.lifecycle.reporting.tables import (
    IDENTITIES,
    VERDICTS,
    as_csv,
    as_parquet,
    identity_rows,
    verdict_rows,
)


class Format(StrEnum):
    """Forms of a report."""

    HTML = "html"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


def write_report(content: Content, formats: Collection[Format], folder: Path) -> list[Path]:
    """Write a report, and give the files.

    Args:
        content: of the report.
        formats: which forms of it.
        folder: into which; made where it is missing, what is in it under the same names is replaced.

    Raises:
        EvidenceError: the folder, or a file of it, cannot be written, or others may write to the folder.
    """
    private_directory(folder)
    written = []
    for name, make in _files(content, formats):
        write_durably(folder / name, make())
        written.append(folder / name)
    return written


def _files(content: Content, formats: Collection[Format]) -> Iterator[tuple[str, Callable[[], bytes]]]:
    if Format.HTML in formats:
        yield "report.html", lambda: page(document(content))
    if Format.JSON in formats:
        yield "report.json", lambda: (json.dumps(document(content), indent=2) + "\n").encode()
    if Format.CSV in formats:
        yield "identities.csv", lambda: as_csv(list(IDENTITIES), identity_rows(content))
        yield "verdicts.csv", lambda: as_csv(list(VERDICTS), verdict_rows(content))
    if Format.PARQUET in formats:
        yield "identities.parquet", lambda: as_parquet(IDENTITIES, identity_rows(content))
        yield "verdicts.parquet", lambda: as_parquet(VERDICTS, verdict_rows(content))
