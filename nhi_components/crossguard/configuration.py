"""The configuration of a pack: that of the rules, and what it may put right by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from nhi_components.crossguard.systems import identities
from nhi_components.facts import Platform
from nhi_components.rules import JudgeConfig, Mode

REMEDIATE = "remediate"

# Descriptions only: the engine would stop at the first field that breaks a schema, and our reader tells all problems.
SCHEMA: Final[dict[str, dict[str, Any]]] = {
    "mode": {"description": "`baseline`, or `strict`, in which every rule is mandatory"},
    "levels": {"description": "rule ids, each with `mandatory`, `advisory` or `disabled`"},
    "governed": {"description": "type tokens that must name owner and end date; strict: the systems' identities"},
    "tags": {"description": "`owner` and `ends`: under which tags these stand, beside ours"},
    "exceptions": {"description": "a list of `rule`, `resource`, `reason`, `approver`, `ends`"},
    REMEDIATE: {"description": "`owner` and `ends`: what to put where the tags are missing"},
}


@dataclass(frozen=True, slots=True)
class Remediation:
    """What is put on an identity that neither says it itself nor through what encloses it.

    Attributes:
        owner: who answers for it.
        ends: the UTC day at whose start access ends; never a span, which would begin anew with each preview.
    """

    owner: str | None = None
    ends: date | None = None


@dataclass(frozen=True, slots=True)
class PackConfig:
    """What a pack judges by.

    Attributes:
        judge: the configuration of the rules.
        remediation: what it may put right; None for nothing.
    """

    judge: JudgeConfig
    remediation: Remediation | None = None


def read_configuration(given: Mapping[str, Any], defaults: JudgeConfig, systems: frozenset[Platform]) -> PackConfig:
    """Read what a team gives as plain data; what it does not say is as in the defaults.

    Where nobody says what is governed, strict governs the identities of the pack's systems.

    Raises:
        SpecError: with every problem found.
    """
    if not given:
        return PackConfig(_with_governed(defaults, systems))
    # pydantic takes as long to load as all else of the bridge, and most previews do without it.
    from nhi_components.crossguard.spec import PackSpec

    fields = {**defaults.fields(), **given}
    spec = PackSpec.parse(fields)
    fields.pop(REMEDIATE, None)
    judge = JudgeConfig.parse(fields)
    remediation = None if spec.remediate is None else Remediation(spec.remediate.owner, spec.remediate.ends)
    return PackConfig(judge if "governed" in given else _with_governed(judge, systems), remediation)


def _with_governed(config: JudgeConfig, systems: frozenset[Platform]) -> JudgeConfig:
    if config.governed or config.mode is not Mode.STRICT:
        return config
    return replace(config, governed=tuple(identities(systems)))
