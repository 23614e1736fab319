"""Folders of the cache are whole or absent, made once, and remade when they were damaged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.lab import cache


def _fill(draft: Path) -> None:
    (draft / "bin").mkdir()
    (draft / "bin" / "program").write_text("whole")


def test_a_published_folder_is_made_once(tmp_path: Path) -> None:
    made = []

    def build(draft: Path) -> None:
        made.append(draft)
        _fill(draft)

    target = tmp_path / "part"
    assert cache.publish(target, build) == target
    cache.publish(target, build)
    assert (target / "bin" / "program").read_text() == "whole"
    assert len(made) == 1
    assert made[0] != target


def test_a_build_that_fails_publishes_nothing_and_the_next_one_succeeds(tmp_path: Path) -> None:
    target = tmp_path / "part"

    def fail(draft: Path) -> None:
        (draft / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.publish(target, fail)
    assert list(tmp_path.iterdir()) == []
    cache.publish(target, _fill)
    assert cache.intact(target)


def test_a_half_written_part_of_a_killed_run_is_made_anew(tmp_path: Path) -> None:
    target = tmp_path / "part"
    program = (
        "import os, pathlib, signal, sys\n"
        "from tools.lab import cache\n"
        "def build(draft):\n"
        "    (draft / 'half').touch()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "cache.publish(pathlib.Path(sys.argv[1]), build)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(target)], check=False).returncode == -9
    assert list(tmp_path.iterdir()) != []
    assert not cache.intact(target)
    cache.publish(target, _fill)
    assert not (target / "half").exists()
    assert [entry.name for entry in tmp_path.iterdir()] == ["part"]


@pytest.mark.parametrize("damage", ["content", "size", "missing", "manifest"])
def test_a_damaged_folder_is_not_intact_and_is_remade(tmp_path: Path, damage: str) -> None:
    target = cache.publish(tmp_path / "part", _fill)
    program = target / "bin" / "program"
    match damage:
        case "content":
            program.write_text("wrong")
        case "size":
            program.write_text("longer than it was")
        case "missing":
            program.unlink()
        case "manifest":
            (target / cache.MANIFEST).write_text("{")
    assert not cache.intact(target)
    cache.publish(target, _fill)
    assert program.read_text() == "whole"


def test_a_file_that_was_only_touched_is_intact(tmp_path: Path) -> None:
    target = cache.publish(tmp_path / "part", _fill)
    os.utime(target / "bin" / "program", (1, 1))
    assert cache.intact(target)


def test_the_key_depends_on_values_names_and_contents_but_not_on_the_place(tmp_path: Path) -> None:
    def key(place: str, *, name: str = "main.go", text: str = "package main", version: str = "1") -> str:
        base = tmp_path / place
        base.mkdir(exist_ok=True)
        (base / name).write_text(text)
        return cache.digest({"version": version}, [base / name], base)

    same = key("here")
    assert key("there") == same
    others = {key("here", text="package other"), key("here", name="other.go"), key("here", version="2")}
    assert same not in others
    assert len(others) == 3


def test_two_processes_take_turns(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys, time\n"
        "from tools.lab import cache\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "with cache.exclusive(folder / 'lock', 'a test'):\n"
        "    inside = folder / 'inside'\n"
        "    inside.touch(exist_ok=False)\n"
        "    time.sleep(0.5)\n"
        "    inside.unlink()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    runs = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [run.communicate(timeout=60)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], told
    assert sum("another run is at it" in text for text in told) == 1


def test_the_cache_is_where_the_user_wants_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(cache.CACHE_VARIABLE, str(tmp_path))
    assert cache.root() == tmp_path
    monkeypatch.delenv(cache.CACHE_VARIABLE)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache.root().is_relative_to(tmp_path)
