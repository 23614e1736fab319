"""The configuration of a pack as people write it: every problem of a bad one is reported at once."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from nhi_components.core.model import Spec
from nhi_components.rules.config_spec import JudgeConfigSpec


class RemediationSpec(Spec):
    """As `Remediation`."""

    subject: ClassVar[str] = "remediation"

    owner: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=256)] | None = None
    ends: date | None = None


class PackSpec(JudgeConfigSpec):
    """As `PackConfig`."""

    subject: ClassVar[str] = "pack configuration"

    remediate: RemediationSpec | None = None
