"""The report's page as people use it: with eyes, with a keyboard, with a screen reader, in the dark, on a telephone."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Open
from tests.unit.reporting.worlds import IMAGE, SCRIPT, STRANGERS
from tests.unit.verdicts.worlds import arn

CHECKS = (Path(__file__).parent / "checks.js").read_text()
SEARCH = "Search name, key, owner, place, stack"


def inventory(page: Page) -> Locator:
    return page.locator("#inventory")


def names(page: Page) -> list[str]:
    return inventory(page).locator("tbody th button").all_inner_texts()


def result(page: Page) -> Locator:
    return page.locator("#result")


def checked(page: Page) -> list[str]:
    """What is wrong with the page for those who do not see it well; see checks.js."""
    found: list[str] = page.evaluate(CHECKS)
    return found


def test_the_page_says_what_it_is_of_and_what_it_does_not_know(report: Path, open_page: Open) -> None:
    page = open_page(report)
    assert page.title() == "Non-human identities: report"
    expect(page.locator("#moment")).to_contain_text("As of 2026-11-30 12:00 UTC")
    expect(page.locator("#limits")).to_contain_text("1 section was not seen")
    page.get_by_text("Which, and why").click()
    expect(page.locator("#limits")).to_contain_text("azure/tenant applications: Graph denies Application.Read.All")
    expect(page.locator("#summary .tiles li").filter(has_text="not judged")).to_contain_text("1")


def test_names_of_strangers_are_shown_as_text(report: Path, open_page: Open) -> None:
    page = open_page(report)
    shown = names(page)
    assert {SCRIPT, IMAGE, "constructor", "__proto__", "{{7*7}}", "$policy"} <= set(shown)
    assert "orders\\u{202E}gpj.exe" in shown
    assert "two\\u{2028}lines<!--" in shown
    for name in STRANGERS:
        inventory(page).locator("tbody tr").filter(has_text="approle").nth(STRANGERS.index(name)).locator(
            "th button"
        ).click()
        expect(page.locator("#detail-title")).to_be_focused()
        page.keyboard.press("Escape")
    assert page.evaluate("window.broken") is None
    assert page.locator("main img").count() == 0


def test_a_script_that_is_not_the_pages_own_does_not_run(browser: Browser, report: Path) -> None:
    page = browser.new_context().new_page()
    page.goto(report.as_uri())
    refused: list[str] = []
    page.on("console", lambda told: refused.append(told.text))
    page.evaluate(
        """() => { const script = document.createElement("script"); script.textContent = "window.broken = 1";
        document.body.append(script); const image = document.createElement("img"); image.src = "https://example.com/x";
        document.body.append(image); }"""
    )
    page.wait_for_function("document.images.length === 1")
    assert page.evaluate("window.broken") is None
    assert any("script-src" in each for each in refused), refused
    page.context.close()


def test_search_narrows_the_inventory_and_says_how_many_are_left(report: Path, open_page: Open) -> None:
    page = open_page(report)
    expect(result(page)).to_have_text("20 of 20 identities")
    page.get_by_label(SEARCH).fill("ORG-admin")
    expect(result(page)).to_have_text("1 of 20 identities")
    assert names(page) == ["org-admin"]
    page.get_by_label(SEARCH).fill("bob@example.com")
    assert names(page) == ["deployer"]
    page.get_by_label(SEARCH).fill("nothing is called so")
    expect(result(page)).to_have_text("0 of 20 identities")
    expect(inventory(page).get_by_text("none is like that")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(result(page)).to_have_text("20 of 20 identities")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"Verdict": "unused"}, {"batch", "org-admin"}),
        ({"Verdict": "unused", "Kind": "iam-user"}, {"batch"}),
        ({"System": "kubernetes"}, {"shop/runner"}),
        ({"State": "gone"}, {"retired"}),
        ({"Risk": "unjudged"}, {"of-a-service"}),
        ({"Risk": "high"}, {"batch", "org-admin", "deployer"}),
    ],
)
def test_filters_hold_together(report: Path, open_page: Open, filters: dict[str, str], expected: set[str]) -> None:
    page = open_page(report)
    for label, value in filters.items():
        inventory(page).get_by_role("combobox", name=label, exact=True).select_option(value)
    assert set(names(page)) == expected


def test_columns_sort_both_ways_and_say_so(report: Path, open_page: Open) -> None:
    page = open_page(report)
    head = inventory(page).locator("th", has=page.get_by_role("button", name="Risk", exact=True))
    expect(head).to_have_attribute("aria-sort", "descending")
    assert names(page)[:3] == ["batch", "org-admin", "deployer"]
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert names(page)[0] == "orders-prod"
    # What was not judged has no score, and stands last both ways.
    assert names(page)[-1] == "of-a-service"
    name = inventory(page).locator("th", has=page.get_by_role("button", name="Name", exact=True))
    name.get_by_role("button").click()
    expect(name).to_have_attribute("aria-sort", "ascending")
    expect(head).to_have_attribute("aria-sort", "none")
    assert names(page) == sorted(names(page), key=str.lower)


def test_everything_works_by_keyboard(report: Path, open_page: Open) -> None:
    page = open_page(report)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the report")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.get_by_label(SEARCH).focus()
    page.keyboard.type("deployer")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#inventory tbody') !== null"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#detail")).to_be_visible()
    expect(page.locator("#detail-title")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Escape")
    expect(page.locator("#detail")).to_be_hidden()
    expect(inventory(page).get_by_role("button", name="deployer", exact=True)).to_be_focused()


def test_a_name_opens_everything_that_is_known_of_it(report: Path, open_page: Open) -> None:
    page = open_page(report)
    inventory(page).get_by_role("button", name="batch", exact=True).click()
    detail = page.locator("#detail")
    for told in ("AKIAEXAMPLEONE", "over-privileged wildcard", "NHI5:2025", "s3:*", "identity-disabled", "disabled"):
        expect(detail).to_contain_text(told)
    verdicts = detail.get_by_role("table").first
    expect(verdicts.locator("tbody tr").first).to_contain_text("+25")
    page.get_by_role("button", name="Close").click()
    inventory(page).get_by_role("button", name="of-a-service", exact=True).click()
    expect(detail).to_contain_text("it is not judged")
    expect(detail).not_to_contain_text("nothing was found")


def test_an_address_with_an_identity_opens_it(report: Path, open_page: Open) -> None:
    page = open_page(report, f"#identity={quote(arn('ci'), safe='')}")
    expect(page.locator("#detail-title")).to_have_text("ci")
    expect(page.locator("#detail")).to_contain_text("ann@example.com")


def test_the_picture_shows_the_way_to_an_administrator_and_the_tables_tell_it_too(
    report: Path, open_page: Open
) -> None:
    page = open_page(report)
    graph = page.locator("#becoming")
    assert graph.locator("svg a text:first-of-type").all_text_contents() == ["ci", "deployer", "org-admin"]
    assert graph.locator("svg path.edge.way").count() == 2
    assert graph.locator("svg a.admin rect").count() == 2
    assert graph.locator("ol.way > li bdi").all_inner_texts()[::2] == ["ci", "deployer", "org-admin"]
    node = graph.locator("svg a", has_text="deployer")
    expect(node).to_have_attribute("aria-label", "deployer, aws iam-role")
    node.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#picked")).to_contain_text("deployer")
    into = graph.get_by_role("table", name="Who may become it")
    expect(into.locator("tbody tr")).to_have_count(1)
    expect(into).to_contain_text("assume")
    graph.get_by_label("Look at an identity").fill("auditor")
    graph.locator(".matches").get_by_role("button", name="auditor").click()
    expect(graph).to_contain_text("No way to an administrator was found among what was seen")


def test_many_who_share_a_way_are_all_told_though_few_are_drawn(crowded_report: Path, open_page: Open) -> None:
    page = open_page(crowded_report)
    graph = page.locator("#becoming")
    look = graph.get_by_label("Look at an identity")
    look.fill("role/admin")
    look.press("Enter")
    expect(page.locator("#picked")).to_be_focused()
    expect(graph.locator("svg")).to_contain_text("and 5 more, in the table")
    into = graph.get_by_role("table", name="Who may become it")
    expect(into.locator("tbody tr")).to_have_count(10)
    expect(into).to_contain_text("as 12 identities may, by what they share")
    graph.get_by_role("button", name="Next page").first.click()
    expect(into.locator("tbody tr").last).to_contain_text("hangs on a condition")
    assert graph.locator("svg path.edge:not(.doubtful)").count() + graph.locator("svg path.doubtful").count() == 8
    expect(graph).to_contain_text("It is an administrator, or as good as one, itself.")


def test_a_control_leads_to_who_violates_it_and_to_its_evidence(report: Path, open_page: Open) -> None:
    page = open_page(report)
    compliance = page.locator("#compliance")
    row = compliance.get_by_role("row").filter(has_text="NHI7:2025")
    row.get_by_role("button", name="1 identity").click()
    assert names(page) == ["batch"]
    expect(result(page)).to_be_focused()
    expect(inventory(page)).to_contain_text("Only: NHI7:2025: endless, old-credential")
    offboarding = compliance.get_by_role("row").filter(has_text="NHI1:2025")
    offboarding.get_by_role("button", name="1 teardown", exact=True).click()
    statements = page.locator("#evidence").get_by_role("table", name="Statements, newest first")
    expect(statements.locator("tbody tr")).to_have_count(1)
    expect(compliance.get_by_role("row").filter(has_text="NHI10:2025")).to_contain_text("not checked")
    assert "compliant" not in page.locator("body").inner_text().lower()


def test_ages_lead_to_whom_they_are_about(report: Path, open_page: Open) -> None:
    page = open_page(report)
    uses = page.get_by_role("table", name="Identities by days since their last use")
    expect(uses.get_by_role("row").filter(has_text="uses not told by its system")).to_contain_text("14")
    uses.get_by_role("button", name="90 days or more").click()
    assert set(names(page)) == {"batch", "org-admin"}


def test_the_timeline_tells_what_happened_when(report: Path, open_page: Open) -> None:
    page = open_page(report)
    timeline = page.locator("#timeline")
    assert timeline.locator("svg rect.bar").count() >= 5
    timeline.get_by_role("combobox", name="Show", exact=True).select_option("gone")
    rows = timeline.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("2026-11-30 00:00")
    expect(rows).to_contain_text("retired")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_people_out(report: Path, open_page: Open, scheme: str) -> None:
    page = open_page(report, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert checked(page) == []
    inventory(page).get_by_role("button", name="batch", exact=True).click()
    assert checked(page) == []


def test_the_checks_themselves_find_what_is_wrong(report: Path, open_page: Open) -> None:
    page = open_page(report)
    page.evaluate(
        """() => { const add = (tag, attributes, text) => { const node = document.createElement(tag);
        for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
        node.textContent = text; document.getElementById("foot").append(node); return node; };
        add("input", {id: "summary"}, ""); add("button", {}, ""); add("h5", {}, "too deep");
        add("p", {}, "pale").style.color = "#999a9b"; add("p", {"aria-labelledby": "nowhere"}, "x");
        add("p", {role: "magic"}, "x"); document.querySelector("#inventory thead th").removeAttribute("scope"); }"""
    )
    found = " ".join(checked(page))
    for told in ("no label", "no name", "skips", "contrast", "nowhere", "magic", "scope", "twice"):
        assert told in found, (told, found)


def test_the_theme_follows_the_system_until_it_is_chosen(report: Path, open_page: Open) -> None:
    page = open_page(report, color_scheme="dark")
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    theme = page.locator("#theme")
    theme.click()
    expect(theme).to_have_text("Theme: light")
    light = page.evaluate(background)
    assert light != dark
    theme.click()
    expect(theme).to_have_text("Theme: dark")
    assert page.evaluate(background) == dark
    theme.click()
    expect(theme).to_have_text("Theme: as the system")
    page.emulate_media(color_scheme="light")
    assert page.evaluate(background) == light


def test_nothing_moves_for_those_who_asked_for_that(report: Path, open_page: Open) -> None:
    behaviour = "getComputedStyle(document.documentElement).scrollBehavior"
    assert open_page(report).evaluate(behaviour) == "auto"
    assert open_page(report, reduced_motion="no-preference").evaluate(behaviour) == "smooth"


@pytest.mark.parametrize("width", [320, 400, 800])
def test_a_narrow_window_needs_no_scrolling_sideways(report: Path, open_page: Open, width: int) -> None:
    page = open_page(report, viewport={"width": width, "height": 800})
    expect(inventory(page).get_by_role("rowheader").first).to_contain_text("batch")
    page.locator("#inventory").get_by_role("button", name="Name", exact=True).click()
    assert names(page) == sorted(names(page), key=str.lower)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    inventory(page).get_by_role("button", name="batch", exact=True).click()
    expect(page.locator("#detail")).to_be_visible()
    assert page.evaluate("document.getElementById('detail').scrollWidth") <= width


def test_on_paper_only_what_can_be_read_is_printed(report: Path, open_page: Open) -> None:
    page = open_page(report, color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("nav")).to_be_hidden()
    expect(page.locator("#theme")).to_be_hidden()
    expect(inventory(page).get_by_role("table")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('section')).backgroundColor") == "rgb(255, 255, 255)"
    assert len(page.pdf()) > 10_000


def test_of_five_thousand_identities_no_more_than_a_page_stands_in_the_document(
    large_report: Path, open_page: Open
) -> None:
    page = open_page(large_report)
    expect(result(page)).to_have_text("5,000 of 5,000 identities")
    stand = page.evaluate("document.getElementsByTagName('*').length")
    rows: list[int] = page.evaluate(
        """() => { const rows = []; const shown = document.querySelector("#inventory tbody").rows;
        const search = document.querySelector("#inventory input[type=search]");
        const counting = act => { act(); rows.push(shown.length); };
        const seek = text => counting(() => { search.value = text; search.dispatchEvent(new Event("input")); });
        const press = button => counting(() => button.click());
        seek("role-49"); seek("");
        press(document.querySelector("#inventory thead button"));
        press(document.querySelector("#inventory button[aria-label='Last page']"));
        press(document.querySelector("#inventory tbody th button")); return rows; }"""
    )
    assert rows == [25] * 5
    assert page.evaluate("document.getElementsByTagName('*').length") < 2 * stand
    expect(page.locator("#detail-title")).to_be_focused()
