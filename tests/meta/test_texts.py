"""The project's own texts: links that lead somewhere, and nothing that only one machine knows."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)(?:#[^)]*)?\)")
MACHINE = re.compile(r"(?<![\w.}])/(?:root|home/[a-z]+|work)/[a-z.]", re.ASCII)


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=True, text=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_every_relative_link_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in tracked("*.md")
        for target in LINK.findall(page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_no_text_names_a_path_of_one_machine() -> None:
    here = Path(__file__)
    found = [
        f"{file.relative_to(ROOT)}: {match.group()}"
        for file in tracked("*.py", "*.md", "*.yaml", "*.toml", "*.json", "Makefile", ".ci/run", "*.go")
        if file != here
        for match in [MACHINE.search(file.read_text(errors="replace"))]
        if match
    ]
    assert found == []


def test_agents_md_names_what_is_there() -> None:
    text = (ROOT / "AGENTS.md").read_text()
    for target in re.findall(r"`make ([a-z-]+)", text):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target
    for folder in re.findall(r"\| `([a-z_]+/)`", text):
        assert (ROOT / "nhi_components" / folder).is_dir(), folder
