"""A real browser, and pages in it: an error of a script, a word on the console or a request fails the test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from nhi_components.lifecycle.reporting.content import Content
from nhi_components.lifecycle.reporting.writing import Format, write_report
from tests.unit.reporting.worlds import crowd, many, reported
from tools.lab import browser as lab_browser

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Chromium's own sandbox refuses to run as root, and these pages are ours.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=lab_browser.ensure(), args=arguments)
        yield started
        started.close()


def _written(content: Content, folder: Path) -> Path:
    (file,) = write_report(content, [Format.HTML], folder)
    return file


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page on the organisation."""
    folder = tmp_path_factory.mktemp("report")
    return _written(reported(folder), folder / "out")


@pytest.fixture(scope="session")
def crowded_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page on many who may become one."""
    folder = tmp_path_factory.mktemp("crowd")
    return _written(crowd(folder), folder / "out")


@pytest.fixture(scope="session")
def large_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page on 5,000 identities."""
    folder = tmp_path_factory.mktemp("large")
    return _written(many(folder, 5000), folder / "out")


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """`open_page(file, color_scheme="dark")`: a file in a new window; it fails at the end for what went wrong in it."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def run(file: Path, fragment: str = "", **options: Any) -> Page:
        known = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
        context = browser.new_context(**(known | options))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("console", lambda told: wrong.append(f"console: {told.text}"))
        page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
        page.on("request", lambda asked: wrong.append(f"request: {asked.url}") if _is_of_others(asked.url) else None)

        def _is_of_others(url: str) -> bool:
            return url.partition("#")[0] != file.as_uri()

        page.goto(file.as_uri() + fragment)
        return page

    yield run
    for context in contexts:
        context.close()
    assert wrong == []
