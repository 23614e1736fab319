"""What `nhi new` writes for a grant by a word is a call that the system's package takes, and grants what was judged."""

from __future__ import annotations

from importlib import import_module

import pytest

from nhi_components.core.links import System
from nhi_components.scaffold.blueprints import INTENTS
from nhi_components.scaffold.granting import call_of, example_of, takes_a_word


@pytest.mark.parametrize("system", INTENTS, ids=str)
def test_each_intent_that_one_word_says_is_called_as_its_function_takes_it(system: System) -> None:
    intents = import_module(f"nhi_components.{system}.intents")
    said = [intent for intent in INTENTS[system].values() if takes_a_word(system, intent)]
    for intent in said:
        name, _, target = example_of(system, intent).partition("=")
        assert name == intent.id
        call = call_of(system, intent, target)
        assert eval(f"intents.{call.source}", {"intents": intents}) == call.grants()  # noqa: S307 - our own text
    others = {intent.id for intent in INTENTS[system].values()} - {intent.id for intent in said}
    assert others == ({"cloudwatch.put_metrics"} if system is System.AWS else set())
