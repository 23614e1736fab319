"""What a team sets about verdicts, and how wrong settings are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from nhi_components.core.errors import SpecError
from nhi_components.core.inventory.risk import risks_of
from nhi_components.core.inventory.verdicts import ABOUT, Judged, Owasp, Verdict
from nhi_components.core.links import System
from nhi_components.lifecycle.verdicts.settings import STANDARD, read_settings

ROOT = Path(__file__).parents[3]


def written(folder: Path, text: str) -> Path:
    file = folder / "settings.yaml"
    file.write_text(text)
    return file


def test_the_file_shown_in_the_documentation_is_read(tmp_path: Path) -> None:
    shown = (ROOT / "docs/risk.md").read_text().split("```yaml\n")[1].split("```")[0]
    read = read_settings(written(tmp_path, shown))
    assert read.unused == STANDARD.unused
    assert read.old_credential == {30: 10, 90: 20}
    assert (read.weights.shadow, read.weights.duplicate, read.weights.path) == (30, 0, STANDARD.weights.path)
    assert set(read.conflicts) == {"releases"}
    assert read.conflicts["releases"].one == {System.AWS: ("codepipeline:putapprovalresult",)}


def test_without_a_file_the_standard_holds() -> None:
    assert read_settings(None) is STANDARD


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("unused: {30: 20, 60: 10}", ["unused", "do not fall"]),
        ("unused: {}", ["unused"]),
        (
            "unused: {0: 5}\nweights: {shadow: 101, path: -1}\nelse: 1",
            ["unused", "weights.shadow", "weights.path", "else"],
        ),
        ("conflicts: {x: {one: {azurr: [a]}, other: {}, why: ''}}", ["conflicts.x.one", "conflicts.x.why"]),
        ("- 1", ["(whole)"]),
        ("a: b: c", ["(whole)"]),
        ("", ["(whole)"]),
    ],
)
def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path, text: str, told: list[str]) -> None:
    with pytest.raises(SpecError) as refused:
        read_settings(written(tmp_path, text))
    for each in told:
        assert each in str(refused.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="No such file"):
        read_settings(tmp_path / "none.yaml")


def judged(verdict: Verdict, points: int, key: str = "a", degree: str = "") -> Judged:
    return Judged(key, f"{key}-id", verdict, degree, "why", points)


def test_a_score_is_the_sum_of_its_points_and_ends_at_a_hundred() -> None:
    low, high = judged(Verdict.UNOWNED, 15, "low"), judged(Verdict.UNUSED, 20, "low", "90")
    risks = risks_of([low, *(judged(Verdict.OVER_PRIVILEGED, 40, "high", str(each)) for each in range(3)), high])
    assert [(risk.key, risk.score) for risk in risks] == [("high", 100), ("low", 35)]
    assert risks[1].verdicts == (high, low)
    assert risks[1].owasp == (Owasp.IMPROPER_OFFBOARDING,)


def test_identities_that_share_a_key_have_scores_of_their_own() -> None:
    one, other = judged(Verdict.UNOWNED, 15), Judged("a", "other", Verdict.UNOWNED, "", "why", 15)
    assert [risk.score for risk in risks_of([one, other])] == [15, 15]


def test_every_verdict_has_a_meaning_and_a_risk() -> None:
    assert set(ABOUT) == set(Verdict)
    assert all(about.meaning and about.owasp for about in ABOUT.values())


def test_the_documentation_tells_every_verdict_with_its_risks() -> None:
    rows = [line.split(" | ") for line in (ROOT / "docs/risk.md").read_text().splitlines() if line.startswith("| `")]
    told = {cells[0].strip("| `"): cells[-1].strip(" |") for cells in rows}
    assert told == {
        verdict: ", ".join(risk.removesuffix(":2025") for risk in ABOUT[verdict].owasp) for verdict in Verdict
    }
