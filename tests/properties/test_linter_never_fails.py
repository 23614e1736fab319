"""Whatever a line or a file holds, it is answered, and never by a fault of ours."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from nhi_components.facts.files import read_text
from nhi_components.lint.lines import LineJudge
from nhi_components.rules import JudgeConfig

FIXTURES = Path(__file__).parents[1] / "fixtures" / "lint"
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
JUDGE = LineJudge(JudgeConfig())
SHAPES = [
    json.loads((FIXTURES / name).read_text()) for name in ("plan.json", "state.json", "stack.json", "preview.json")
]
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_answered_by_one_line_of_json(line: bytes) -> None:
    answer = JUDGE.answer(line, NOW)
    assert not answer.internal
    assert "\n" not in answer.text
    assert {"id", "findings"} <= json.loads(answer.text).keys()


@given(st.dictionaries(st.sampled_from(["id", "cloud", "kind", "document", "context", "x"]), PLAIN))
def test_any_object_is_answered_and_what_is_wrong_is_told(fields: dict[str, Any]) -> None:
    answer = JUDGE.answer(json.dumps(fields).encode(), NOW)
    assert not answer.internal
    answered = json.loads(answer.text)
    assert answered["id"] == fields.get("id")
    assert answered["findings"]


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    content = read_text("a.yaml", text)
    assert content.form or not content.readings


def _parts(value: Any) -> list[tuple[Any, Any]]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(value, key) for key, _ in members] + [part for _, member in members for part in _parts(member)]


@settings(max_examples=300)
@given(st.sampled_from(SHAPES), st.data())
def test_a_plan_or_stack_with_any_part_replaced_is_read(shape: dict[str, Any], data: st.DataObject) -> None:
    value = json.loads(json.dumps(shape))
    container, key = data.draw(st.sampled_from(_parts(value)))
    container[key] = data.draw(PLAIN)
    content = read_text("a.json", json.dumps(value))
    assert content.form or not content.readings
