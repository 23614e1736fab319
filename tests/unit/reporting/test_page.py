"""The page as a file: nothing of it can be ended or run by a name, and its colours can be read."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from importlib import resources
from itertools import product

import pytest

from nhi_components.lifecycle.reporting import page as page_module
from nhi_components.lifecycle.reporting.content import Content
from nhi_components.lifecycle.reporting.document import document
from nhi_components.lifecycle.reporting.page import SCRIPTS, embedded, page
from tests.unit.reporting.worlds import STRANGERS

ASSETS = resources.files(page_module.__package__ or "") / "assets"
CSS = (ASSETS / "page.css").read_text()
COLOURS = {
    name: {"light": light, "dark": dark}
    for name, light, dark in re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", CSS)
}
TEXT = [
    *product(("ink", "soft", "accent"), ("card", "ground")),
    ("on-accent", "accent"),
    *((tone, f"{tone}-ground") for tone in ("high", "medium", "low", "unknown")),
    ("ink", "unknown-ground"),
    ("soft", "unknown-ground"),
    ("ink", "high-ground"),
    ("soft", "high-ground"),
]
"""Text on what it stands on: 4.5 to 1 (WCAG 2.2, 1.4.3)."""
EDGES = [("edge", "card"), ("accent", "card"), ("bar", "card"), ("high", "card"), ("high", "high-ground")]
"""What has to be seen to use or read the page: 3 to 1 (WCAG 2.2, 1.4.11)."""


class _Parts(HTMLParser):
    """Collects the elements of a page, and the texts of its scripts and styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")
        self.inside = True

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.texts[-1] += data

    def one(self, tag: str, **attributes: str) -> str:
        (text,) = (
            text
            for (name, has), text in zip(self.elements, self.texts, strict=True)
            if name == tag and all(has.get(key) == value for key, value in attributes.items())
        )
        return text


def parsed(content: Content) -> _Parts:
    parts = _Parts()
    parts.feed(page(document(content)).decode())
    return parts


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(TEXT, 4.5), (EDGES, 3.0)])
def test_colours_stand_out_from_what_they_are_on(theme: str, pairs: list[tuple[str, str]], least: float) -> None:
    low = {
        (text, on): round(contrast(COLOURS[text][theme], COLOURS[on][theme]), 2)
        for text, on in pairs
        if contrast(COLOURS[text][theme], COLOURS[on][theme]) < least
    }
    assert low == {}


def test_colours_are_only_named_where_both_themes_are() -> None:
    rules = CSS[CSS.index(":root[data-theme") :]
    assert re.findall(r"#[0-9a-f]{3,8}\b", rules) == []


def test_the_policy_lets_only_the_pages_own_style_and_script_run(content: Content) -> None:
    parts = parsed(content)
    (policy,) = (
        has["content"] or ""
        for tag, has in parts.elements
        if tag == "meta" and has.get("http-equiv") == "Content-Security-Policy"
    )
    rules = {name: value for name, _, value in (rule.strip().partition(" ") for rule in policy.split(";"))}
    scripts = [has for tag, has in parts.elements if tag == "script"]
    assert [each.get("type") for each in scripts] == ["application/json", None]
    (script,) = (
        text
        for (tag, has), text in zip(parts.elements, parts.texts, strict=True)
        if tag == "script" and "type" not in has
    )

    def digest(text: str) -> str:
        return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"

    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == digest(script)
    assert rules["style-src"] == digest(parts.one("style"))
    assert {"base-uri", "form-action"} <= set(rules)


def test_names_of_strangers_neither_end_the_data_nor_become_elements(content: Content) -> None:
    raw = page(document(content)).decode()
    assert "window.broken" in raw
    assert "<script>window.broken" not in raw
    assert "\u2028" not in raw
    parts = parsed(content)
    assert not [tag for tag, _ in parts.elements if tag == "img"]
    told = json.loads(parts.one("script", type="application/json"))
    assert set(STRANGERS) <= {each["name"] for each in told["identities"]}


@pytest.mark.parametrize("text", ["</script>", "<!--", "\u2028\u2029", "&lt;", "\ud800", "\x00"])
def test_no_text_can_leave_the_element_it_is_embedded_in(text: str) -> None:
    written = embedded({text: text})
    assert not re.search(r"[<>&\u2028\u2029]|[^\x20-\x7e]", written)
    assert json.loads(written) == {text: text}


def test_the_page_refers_to_nothing_that_would_be_loaded(content: Content) -> None:
    parts = parsed(content)
    loading = [has for tag, has in parts.elements if tag in {"link", "img", "iframe", "object", "embed", "audio"}]
    assert loading == []
    assert not [has for _, has in parts.elements if has.get("src")]
    assert "url(" not in CSS
    assert "@import" not in CSS


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_script_puts_nothing_on_the_page_but_text(name: str) -> None:
    script = (ASSETS / f"{name}.js").read_text()
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|fetch\(|XMLHttpRequest"
    assert re.findall(forbidden, script) == []
