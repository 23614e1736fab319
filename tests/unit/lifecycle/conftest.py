"""A clock and two systems that a test can bend."""

from __future__ import annotations

import pytest
from fake_system import FakeSystem, FakeTime

from nhi_components.core.links import System


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def aws(time: FakeTime) -> FakeSystem:
    return FakeSystem(System.AWS, time)


@pytest.fixture
def vault(time: FakeTime) -> FakeSystem:
    return FakeSystem(System.VAULT, time)
