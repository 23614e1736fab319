"""Reads Vault policies, in HCL or JSON, into path rules; what it cannot read becomes a fact of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nhi_components.core.text import shown
from nhi_components.facts.model import Fact, NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, Located, MalformedJson, kind_of, parse_json
from nhi_components.facts.vault.hcl import DEEPEST, Body, Item, MalformedHcl, parse_hcl
from nhi_components.facts.vault.model import PathRule, VaultPolicyDocument
from nhi_components.facts.vault.parameters import is_narrowed

_CAPABILITIES = frozenset(
    {"create", "read", "update", "delete", "list", "patch", "sudo", "deny", "scan", "subscribe", "recover"}
)
"""Vault documentation, 'Policies: Capabilities'; `scan` is OpenBao's."""

_LEGACY = {
    "deny": ("deny",),
    "read": ("read", "list"),
    "write": ("create", "read", "update", "delete", "list"),
    "sudo": ("create", "read", "update", "delete", "list", "sudo"),
}
"""What the former `policy = "…"` attribute of a path stands for."""

_ATTRIBUTES = frozenset(
    {
        "allowed_parameters",
        "capabilities",
        "comment",
        "control_group",
        "denied_parameters",
        "expiration",
        "max_wrapping_ttl",
        "mfa_methods",
        "min_wrapping_ttl",
        "pagination_limit",
        "policy",
        "required_parameters",
        "subscribe_event_types",
    }
)
_GUIDE = "write it as the Vault documentation, 'Policies', shows"


def read_vault_policy(resource: Resource, path: str, value: object) -> tuple[Fact, ...]:
    """Read one Vault policy.

    Args:
        resource: what it was found in.
        path: the place inside the resource.
        value: HCL or JSON text, the same as data, or UNKNOWN.

    Returns:
        A `VaultPolicyDocument` when there is anything to judge, and an `Unjudged` or `NotYetKnown` for what is not.
    """
    if value is UNKNOWN:
        return (NotYetKnown(resource, path, "policy document"),)
    try:
        body = _body(value)
    except (MalformedHcl, MalformedJson) as error:
        got = f"text that is not a policy: {error}"
        return (Unjudged(resource, path, got, "a Vault policy in HCL or JSON", "correct the syntax"),)
    if body is None:
        return (Unjudged(resource, path, kind_of(value), "a Vault policy in HCL or JSON", _GUIDE),)
    noted: list[Fact] = []
    rules = tuple(_Reader(resource, noted).rules(path, body))
    return (*([VaultPolicyDocument(resource, path, rules)] if rules else []), *noted)


def _body(value: object) -> Body | None:
    if isinstance(value, str):
        value = parse_json(value) if value.lstrip("\ufeff \t\r\n").startswith("{") else parse_hcl(value)
    if isinstance(value, Body):
        return value
    return _body_of_json(value) if isinstance(value, Mapping) else None


def _body_of_json(members: Mapping[str, Any], depth: int = 0) -> Body:
    if depth > DEEPEST:
        raise MalformedJson(f"it has more than {DEEPEST} levels of nesting")
    return Body(Item((str(key),), _plain(member, depth + 1), 0) for key, member in members.items())


def _plain(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return _body_of_json(value, depth)
    return [_plain(member, depth + 1) for member in value] if isinstance(value, list) and depth <= DEEPEST else value


class _Reader:
    """Reads the items of one document and gathers everything that is wrong with them."""

    def __init__(self, resource: Resource, noted: list[Fact]) -> None:
        self._resource = resource
        self._noted = noted

    def rules(self, path: str, body: Body) -> Iterator[PathRule]:
        for item in body:
            match item.keys:
                case ("path", pattern):
                    yield from self._rule(path, pattern, item.value)
                case ("path",):
                    yield from self._unlabelled(path, item.value)
                case ("name",):
                    continue
                case _:
                    expected = 'only `path "…" { … }` blocks'
                    self._wrong(path, f"{shown(' '.join(item.keys))!r} on line {item.line}", expected)

    def _unlabelled(self, path: str, value: object) -> Iterator[PathRule]:
        for member in value if isinstance(value, list) else [value]:
            if not isinstance(member, Body):
                self._note(f"{path}.path", member, "an object of paths")
                continue
            for item in member:
                yield from self._rule(path, " ".join(item.keys), item.value)

    def _rule(self, path: str, pattern: str, value: object) -> Iterator[PathRule]:
        place = f'{path} path "{pattern}"'
        bodies = value if isinstance(value, list) else [value]
        for body in bodies:
            if isinstance(body, Body):
                self._refuse_unknown_attributes(place, body)
                capabilities = tuple(self._capabilities(place, body))
                yield PathRule(pattern.removeprefix("/"), place, capabilities, is_narrowed(body))
            else:
                self._note(place, body, "a block with `capabilities`")

    def _refuse_unknown_attributes(self, place: str, body: Body) -> None:
        seen: set[tuple[str, ...]] = set()
        for item in body:
            name = " ".join(item.keys)
            if item.keys in seen:
                self._wrong(place, f"`{shown(name)}` twice", "each attribute once", "join the two")
            elif len(item.keys) != 1 or name not in _ATTRIBUTES:
                self._wrong(place, f"the attribute {shown(name)!r}", f"only {', '.join(sorted(_ATTRIBUTES))}")
            seen.add(item.keys)

    def _capabilities(self, place: str, body: Body) -> Iterator[Located]:
        for item in body:
            if item.keys == ("policy",):
                legacy = _LEGACY.get(item.value) if isinstance(item.value, str) else None
                if legacy is None:
                    self._note(f"{place}.policy", item.value, "`deny`, `read`, `write` or `sudo`")
                yield from (Located(name, f"{place}.policy") for name in legacy or ())
            elif item.keys == ("capabilities",):
                yield from self._listed(f"{place}.capabilities", item.value)

    def _listed(self, path: str, value: object) -> Iterator[Located]:
        members = value if isinstance(value, list) else [value]
        for index, member in enumerate(members):
            place = f"{path}[{index}]"
            if isinstance(member, str) and member in _CAPABILITIES:
                yield Located(member, place)
            else:
                self._note(place, member, f"one of {', '.join(sorted(_CAPABILITIES))}")

    def _note(self, path: str, value: object, expected: str) -> None:
        if value is UNKNOWN:
            self._noted.append(NotYetKnown(self._resource, path, "part of a policy document"))
        else:
            self._wrong(path, shown(value) if isinstance(value, str) else kind_of(value), expected)

    def _wrong(self, path: str, got: str, expected: str, fix: str = _GUIDE) -> None:
        self._noted.append(Unjudged(self._resource, path, got, expected, fix))
