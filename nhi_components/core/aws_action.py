"""IAM actions as AWS documents them, and what is wrong with one that is granted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any

from nhi_components.core.errors import Problem


@cache
def _services() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Documented actions by service prefix, keyed in lower case: IAM compares actions without regard to case."""
    text = (resources.files(__package__) / "data/aws_actions.json").read_text(encoding="utf-8")
    services: dict[str, dict[str, Any]] = json.loads(text)["services"]
    return {
        prefix: {part: {name.lower(): name for name in names} for part, names in service.items()}
        for prefix, service in services.items()
    }


def problem_of_action(path: str, action: str) -> Problem | None:
    """Judge one granted action: known to AWS, and without a wildcard.

    Args:
        path: where it stands, for the report.
        action: such as `sqs:SendMessage`.
    """
    if "*" in action or "?" in action:
        return Problem(
            path, action, "one action by its full name", "list each action that is needed, or name an exception"
        )
    service, separator, name = action.partition(":")
    if not separator:
        return Problem(path, action, "service:Action", "write it like `sqs:SendMessage`")
    known = _services().get(service.lower())
    if known is None:
        return Problem(
            path, action, "a service prefix that AWS documents", _suggest(service.lower(), list(_services()))
        )
    if name.lower() not in known["actions"]:
        fix = _suggest(name.lower(), list(known["actions"]), known["actions"], service)
        return Problem(path, action, f"an action that AWS documents for {service}", fix)
    return None


def takes_no_resource(action: str) -> bool:
    """Tell whether AWS documents that an action can only be granted on `*`."""
    service, _, name = action.partition(":")
    return name.lower() in _services().get(service.lower(), {}).get("unscoped", {})


def _suggest(word: str, words: list[str], spelled: Mapping[str, str] | None = None, service: str = "") -> str:
    close = get_close_matches(word, words, n=1)
    if not close:
        return "look it up in the AWS Service Authorization Reference"
    name = spelled[close[0]] if spelled else close[0]
    return f"did you mean `{service}:{name}`?" if service else f"did you mean `{name}`?"
