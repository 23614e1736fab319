"""Takes Terraform's JSON apart into resources: plans and states of `terraform show -json`, and state files.

Source: Terraform's documentation, 'JSON Output Format' (format version 1) and the state format, version 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from nhi_components.facts.model import Resource, Unjudged
from nhi_components.facts.terraform.marks import conceal, marks_of_paths, with_unknown
from nhi_components.facts.values import UNKNOWN, kind_of

_STATE_VERSION: Final = 4
_GONE: Final = (["delete"], ["forget"])
_FIX: Final = "write it anew with `terraform show -json`"


@dataclass(frozen=True, slots=True)
class TerraformResource:
    """One resource or data source.

    Attributes:
        address: its address, such as `module.a.aws_iam_role.b["c"]`.
        type: its type, such as `aws_iam_role`.
        attributes: by their names in Terraform, `UNKNOWN` for what is not known yet or concealed.
        is_data: it is a data source, which makes nothing.
    """

    address: str
    type: str
    attributes: Mapping[str, Any]
    is_data: bool = False


Found = TerraformResource | Unjudged


def is_terraform(value: Mapping[str, Any]) -> bool:
    """Tell whether an object is a plan or a state of Terraform or OpenTofu, however damaged."""
    if "format_version" in value and ("terraform_version" in value or "values" in value):
        return True
    if "planned_values" in value or "resource_changes" in value:
        return True
    return "terraform_version" in value and ("resources" in value or "modules" in value)


def resources_of(value: Mapping[str, Any]) -> Iterator[Found]:
    """Yield what a plan or state holds or will hold; what is out of shape as `Unjudged`."""
    if "planned_values" in value or "resource_changes" in value:
        yield from _of_plan(value)
    elif "format_version" in value:
        yield from _of_values("values", value.get("values"))
    elif value.get("version") == _STATE_VERSION:
        yield from _of_state(value.get("resources"))
    else:
        fix = "upgrade the state with a current Terraform, or lint `terraform show -json`"
        yield Unjudged(_whole(), "version", kind_of(value.get("version")), f"state version {_STATE_VERSION}", fix)


def _of_plan(plan: Mapping[str, Any]) -> Iterator[Found]:
    changes: dict[str, Mapping[str, Any]] = {}
    for entry in _changes(plan):
        if isinstance(entry, Unjudged):
            yield entry
        else:
            changes[entry["address"]] = entry
    for found in _of_values("planned_values", plan.get("planned_values")):
        if isinstance(found, TerraformResource):
            change = _change_of(changes.pop(found.address, {}))
            attributes = with_unknown(found.attributes, change.get("after_unknown"))
            yield _resource(found.address, found.type, attributes, is_data=found.is_data)
        else:
            yield found
    for address, planned in changes.items():
        change = _change_of(planned)
        if change.get("actions") not in _GONE and (change.get("after") or change.get("after_unknown")):
            after = conceal(change.get("after") or {}, change.get("after_sensitive"))
            attributes = with_unknown(after, change.get("after_unknown"))
            yield _resource(address, str(planned.get("type")), attributes, is_data=planned.get("mode") == "data")


def _changes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any] | Unjudged]:
    for name in ("resource_changes", "deferred_changes"):
        for index, member in enumerate(_list(plan.get(name))):
            entry = member.get("resource_change", member) if isinstance(member, Mapping) else member
            if isinstance(entry, Mapping) and isinstance(entry.get("address"), str):
                yield entry
            else:
                yield _wrong(f"{name}[{index}]", entry, "an object with an `address`")
        if not isinstance(plan.get(name, []), list):
            yield _wrong(name, plan.get(name), "a list")


def _change_of(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    change = entry.get("change")
    return change if isinstance(change, Mapping) else {}


def _of_values(path: str, values: object) -> Iterator[Found]:
    if values is None:
        return
    if not isinstance(values, Mapping):
        yield _wrong(path, values, "an object with `root_module`")
        return
    modules = [(f"{path}.root_module", values.get("root_module") or {})]
    while modules:
        place, module = modules.pop()
        if not isinstance(module, Mapping):
            yield _wrong(place, module, "a module")
            continue
        for index, entry in enumerate(_list(module.get("resources"))):
            yield _of_entry(f"{place}.resources[{index}]", entry)
        children = list(enumerate(_list(module.get("child_modules"))))
        modules += [(f"{place}.child_modules[{index}]", child) for index, child in reversed(children)]


def _of_entry(place: str, entry: object) -> Found:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("type"), str):
        return _wrong(place, entry, "a resource with `address` and `type`")
    values = conceal(entry.get("values") or {}, entry.get("sensitive_values"))
    return _resource(str(entry.get("address", place)), entry["type"], values, is_data=entry.get("mode") == "data")


def _of_state(resources: object) -> Iterator[Found]:
    if not isinstance(resources, list):
        if resources is not None:
            yield _wrong("resources", resources, "a list")
        return
    for index, entry in enumerate(resources):
        place = f"resources[{index}]"
        if (
            not isinstance(entry, Mapping)
            or not isinstance(entry.get("type"), str)
            or not isinstance(entry.get("instances"), list)
        ):
            yield _wrong(place, entry, "a resource with `type` and `instances`")
            continue
        is_data = entry.get("mode") == "data"
        parts = (entry.get("module"), "data" if is_data else None, entry["type"], entry.get("name"))
        address = ".".join(str(part) for part in parts if part)
        for number, instance in enumerate(entry["instances"]):
            attributes = instance.get("attributes") if isinstance(instance, Mapping) else None
            if not isinstance(attributes, Mapping):
                yield _wrong(f"{place}.instances[{number}]", attributes, "an object of `attributes`")
                continue
            known = conceal(attributes, marks_of_paths(instance.get("sensitive_attributes")))
            yield _resource(address + _index(instance.get("index_key")), entry["type"], known, is_data=is_data)


def _index(key: object) -> str:
    return "" if key is None else f'["{key}"]' if isinstance(key, str) else f"[{key}]"


def _resource(address: str, type_: str, attributes: object, *, is_data: bool) -> Found:
    if attributes is UNKNOWN:
        attributes = {}
    if not isinstance(attributes, Mapping):
        return Unjudged(Resource(address, type_), "", kind_of(attributes), "an object of attributes", _FIX)
    return TerraformResource(address, type_, attributes, is_data)


def _list(value: object) -> Iterable[Any]:
    return value if isinstance(value, list) else ()


def _whole() -> Resource:
    return Resource("terraform", "document")


def _wrong(path: str, value: object, expected: str) -> Unjudged:
    return Unjudged(_whole(), path, kind_of(value), expected, _FIX)
