"""Finds an intent on Google Cloud and hands it what a Pulumi program names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nhi_components.core.errors import Problem, SpecError
from nhi_components.core.gcp_intents import INTENTS, GcpIntent
from nhi_components.core.gcp_resource import PROJECT_ID, LaterTarget, target_of
from nhi_components.core.grant import Grant
from nhi_components.core.text import shown
from nhi_components.intents import granted_by
from nhi_components.refusal import refusing_plainly


def granted(
    intent_id: str, target: Any, project: str | None = None, label: str = "", **parameters: object
) -> tuple[Grant, ...]:
    """Grant what an intent lets do.

    Args:
        intent_id: such as `pubsub.publish`.
        target: the relative name of what it is about, a bucket's name alone; text or a Pulumi output.
        project: the project that the target lies in, where its name does not tell; None for the identity's own.
        label: tells a target that is known at deployment only from another one that the same is granted on.
        parameters: the intent's parameters, None where not given.

    Raises:
        SpecError: with everything that is wrong with them. A target that turns out to be wrong at deployment fails it,
            before anything is bound.
    """
    intent = INTENTS[intent_id]
    if not isinstance(target, str):
        _refuse_several(intent, parameters)
    grants = granted_by(intent, target, parameters, lambda output: LaterTarget(intent.kind, output, project, label))
    return grants if project is None else tuple(_in_project(grant, intent, project) for grant in grants)


def _refuse_several(intent: GcpIntent, parameters: Mapping[str, object]) -> None:
    """A role is bound on a resource once, with all prefixes in one condition, which takes its name."""
    for name, value in parameters.items():
        if isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 1:
            got, expected = f"{len(value)} texts", "one, while the target is known at deployment only"
            fix = "name the target as plain text, or what all of them begin with"
            with refusing_plainly():
                raise SpecError(f"intent {intent.id!r}", [Problem(name, got, expected, fix)])


def _in_project(grant: Grant, intent: GcpIntent, project: str) -> Grant:
    with refusing_plainly():
        if problems := [problem for target in grant.targets for problem in _problems(target, project)]:
            raise SpecError(f"intent {intent.id!r}", problems[:1])
    named = (t if isinstance(t, LaterTarget) else LaterTarget(intent.kind, t, project) for t in grant.targets)
    return grant.model_copy(update={"targets": tuple(named)})


def _problems(target: Any, project: str) -> list[Problem]:
    if not isinstance(project, str) or not re.fullmatch(PROJECT_ID, project, re.ASCII):
        return [Problem("project", shown(project), "the id of a project, as plain text", "write it like shop-prod")]
    told = target_of(target) if isinstance(target, str) else None
    if told and told.project not in (None, project):
        return [Problem("project", project, f"{told.project}, as the target says", "leave it out")]
    return []
