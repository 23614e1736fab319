"""Reads Pulumi's AWS resources: policy documents wherever they stand, and attachments of managed policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nhi_components.facts.aws.document import read_policy
from nhi_components.facts.aws.managed_policy import read_attachment
from nhi_components.facts.aws.model import PolicyKind
from nhi_components.facts.aws.pulumi_credentials import TYPES, read_credential_or_permission
from nhi_components.facts.aws.pulumi_types import DOCUMENTS, MANAGED_POLICIES
from nhi_components.facts.model import Fact, NotYetKnown, Resource, Unjudged
from nhi_components.facts.values import UNKNOWN, kind_of


def read_resource(resource: Resource, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield what the policy documents and attachments of one resource say.

    A type that this module does not know is searched for inputs that look like a policy document, so that a new kind
    of resource is judged rather than passed over.
    """
    if resource.type in TYPES:
        yield from read_credential_or_permission(resource, inputs)
    elif resource.type in DOCUMENTS:
        for slot in DOCUMENTS[resource.type]:
            for path, value in _values(inputs, slot.property):
                if not _is_absent(value):
                    yield from read_policy(resource, path, value, slot.kind, slot.service)
    elif resource.type not in MANAGED_POLICIES:
        yield from _documents_of_another_type(resource, inputs)
    if resource.type in MANAGED_POLICIES:
        yield from _attachments(resource, inputs, MANAGED_POLICIES[resource.type])


def _values(inputs: Mapping[str, Any], path: str) -> Iterator[tuple[str, object]]:
    head, listed, tail = path.partition("[].")
    value = inputs.get(head)
    if not listed:
        yield head, value
    elif isinstance(value, list):
        for index, member in enumerate(value):
            place = f"{head}[{index}]"
            if isinstance(member, Mapping):
                yield f"{place}.{tail}", member.get(tail)
            else:
                yield place, member
    else:
        yield head, value


def _is_absent(value: object) -> bool:
    return value is None or value in ("", [])


def _documents_of_another_type(resource: Resource, inputs: Mapping[str, Any]) -> Iterator[Fact]:
    for name, value in inputs.items():
        if isinstance(value, str):
            if '"Statement"' in value:
                kind = PolicyKind.RESOURCE if 'Principal"' in value else PolicyKind.IDENTITY
                yield from read_policy(resource, name, value, kind)
        elif isinstance(value, Mapping) and "Statement" in value:
            kind = PolicyKind.RESOURCE if _names_a_principal(value["Statement"]) else PolicyKind.IDENTITY
            yield from read_policy(resource, name, value, kind)


def _names_a_principal(statements: object) -> bool:
    members = statements if isinstance(statements, list) else [statements]
    return any("Principal" in member or "NotPrincipal" in member for member in members if isinstance(member, Mapping))


def _attachments(resource: Resource, inputs: Mapping[str, Any], name: str) -> Iterator[Fact]:
    value = inputs.get(name)
    members = value if isinstance(value, list) else [value]
    for index, member in enumerate(members):
        path = f"{name}[{index}]" if isinstance(value, list) else name
        match member:
            case None:
                continue
            case str():
                yield from read_attachment(resource, path, member)
            case _ if member is UNKNOWN:
                yield NotYetKnown(resource, path, "managed policy")
            case _:
                yield Unjudged(resource, path, kind_of(member), "the ARN of a policy", "give its ARN as a string")
