"""Turns the rules into Pulumi policies: a thin bridge, so that packs are a few lines each.

Pulumi's SDK reads every resource anew for every policy, and turns a policy that touches an unknown value into an
advisory, whatever its level. So there is one policy for each level, not one for each rule, and unknown values are
replaced by a mark before any rule sees them: what is mandatory stays mandatory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ResourceValidationPolicy,
    StackValidationPolicy,
)

from nhi_components.crossguard.bridge import Bridge, Clock
from nhi_components.crossguard.configuration import SCHEMA
from nhi_components.crossguard.judgement import StackCheck
from nhi_components.crossguard.systems import SYSTEMS
from nhi_components.facts import Platform
from nhi_components.rules import JudgeConfig

__all__ = ["ADVISED", "EXCEPTIONS", "REQUIRED", "REQUIRED_OF_STACK", "StackCheck", "policies"]

REQUIRED = "nhi-required"
ADVISED = "nhi-advised"
REQUIRED_OF_STACK = "nhi-required-of-stack"
EXCEPTIONS = "nhi-exceptions"


def policies(
    defaults: JudgeConfig | None = None,
    *,
    systems: Iterable[Platform] = tuple(SYSTEMS),
    across: Sequence[StackCheck] = (),
    clock: Clock = lambda: datetime.now(UTC),
) -> list[Policy]:
    """Make the policies of a pack.

    Args:
        defaults: what holds where the pack's configuration, under `nhi-required`, says nothing.
        systems: whose resources are judged.
        across: what else judges all resources of the stack together once each has been judged, besides the rules about
            identities together; none of them is read again.
        clock: tells the present moment (aware).

    Returns:
        `nhi-required` (mandatory), `nhi-advised` (advisory), `nhi-required-of-stack` (mandatory), and
        `nhi-exceptions` (advisory), in the order in which they must run.
    """
    bridge = Bridge(defaults or JudgeConfig(), frozenset(systems), across, clock)
    of_resources = [
        ResourceValidationPolicy(
            name=REQUIRED,
            description="Non-human identities: what must hold.",
            validate=bridge.required,
            remediate=bridge.remediated,
            enforcement_level=EnforcementLevel.MANDATORY,
            config_schema=PolicyConfigSchema(SCHEMA),
        ),
        ResourceValidationPolicy(
            name=ADVISED,
            description="Non-human identities: what should hold.",
            validate=bridge.advised,
            enforcement_level=EnforcementLevel.ADVISORY,
        ),
    ]
    of_stack = StackValidationPolicy(
        name=REQUIRED_OF_STACK,
        description="Non-human identities: what must hold between them.",
        validate=bridge.required_of_stack,
        enforcement_level=EnforcementLevel.MANDATORY,
    )
    exceptions = StackValidationPolicy(
        name=EXCEPTIONS,
        description="Non-human identities: exceptions that are expired or not needed, and what else should hold.",
        validate=bridge.advised_of_stack,
        enforcement_level=EnforcementLevel.ADVISORY,
    )
    return [*of_resources, of_stack, exceptions]
