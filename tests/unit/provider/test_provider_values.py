"""Between the engine's property values and plain Python values, there and back."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.provider.experimental.property_value import Computed, PropertyValue

from nhi_components.provider.known import UNKNOWN, contains_unknown, structured
from nhi_components.provider.values import plain, plain_map, property_map, property_value

OF_THE_ENGINE = {
    "UnknownBoolValue": "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "UnknownNumberValue": "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "UnknownArrayValue": "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "UnknownObjectValue": "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}


@pytest.mark.parametrize(
    "value", [None, True, False, "text", "", 0, 7, 2.5, [], ["a", 1, None], {}, {"a": {"b": [True, {"c": "d"}]}}]
)
def test_a_plain_value_survives_the_way_there_and_back(value: Any) -> None:
    back = plain(property_value(value))
    assert back == value
    assert type(back) is type(value)


def test_whole_numbers_become_integers() -> None:
    assert plain(PropertyValue(30.0)) == 30
    assert isinstance(plain(PropertyValue(30.0)), int)


@pytest.mark.parametrize("kind", ["UnknownBoolValue", "UnknownNumberValue", "UnknownArrayValue", "UnknownObjectValue"])
def test_what_the_engine_writes_for_an_unknown_value_of_a_type_is_unknown(kind: str) -> None:
    assert plain(PropertyValue(OF_THE_ENGINE[kind])) is UNKNOWN
    assert contains_unknown(plain_map({"links": PropertyValue(OF_THE_ENGINE[kind])}))


def test_what_is_unknown_stays_unknown() -> None:
    assert plain(PropertyValue(Computed())) is UNKNOWN
    written = property_map({"a": UNKNOWN})
    sent = PropertyValue.marshal_map(written)
    assert plain(PropertyValue.unmarshal_map(sent)["a"]) is UNKNOWN
    assert contains_unknown({"a": ["b", {"c": UNKNOWN}]})
    assert not contains_unknown({"a": ["b", {"c": None}]})
    assert "unknown" in repr(UNKNOWN)


def test_the_engines_own_keys_and_absent_values_are_left_out() -> None:
    assert plain_map({"__internal": PropertyValue({}), "a": PropertyValue("b")}) == {"a": "b"}
    assert set(property_map({"a": None, "b": False})) == {"b"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ("[1]", [1]),
        ("plain", "plain"),
        ("", ""),
        ("{no json", "{no json"),
        (3, 3),
        ({"a": 1}, {"a": 1}),
    ],
)
def test_a_setting_may_come_as_json_text(text: Any, value: Any) -> None:
    assert structured(text) == value
