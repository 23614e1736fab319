"""What an action lets its holder do, asked by several threads at once."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from nhi_components.facts.aws import traits

TIME_LIMIT = 30


@pytest.fixture
def of_no_service_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traits, "_documented", type(traits._documented)())
    monkeypatch.setattr(traits, "traits_of", type(traits._traits)().__getitem__)


@pytest.mark.usefixtures("of_no_service_yet")
@pytest.mark.parametrize("action", ["iam:PassRole", "iam:Pass*"])
def test_who_asks_while_another_works_a_service_out_is_told_the_same(
    action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, working, answered = traits.codes_of, Event(), Event()

    def slowly(service: str) -> Mapping[str, str]:
        if not working.is_set():
            working.set()
            assert answered.wait(TIME_LIMIT)
        return read(service)

    monkeypatch.setattr(traits, "codes_of", slowly)
    with ThreadPoolExecutor(1) as other:
        first = other.submit(traits.traits_of, "iam:GetRole")
        assert working.wait(TIME_LIMIT)
        try:
            meanwhile = traits.traits_of(action)
        finally:
            answered.set()
        assert not first.result() & traits.CHANGES
    assert meanwhile & traits.PASSES_ROLE
    assert not meanwhile & traits.UNKNOWN_TO_AWS


def test_what_aws_does_not_document_is_no_endless_search() -> None:
    with pytest.raises(KeyError, match="iam:nothing"):
        traits.traits_of_all(["iam:nothing"])
