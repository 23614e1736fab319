"""Makes parts of Terraform's resources; a plan's configuration tells from where an unknown value comes.

Source: Terraform's documentation, 'JSON Output Format', 'Configuration Representation'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from nhi_components.facts.chain.model import Part
from nhi_components.facts.chain.reading import part_of, terraform_tables
from nhi_components.facts.model import Fact, Resource
from nhi_components.facts.pulumi_reader import PulumiResource
from nhi_components.facts.terraform.documents import TerraformResource
from nhi_components.facts.terraform.names import camel_case, inputs_of

_INDEX: Final = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|\d+)\]')
_DEEPEST: Final = 50
Modules = tuple[str, ...]


class _Place(NamedTuple):
    modules: Modules
    resource: str


class References:
    """From which resources the attributes of a plan's resources take their values.

    Args:
        plan: the plan, as data.
    """

    def __init__(self, plan: Mapping[str, Any]) -> None:
        self._modules: dict[Modules, Mapping[str, Any]] = {}
        self._resources: dict[_Place, Mapping[str, Any]] = {}
        configuration = plan.get("configuration")
        self._add((), _mapping(_mapping(configuration).get("root_module")))

    def _add(self, modules: Modules, module: Mapping[str, Any]) -> None:
        waiting = [(modules, module)]
        while waiting:
            path, current = waiting.pop()
            self._modules[path] = current
            for entry in _list(current.get("resources")):
                if isinstance(entry, Mapping) and isinstance(entry.get("address"), str):
                    self._resources[_Place(path, entry["address"])] = entry
            for name, call in _mapping(current.get("module_calls")).items():
                if len(path) < _DEEPEST:
                    waiting.append(((*path, name), _mapping(_mapping(call).get("module"))))

    def of(self, address: str) -> dict[str, tuple[str, ...]]:
        """Give, by the name of the input, the addresses without indexes from which it takes its value."""
        place = _place_of(address)
        entry = self._resources.get(place)
        if entry is None:
            return {}
        each = list(_references(entry.get("for_each_expression")))
        found = {}
        for name, expression in _mapping(entry.get("expressions")).items():
            texts = list(_references(expression))
            if any(text.startswith("each.") for text in texts):
                texts += each
            found[camel_case(name)] = tuple(dict.fromkeys(self._resolved(place.modules, texts)))
        return found

    def _resolved(self, modules: Modules, texts: Iterable[str]) -> Iterator[str]:
        waiting = [(modules, text) for text in texts]
        seen = set(waiting)
        while waiting:
            path, text = waiting.pop(0)
            parts = _INDEX.sub("", text).split(".")
            if parts[0] == "var" and len(parts) > 1 and path:
                call = _mapping(_mapping(self._modules.get(path[:-1], {}).get("module_calls")).get(path[-1]))
                further = path[:-1], _mapping(call.get("expressions")).get(parts[1])
            elif parts[0] == "module" and len(parts) > 2:
                inner = (*path, parts[1])
                output = _mapping(_mapping(self._modules.get(inner, {}).get("outputs")).get(parts[2]))
                further = inner, output.get("expression")
            else:
                yield from self._resource(path, parts)
                continue
            for next_text in _references(further[1]):
                if (further[0], next_text) not in seen:
                    seen.add((further[0], next_text))
                    waiting.append((further[0], next_text))

    def _resource(self, modules: Modules, parts: list[str]) -> Iterator[str]:
        length = 3 if parts[0] == "data" else 2
        named = ".".join(parts[:length])
        if _Place(modules, named) in self._resources:
            yield "".join(f"module.{module}." for module in modules) + named


def parts_of_terraform(
    plan: Mapping[str, Any], read: Iterable[tuple[TerraformResource, Resource, tuple[Fact, ...]]]
) -> list[Part]:
    """Make the parts of identities of a plan or state.

    Args:
        plan: the plan or state, as data.
        read: its resources, each with how facts refer to it and what was learned.
    """
    references = References(plan)
    parts = []
    for given, resource, facts in read:
        types, names = terraform_tables(given.type.partition("_")[0])
        token = types.get(given.type)
        if token is not None:
            inputs = inputs_of(given.attributes, names.get(given.type, {}))
            part = part_of(PulumiResource(resource.name, token, inputs), facts, inputs, references.of(given.address))
            if part is not None:
                parts.append(part)
    return _with_instances(parts)


def _with_instances(parts: list[Part]) -> list[Part]:
    """Put the instances of a resource in place of its address; those of the same indexes where there are such."""
    instances: dict[str, list[str]] = {}
    for part in parts:
        instances.setdefault(_INDEX.sub("", part.resource.name), []).append(part.resource.name)
    return [
        part._replace(
            references={
                name: tuple(each for bare in bares for each in _nearest(part.resource.name, instances.get(bare, [])))
                for name, bares in part.references.items()
            }
        )
        for part in parts
    ]


def _nearest(address: str, instances: list[str]) -> list[str]:
    wanted = _INDEX.findall(address)
    if len(instances) < 2 or not wanted:
        return instances
    return [each for each in instances if _INDEX.findall(each) == wanted] or instances


def _references(expression: object) -> Iterator[str]:
    """Yield the references of an expression and of all that it holds."""
    waiting = [expression]
    while waiting:
        current = waiting.pop()
        if isinstance(current, list):
            waiting += current
        elif isinstance(current, Mapping):
            for name, value in current.items():
                if name == "references" and isinstance(value, list):
                    yield from (text for text in value if isinstance(text, str))
                else:
                    waiting.append(value)


def _place_of(address: str) -> _Place:
    parts = _INDEX.sub("", address).split(".")
    modules: list[str] = []
    while len(parts) > 1 and parts[0] == "module":
        modules.append(parts[1])
        parts = parts[2:]
    return _Place(tuple(modules), ".".join(parts))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
