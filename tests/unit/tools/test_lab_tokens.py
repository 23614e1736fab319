"""The plugins built here serve the tokens of the SDKs that programs use."""

from __future__ import annotations

import pytest

from tools.lab.engine.parts import SOURCES
from tools.lab.engine.tokens import collect


@pytest.mark.parametrize(("package", "needed"), [("vault", "vault:index/policy:Policy"), ("aws", "aws:iam/role:Role")])
def test_tokens_are_those_of_the_installed_sdk(package: str, needed: str) -> None:
    tokens = (SOURCES / package / "tokens.txt").read_text().splitlines()
    assert needed in tokens
    assert tokens == collect(package)


def test_an_sdk_that_is_not_installed_is_an_error() -> None:
    with pytest.raises(ModuleNotFoundError, match="pulumi_absent is not installed"):
        collect("absent")
