"""One report on the organisation, made once for all tests that only read it."""

from __future__ import annotations

import pytest

from nhi_components.lifecycle.reporting.content import Content
from tests.unit.reporting.worlds import reported


@pytest.fixture(scope="package")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    return reported(tmp_path_factory.mktemp("report"))
