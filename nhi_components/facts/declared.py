"""Reads the grants that a component registers on its own inputs, where actions show although targets are unknown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nhi_components.facts.aws.model import GrantDocument, PolicyKind, Statement
from nhi_components.facts.kubernetes.model import permission_text
from nhi_components.facts.model import DeclaredGrants, Fact, NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, Located, kind_of
from nhi_components.facts.vault.model import PathRule, VaultPolicyDocument

_EXPECTED = "a list of objects with `actions` and `targets`"
_FIX = "register the component's grants as structure"


def read_declared_grants(resource: Resource, value: object) -> Iterator[Fact]:
    """Yield a component's grants as a document that rules judge like any other, and whether they are complete."""
    if value is UNKNOWN:
        yield NotYetKnown(resource, "grants", "declared grants")
        return
    if not isinstance(value, list):
        if value is not None:
            yield Unjudged(resource, "grants", kind_of(value), _EXPECTED, _FIX)
        return
    noted: list[Fact] = []
    grants = [_grant(resource, f"grants[{index}]", member, noted) for index, member in enumerate(value)]
    yield from noted
    on_objects = resource.type.startswith("nhi:kubernetes:")
    texts = _permissions(value, grants) if on_objects else (each.text for _, actions, _ in grants for each in actions)
    yield DeclaredGrants(resource, complete=not noted, actions=frozenset(text.lower() for text in texts))
    if resource.type.startswith("nhi:vault:"):
        yield VaultPolicyDocument(resource, "grants", tuple(rule for grant in grants for rule in _path_rules(*grant)))
    elif resource.type.startswith("nhi:aws:"):
        yield GrantDocument(resource, "grants", PolicyKind.DECLARED, tuple(_statement(*grant) for grant in grants))


Texts = tuple[Located, ...]


def _grant(resource: Resource, path: str, value: object, noted: list[Fact]) -> tuple[str, Texts, Texts]:
    if not isinstance(value, Mapping):
        if value is UNKNOWN:
            noted.append(NotYetKnown(resource, path, "grant"))
        else:
            noted.append(Unjudged(resource, path, kind_of(value), _EXPECTED, _FIX))
        return path, (), ()
    actions = _texts(resource, f"{path}.actions", value, noted, may_be_unknown=False)
    targets = _texts(resource, f"{path}.targets", value, noted, may_be_unknown=True)
    return path, actions, targets


def _texts(
    resource: Resource, path: str, grant: Mapping[str, Any], noted: list[Fact], *, may_be_unknown: bool
) -> Texts:
    value = grant.get(path.rpartition(".")[2])
    texts: list[Located] = []
    for index, member in enumerate(value if isinstance(value, list) else [value]):
        place = f"{path}[{index}]" if isinstance(value, list) else path
        if isinstance(member, str):
            texts.append(Located(member, place))
        elif member is not UNKNOWN:
            noted.append(Unjudged(resource, place, kind_of(member), "a string", _FIX))
        elif not may_be_unknown:
            noted.append(NotYetKnown(resource, place, "action"))
    return tuple(texts)


def _statement(path: str, actions: Texts, targets: Texts) -> Statement:
    named = {"Action": tuple(a.text for a in actions), "Resource": tuple(t.text for t in targets)}
    return _DeclaredGrant(path, None, named, True, named["Action"], named["Resource"])


class _DeclaredGrant(Statement):
    """A grant as a statement; findings call its parts by the component's names for them."""

    __slots__ = ()

    def place(self, element: str, text: str) -> str:
        """Tell where a text stands in the grant."""
        return super().place(element, text).replace(".Action", ".actions").replace(".Resource", ".targets")


def _permissions(given: Sequence[object], grants: Sequence[tuple[str, Texts, Texts]]) -> Iterator[str]:
    """Write what grants on Kubernetes permit; where a target is not known yet it may be any."""
    # It brings pydantic along, for which the judge of a single document need not wait.
    from nhi_components.core.kubernetes_grant import target_of

    for grant, (_, verbs, targets) in zip(given, grants, strict=True):
        every = grant.get("targets") if isinstance(grant, Mapping) else None
        later = every is UNKNOWN or (isinstance(every, list) and UNKNOWN in every)
        known = [target for each in targets if (target := target_of(each.text))]
        for verb in (each.text for each in verbs):
            yield from (permission_text(verb, target.group, target.ruled, target.name) for target in known)
            yield from [f"{verb} *"] if later else []


def _path_rules(_: str, actions: Texts, targets: Texts) -> Iterator[PathRule]:
    for target in targets:
        yield PathRule(target.text, target.path, actions)
