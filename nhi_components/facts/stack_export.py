"""Reads what Pulumi tells of a stack: `pulumi stack export`, and `pulumi preview --json`.

Source: Pulumi's checkpoint format, version 3, and the signatures of its property values (`resource.SigKey`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nhi_components.facts.model import Resource, Unjudged
from nhi_components.facts.pulumi_reader import PulumiResource
from nhi_components.facts.values import UNKNOWN, MalformedJson, kind_of, parse_json

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the mark of secret values, not one of them
_OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_UNKNOWNS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""Texts that stand for values of each JSON type and of assets that are not known yet."""

_CONCEALED: Final = "[secret]"
_DEEPEST: Final = 100
_FIX: Final = "write it anew with `pulumi stack export`"
_GONE: Final = frozenset({"delete", "delete-replaced", "discard", "discard-replaced", "read-discard"})

Found = PulumiResource | Unjudged


def is_stack_export(value: Mapping[str, Any]) -> bool:
    """Tell whether an object is a stack export, however damaged."""
    return "deployment" in value and "version" in value


def is_preview(value: Mapping[str, Any]) -> bool:
    """Tell whether an object is what `pulumi preview --json` writes."""
    steps = value.get("steps")
    return isinstance(steps, list) and any(
        isinstance(step, Mapping) and "urn" in step and "op" in step for step in steps
    )


def resources_of_export(value: Mapping[str, Any]) -> Iterator[Found]:
    """Yield the resources of a stack export; what is out of shape as `Unjudged`."""
    deployment = value.get("deployment")
    if not isinstance(deployment, Mapping):
        yield _wrong("deployment", deployment, "an object with `resources`")
        return
    resources = deployment.get("resources") or []
    if not isinstance(resources, list):
        yield _wrong("deployment.resources", resources, "a list")
        return
    for index, entry in enumerate(resources):
        if not (isinstance(entry, Mapping) and entry.get("delete") is True):
            yield _resource(f"deployment.resources[{index}]", entry)


def resources_of_preview(value: Mapping[str, Any]) -> Iterator[Found]:
    """Yield the resources that will be there after what a preview tells; its concealed secrets are not known."""
    last: dict[str, Found] = {}
    for index, step in enumerate(value["steps"]):
        place = f"steps[{index}]"
        if not isinstance(step, Mapping) or not isinstance(step.get("urn"), str) or not isinstance(step.get("op"), str):
            last[place] = _wrong(place, step, "an object with `op` and `urn`")
        elif step.get("op") not in _GONE:
            last[step["urn"]] = _resource(f"{place}.newState", step.get("newState"))
    yield from last.values()


def _resource(place: str, entry: object) -> Found:
    if (
        not isinstance(entry, Mapping)
        or not isinstance(entry.get("urn"), str)
        or not isinstance(entry.get("type"), str)
    ):
        return _wrong(place, entry, "a resource with `urn`, `type` and `inputs`")
    inputs = entry.get("inputs") or {}
    if not isinstance(inputs, Mapping):
        return Unjudged(Resource(entry["urn"], entry["type"]), "inputs", kind_of(inputs), "an object", _FIX)
    parent = entry.get("parent")
    plain_inputs = {name: plain(member) for name, member in inputs.items()}
    return PulumiResource(entry["urn"], entry["type"], plain_inputs, parent if isinstance(parent, str) else None)


def plain(value: Any, depth: int = 0) -> Any:
    """Unwrap secrets whose value is shown, and put `UNKNOWN` for what is encrypted, concealed or not known yet."""
    if isinstance(value, str):
        return UNKNOWN if value in _UNKNOWNS or value == _CONCEALED else value
    if depth > _DEEPEST:
        return UNKNOWN
    if isinstance(value, Mapping):
        signature = value.get(_SIGNATURE)
        if signature == _SECRET:
            return _unwrapped(value.get("plaintext"), depth)
        if signature == _OUTPUT:
            return plain(value["value"], depth + 1) if "value" in value else UNKNOWN
        return {name: plain(member, depth + 1) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(member, depth + 1) for member in value]
    return value


def _unwrapped(text: object, depth: int) -> Any:
    if not isinstance(text, str):
        return UNKNOWN
    try:
        return plain(parse_json(text), depth + 1)
    except MalformedJson:
        return UNKNOWN


def _wrong(path: str, value: object, expected: str) -> Unjudged:
    return Unjudged(Resource("stack", "document"), path, kind_of(value), expected, _FIX)
